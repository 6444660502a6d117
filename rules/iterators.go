package rules

import (
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// notAValue makes iterators values, which CEL wants them to be; nothing can be
// done with them in an expression.
type notAValue struct{}

// ConvertToNative implements ref.Val.
func (notAValue) ConvertToNative(reflect.Type) (any, error) { return nil, errNotNative }

// ConvertToType implements ref.Val.
func (notAValue) ConvertToType(ref.Type) ref.Val { return types.NewErr("an iterator is no value") }

// Equal implements ref.Val.
func (notAValue) Equal(ref.Val) ref.Val { return types.False }

// Type implements ref.Val.
func (notAValue) Type() ref.Type { return types.IteratorType }

// Value implements ref.Val.
func (notAValue) Value() any { return nil }

var (
	_ traits.Iterator = (*arrIterator)(nil)
	_ traits.Iterator = (*valueIterator)(nil)
)

// arrIterator walks along the elements of an array.
type arrIterator struct {
	notAValue
	arr *jsonArr
	at  int32
}

// HasNext implements traits.Iterator.
func (it *arrIterator) HasNext() ref.Val { return types.Bool(it.at < it.arr.next) }

// Next implements traits.Iterator.
func (it *arrIterator) Next() ref.Val {
	if it.at >= it.arr.next {
		return nil
	}
	n := &it.arr.doc.nodes[it.at]
	it.at = n.next
	return n.value()
}

// valueIterator walks along values.
type valueIterator struct {
	notAValue
	values []ref.Val
}

// HasNext implements traits.Iterator.
func (it *valueIterator) HasNext() ref.Val { return types.Bool(len(it.values) > 0) }

// Next implements traits.Iterator.
func (it *valueIterator) Next() ref.Val {
	if len(it.values) == 0 {
		return nil
	}
	v := it.values[0]
	it.values = it.values[1:]
	return v
}
