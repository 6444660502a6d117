package rules

import (
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

// maxCompared is how many values one == or `in` looks at. A list of lists of
// the same list is short to write and endless to compare.
const maxCompared = 100_000

// equality is what == and != do: numbers by value, lists and objects by what
// is in them; values of different kinds are different, not an error.
func equality(op string) func(l, r ref.Val) ref.Val {
	return func(l, r ref.Val) ref.Val {
		left := maxCompared
		equal := deepEqual(l, r, &left)
		if left < 0 {
			return types.NewErr("values with more than %d parts cannot be compared", maxCompared)
		}
		return types.Bool(equal == (op == operators.Equals))
	}
}

func deepEqual(l, r ref.Val, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	switch l := l.(type) {
	case types.Int, types.Uint, types.Double:
		if !isNumber(r) {
			return false
		}
		order, ok := compareNumbers(l, r)
		return ok && order == 0
	case traits.Lister:
		r, ok := r.(traits.Lister)
		return ok && equalLists(l, r, left)
	case traits.Mapper:
		r, ok := r.(traits.Mapper)
		return ok && equalMaps(l, r, left)
	}
	return types.Equal(l, r) == types.True
}

func equalLists(l, r traits.Lister, left *int) bool {
	if l.Size() != r.Size() {
		return false
	}
	li, ri := l.Iterator(), r.Iterator()
	for li.HasNext() == types.True && *left >= 0 {
		if !deepEqual(li.Next(), ri.Next(), left) {
			return false
		}
	}
	return true
}

func equalMaps(l, r traits.Mapper, left *int) bool {
	if l.Size() != r.Size() {
		return false
	}
	for it := l.Iterator(); it.HasNext() == types.True && *left >= 0; {
		key := it.Next()
		lv, _ := l.Find(key)
		rv, ok := r.Find(key)
		if !ok || !deepEqual(lv, rv, left) {
			return false
		}
	}
	return true
}

// contains is what `in` does: elements of a list, names of an object.
func contains(l, r ref.Val) ref.Val {
	switch container := r.(type) {
	case traits.Mapper:
		_, ok := container.Find(l)
		return types.Bool(ok)
	case traits.Lister:
		left := maxCompared
		for it := container.Iterator(); it.HasNext() == types.True; {
			if deepEqual(it.Next(), l, &left) {
				return types.True
			}
			if left < 0 {
				return types.NewErr("values with more than %d parts cannot be compared", maxCompared)
			}
		}
		return types.False
	}
	return types.NewErr("`in` needs a list or an object, but got %s", describe(r))
}

// equalityNode is == or != in a program, in place of CEL's.
type equalityNode struct {
	interpreter.InterpretableCall
	lhs, rhs interpreter.InterpretableV2
	op       func(l, r ref.Val) ref.Val
}

// ownNodes replaces CEL's == and !=, which the planner puts in whatever the
// functions are bound to, and its matches().
func ownNodes(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return i, nil
	}
	switch call.Function() {
	case operators.Equals, operators.NotEquals:
		args := call.Args()
		return &equalityNode{call, args[0], args[1], equality(call.Function())}, nil
	case "matches":
		return boundPattern(call), nil
	}
	return i, nil
}

// Exec implements interpreter.InterpretableV2.
func (n *equalityNode) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	l := n.lhs.Exec(frame)
	if types.IsUnknownOrError(l) {
		return l
	}
	r := n.rhs.Exec(frame)
	if types.IsUnknownOrError(r) {
		return r
	}
	return n.op(l, r)
}

// Eval implements interpreter.Interpretable.
func (n *equalityNode) Eval(a activation) ref.Val { return n.Exec(interpreter.AsFrame(a)) }
