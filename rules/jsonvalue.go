package rules

import (
	"errors"
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/wye-events/wye/rules/jsontext"
)

// jsonObj and jsonArr are the objects and arrays of a tape as CEL maps and
// lists. A pointer into the tape is the value, so making one costs nothing.
// They are good as long as the tape is: during one [Matcher.Match].
type (
	jsonObj jsonNode
	jsonArr jsonNode
)

var errNotNative = errors.New("JSON data has no native form")

// value is the CEL value of a node.
func (n *jsonNode) value() ref.Val {
	switch n.kind {
	case jsonNull:
		return types.NullValue
	case jsonFalse:
		return types.False
	case jsonTrue:
		return types.True
	case jsonNumber:
		return parseNumber(n.raw())
	case jsonString:
		return types.String(n.str())
	case jsonArray:
		return (*jsonArr)(n)
	default:
		return (*jsonObj)(n)
	}
}

func (n *jsonNode) raw() string { return n.doc.text[n.start:n.end] }

// str is the value of a string. The rare ones with escapes, and those with
// broken UTF-8, are left to encoding/json, so that they mean what they mean
// everywhere else in Go.
func (n *jsonNode) str() string {
	if n.plain {
		return n.raw()
	}
	return jsontext.Unescaped(n.doc.bytes[n.start-1 : n.end+1])
}

// An index pays from some size on: below it, walking along is quicker.
const smallJSON = 16

// find is the node of a member's value, or nil. Of members with the same name
// the last counts, as in encoding/json.
func (o *jsonObj) find(name string) *jsonNode {
	if o.count > smallJSON {
		if at, ok := o.index()[name]; ok {
			return &o.doc.nodes[at]
		}
		return nil
	}
	var found *jsonNode
	nodes := o.doc.nodes
	for at := o.self + 1; at < o.next; at = nodes[at+1].next {
		key := &nodes[at]
		if key.plain && key.raw() == name || !key.plain && key.str() == name {
			found = &nodes[at+1]
		}
	}
	return found
}

func (o *jsonObj) index() map[string]int32 {
	if m, ok := o.doc.members[o.self]; ok {
		return m
	}
	m := make(map[string]int32, o.count)
	nodes := o.doc.nodes
	for at := o.self + 1; at < o.next; at = nodes[at+1].next {
		m[nodes[at].str()] = at + 1
	}
	if o.doc.members == nil {
		o.doc.members = map[int32]map[string]int32{}
	}
	o.doc.members[o.self] = m
	return m
}

// keys are the names of the members in their order, each once.
func (o *jsonObj) keys() []ref.Val {
	index := o.index()
	keys := make([]ref.Val, 0, len(index))
	nodes := o.doc.nodes
	for at := o.self + 1; at < o.next; at = nodes[at+1].next {
		if name := nodes[at].str(); index[name] == at+1 {
			keys = append(keys, types.String(name))
		}
	}
	return keys
}

// Find implements traits.Mapper. A key that is no string is in no JSON object.
func (o *jsonObj) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	n := o.find(string(name))
	if n == nil {
		return nil, false
	}
	return n.value(), true
}

// Get implements traits.Indexer.
func (o *jsonObj) Get(key ref.Val) ref.Val {
	if v, ok := o.Find(key); ok {
		return v
	}
	return types.WrapErr(&missingError{what: describe(key)})
}

// Contains implements traits.Container.
func (o *jsonObj) Contains(key ref.Val) ref.Val {
	_, ok := o.Find(key)
	return types.Bool(ok)
}

// Size implements traits.Sizer.
func (o *jsonObj) Size() ref.Val {
	if o.count < 2 {
		return types.Int(o.count)
	}
	return types.Int(len(o.index()))
}

// Iterator implements traits.Iterable: over the names, as CEL does.
func (o *jsonObj) Iterator() traits.Iterator {
	return &valueIterator{values: o.keys()}
}

// Equal implements ref.Val.
func (o *jsonObj) Equal(other ref.Val) ref.Val {
	m, ok := other.(traits.Mapper)
	if !ok || o.Size() != m.Size() {
		return types.False
	}
	for _, k := range o.keys() {
		mine, _ := o.Find(k)
		theirs, ok := m.Find(k)
		if !ok || types.Equal(mine, theirs) != types.True {
			return types.False
		}
	}
	return types.True
}

// ConvertToType implements ref.Val.
func (o *jsonObj) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.MapType:
		return o
	case types.TypeType:
		return types.MapType
	}
	return types.NewErr("a map cannot be converted")
}

// ConvertToNative implements ref.Val.
func (o *jsonObj) ConvertToNative(reflect.Type) (any, error) { return nil, errNotNative }

// Type implements ref.Val.
func (o *jsonObj) Type() ref.Type { return types.MapType }

// Value implements ref.Val. It is no text: CEL matches a regular expression
// against whatever value has a text inside.
func (o *jsonObj) Value() any { return o }

// at is the node of an element, or nil.
func (a *jsonArr) at(i int64) *jsonNode {
	if i < 0 || i >= int64(a.count) {
		return nil
	}
	nodes := a.doc.nodes
	if a.count > smallJSON {
		return &nodes[a.index()[i]]
	}
	at := a.self + 1
	for ; i > 0; i-- {
		at = nodes[at].next
	}
	return &nodes[at]
}

func (a *jsonArr) index() []int32 {
	if e, ok := a.doc.elements[a.self]; ok {
		return e
	}
	e := make([]int32, 0, a.count)
	nodes := a.doc.nodes
	for at := a.self + 1; at < a.next; at = nodes[at].next {
		e = append(e, at)
	}
	if a.doc.elements == nil {
		a.doc.elements = map[int32][]int32{}
	}
	a.doc.elements[a.self] = e
	return e
}

// Get implements traits.Indexer.
func (a *jsonArr) Get(index ref.Val) ref.Val {
	i, err := types.IndexOrError(index)
	if err != nil {
		return types.NewErr("a list is indexed by whole numbers, not by %s", describe(index))
	}
	n := a.at(int64(i))
	if n == nil {
		return types.WrapErr(&missingError{what: describe(index)})
	}
	return n.value()
}

// Contains implements traits.Container.
func (a *jsonArr) Contains(v ref.Val) ref.Val {
	nodes := a.doc.nodes
	for at := a.self + 1; at < a.next; at = nodes[at].next {
		if types.Equal(nodes[at].value(), v) == types.True {
			return types.True
		}
	}
	return types.False
}

// Size implements traits.Sizer.
func (a *jsonArr) Size() ref.Val { return types.Int(a.count) }

// Iterator implements traits.Iterable.
func (a *jsonArr) Iterator() traits.Iterator { return &arrIterator{arr: a, at: a.self + 1} }

// Add implements traits.Adder.
func (a *jsonArr) Add(other ref.Val) ref.Val { return addLists(a, other) }

// Equal implements ref.Val.
func (a *jsonArr) Equal(other ref.Val) ref.Val {
	l, ok := other.(traits.Lister)
	if !ok || l.Size() != types.Int(a.count) {
		return types.False
	}
	mine, theirs := a.Iterator(), l.Iterator()
	for mine.HasNext() == types.True {
		if types.Equal(mine.Next(), theirs.Next()) != types.True {
			return types.False
		}
	}
	return types.True
}

// ConvertToType implements ref.Val.
func (a *jsonArr) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.ListType:
		return a
	case types.TypeType:
		return types.ListType
	}
	return types.NewErr("a list cannot be converted")
}

// ConvertToNative implements ref.Val.
func (a *jsonArr) ConvertToNative(reflect.Type) (any, error) { return nil, errNotNative }

// Type implements ref.Val.
func (a *jsonArr) Type() ref.Type { return types.ListType }

// Value implements ref.Val.
func (a *jsonArr) Value() any { return a }
