package rules

import (
	"math"
	"math/big"
	"strconv"

	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/wye-events/wye/rules/jsontext"
)

// Numbers mean their value, not their spelling. JSON has one kind of number,
// CEL has three (int, uint, double), and whoever writes a condition thinks of
// neither. Three decisions follow:
//
//  1. A JSON number that is a whole number is an int if it fits, else a uint if
//     it fits, whatever its spelling (100, 100.0, 1e2); every other one is a
//     double. So whole numbers beyond 2^53 keep their value, and 100.0 cannot
//     behave unlike 100, dividing included (7 / 2 and 7.0 / 2 are both 3, as in
//     CEL; 7 / 2.0 is 3.5).
//  2. Numbers of two kinds may be combined, where CEL has only "no such
//     overload": with a double the result is a double, int and uint are
//     combined exactly. Numbers of one kind follow CEL to the letter.
//  3. A double literal from 2^53 on that is a whole number is compared as the
//     whole number that it spells (see exactLiterals).

// parseNumber is the value of a JSON number.
func parseNumber(text string) ref.Val {
	if v, ok := parseWhole(text); ok {
		return v
	}
	// A number beyond the range of double is infinite, which compares as it
	// should; the error says nothing more.
	f, _ := strconv.ParseFloat(text, 64)
	return types.Double(f)
}

// parseWhole is the value of a number that is whole and fits 64 bits, however
// it is spelt.
func parseWhole(text string) (ref.Val, bool) {
	if len(text) < 19 { // fits int64 if it is digits alone
		if i, ok := parseDigits(text); ok {
			return types.Int(i), true
		}
	}
	negative, u, ok := jsontext.Whole(text)
	if !ok {
		return nil, false
	}
	return signed(negative, u), true
}

func parseDigits(text string) (int64, bool) {
	i, negative := 0, false
	if text != "" && text[0] == '-' {
		i, negative = 1, true
	}
	n := int64(0)
	for ; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(text[i]-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

func signed(negative bool, u uint64) ref.Val {
	switch {
	case negative:
		return types.Int(-u)
	case u <= math.MaxInt64:
		return types.Int(u)
	}
	return types.Uint(u)
}

// arithmetic is what the operators + - * / % do.
func arithmetic(operator string) func(l, r ref.Val) ref.Val {
	return func(l, r ref.Val) ref.Val {
		if isNumber(l) && isNumber(r) {
			if l.Type() != r.Type() {
				return mixed(operator, l, r)
			}
			if _, double := l.(types.Double); double && operator == operators.Modulo {
				return mixed(operator, l, r)
			}
		}
		result := sameKind(operator, l, r)
		if err, failed := result.(*types.Err); failed && err.Error() == "no such overload" {
			return noOverload(operator, l, r)
		}
		return result
	}
}

func isNumber(v ref.Val) bool {
	switch v.(type) {
	case types.Int, types.Uint, types.Double:
		return true
	}
	return false
}

// sameKind is CEL's own arithmetic, within bounds.
func sameKind(operator string, l, r ref.Val) ref.Val {
	switch operator {
	case operators.Add:
		return add(l, r)
	case operators.Subtract:
		if v, ok := l.(traits.Subtractor); ok {
			return v.Subtract(r)
		}
	case operators.Multiply:
		if v, ok := l.(traits.Multiplier); ok {
			return v.Multiply(r)
		}
	case operators.Divide:
		if v, ok := l.(traits.Divider); ok {
			return v.Divide(r)
		}
	case operators.Modulo:
		if v, ok := l.(traits.Modder); ok {
			return v.Modulo(r)
		}
	}
	return noOverload(operator, l, r)
}

// mixed combines numbers of two kinds.
func mixed(operator string, l, r ref.Val) ref.Val {
	_, lDouble := l.(types.Double)
	_, rDouble := r.(types.Double)
	if !lDouble && !rDouble || operator == operators.Modulo {
		return exact(operator, l, r)
	}
	return sameKind(operator, l.ConvertToType(types.DoubleType), r.ConvertToType(types.DoubleType))
}

// exact combines whole numbers of two kinds.
func exact(operator string, l, r ref.Val) ref.Val {
	a, aWhole := bigInt(l)
	b, bWhole := bigInt(r)
	if !aWhole || !bWhole {
		return types.NewErr("%% needs whole numbers, but got %s and %s", describe(l), describe(r))
	}
	if b.Sign() == 0 && (operator == operators.Divide || operator == operators.Modulo) {
		return types.NewErr("division by zero")
	}
	switch operator {
	case operators.Add:
		a.Add(a, b)
	case operators.Subtract:
		a.Sub(a, b)
	case operators.Multiply:
		a.Mul(a, b)
	case operators.Divide:
		a.Quo(a, b)
	case operators.Modulo:
		a.Rem(a, b)
	}
	switch {
	case a.IsInt64():
		return types.Int(a.Int64())
	case a.IsUint64():
		return types.Uint(a.Uint64())
	}
	return types.NewErr("integer overflow")
}

func bigInt(v ref.Val) (*big.Int, bool) {
	switch n := v.(type) {
	case types.Int:
		return big.NewInt(int64(n)), true
	case types.Uint:
		return new(big.Int).SetUint64(uint64(n)), true
	case types.Double:
		f := float64(n)
		if math.IsInf(f, 0) || math.IsNaN(f) || f != math.Trunc(f) {
			return nil, false
		}
		i, _ := big.NewFloat(f).Int(nil)
		return i, true
	}
	return nil, false
}

// A condition has no use for a large value, so it may not build one.
const (
	maxBuiltString = 256 << 10
	maxBuiltList   = 10_000
)

func add(l, r ref.Val) ref.Val {
	switch v := l.(type) {
	case types.String:
		if s, ok := r.(types.String); ok && len(v)+len(s) > maxBuiltString {
			return types.NewErr("+ makes a text of more than %d KiB", maxBuiltString>>10)
		}
		return v.Add(r)
	case types.Bytes:
		if b, ok := r.(types.Bytes); ok && len(v)+len(b) > maxBuiltString {
			return types.NewErr("+ makes more than %d KiB of bytes", maxBuiltString>>10)
		}
		return v.Add(r)
	case traits.Lister:
		return addLists(v, r)
	case traits.Adder:
		return v.Add(r)
	}
	return noOverload(operators.Add, l, r)
}

// addLists copies, instead of making CEL's view of two lists: views of views
// are small to write down and endless to walk along.
func addLists(l traits.Lister, other ref.Val) ref.Val {
	r, ok := other.(traits.Lister)
	if !ok {
		return noOverload(operators.Add, l, other)
	}
	if m, ok := l.(traits.MutableLister); ok { // what map() and filter() collect into
		return m.Add(r)
	}
	ln, _ := l.Size().(types.Int)
	rn, _ := r.Size().(types.Int)
	if ln+rn > maxBuiltList {
		return types.NewErr("+ makes a list of more than %d elements", maxBuiltList)
	}
	all := make([]ref.Val, 0, ln+rn)
	for _, list := range []traits.Lister{l, r} {
		for it := list.Iterator(); it.HasNext() == types.True; {
			all = append(all, it.Next())
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, all)
}

// noOverload is the error for values that do not go together.
func noOverload(operator string, l, r ref.Val) ref.Val {
	if types.IsUnknownOrError(l) {
		return l
	}
	if types.IsUnknownOrError(r) {
		return r
	}
	symbol, _ := operators.FindReverseBinaryOperator(operator)
	return types.NewErr("%s cannot be used between %s and %s", symbol, describe(l), describe(r))
}
