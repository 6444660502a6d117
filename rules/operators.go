package rules

import (
	"fmt"
	"math"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// operatorFunctions are the operators that Wye has of its own: CEL's, and the
// same between numbers of two kinds.
func operatorFunctions() []cel.EnvOption {
	var all []cel.EnvOption
	for _, op := range []string{operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo} {
		overloads := append(numericOverloads(op, arithmeticResult(op)), otherArithmetic[op]...)
		all = append(all, cel.Function(op, append(overloads, cel.SingletonBinaryBinding(arithmetic(op)))...))
	}
	for _, op := range []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals} {
		overloads := numericOverloads(op, func(_, _ *cel.Type) *cel.Type { return cel.BoolType })
		for _, t := range []*cel.Type{cel.BoolType, cel.StringType, cel.BytesType, cel.TimestampType, cel.DurationType} {
			overloads = append(overloads, overload(op, cel.BoolType, t, t))
		}
		all = append(all, cel.Function(op, append(overloads, cel.SingletonBinaryBinding(comparison(op)))...))
	}
	a, b := cel.TypeParamType("A"), cel.TypeParamType("B")
	for _, op := range []string{operators.Equals, operators.NotEquals} {
		all = append(all, cel.Function(op, append(equalityOverloads(op), cel.SingletonBinaryBinding(equality(op)))...))
	}
	return append(all, cel.Function(operators.In,
		overload(operators.In, cel.BoolType, a, cel.ListType(a)),
		overload(operators.In, cel.BoolType, a, cel.MapType(a, b)),
		cel.SingletonBinaryBinding(contains)))
}

// equalityOverloads are for any two numbers, and for two values of one kind
// otherwise. (CEL's single overload for "two of the same" leaves no room for
// numbers of two kinds beside it.)
func equalityOverloads(op string) []cel.FunctionOpt {
	all := numericOverloads(op, func(_, _ *cel.Type) *cel.Type { return cel.BoolType })
	param := cel.TypeParamType
	for _, t := range []*cel.Type{
		cel.BoolType, cel.StringType, cel.BytesType, cel.TimestampType, cel.DurationType, cel.NullType,
		cel.TypeType, eventType,
	} {
		all = append(all, overload(op, cel.BoolType, t, t))
	}
	return append(all,
		overload(op, cel.BoolType, cel.ListType(param("A")), cel.ListType(param("B"))),
		overload(op, cel.BoolType, cel.MapType(param("A"), param("B")), cel.MapType(param("C"), param("D"))))
}

var numberTypes = []*cel.Type{cel.IntType, cel.UintType, cel.DoubleType}

func overload(op string, result *cel.Type, args ...*cel.Type) cel.FunctionOpt {
	return cel.Overload(fmt.Sprintf("wye%s%v", op, args), args, result)
}

func numericOverloads(op string, result func(l, r *cel.Type) *cel.Type) []cel.FunctionOpt {
	var all []cel.FunctionOpt
	for _, l := range numberTypes {
		for _, r := range numberTypes {
			all = append(all, overload(op, result(l, r), l, r))
		}
	}
	return all
}

func arithmeticResult(op string) func(l, r *cel.Type) *cel.Type {
	return func(l, r *cel.Type) *cel.Type {
		switch {
		case l == r && op != operators.Modulo:
			return l
		case op != operators.Modulo && (l == cel.DoubleType || r == cel.DoubleType):
			return cel.DoubleType
		case l == cel.UintType && r == cel.UintType:
			return cel.UintType
		}
		return cel.IntType
	}
}

// otherArithmetic is what + and - do apart from numbers.
var otherArithmetic = map[string][]cel.FunctionOpt{
	operators.Add: {
		overload(operators.Add, cel.StringType, cel.StringType, cel.StringType),
		overload(operators.Add, cel.BytesType, cel.BytesType, cel.BytesType),
		overload(operators.Add, cel.ListType(cel.TypeParamType("A")), cel.ListType(cel.TypeParamType("A")), cel.ListType(cel.TypeParamType("A"))),
		overload(operators.Add, cel.DurationType, cel.DurationType, cel.DurationType),
		overload(operators.Add, cel.TimestampType, cel.DurationType, cel.TimestampType),
		overload(operators.Add, cel.TimestampType, cel.TimestampType, cel.DurationType),
	},
	operators.Subtract: {
		overload(operators.Subtract, cel.DurationType, cel.DurationType, cel.DurationType),
		overload(operators.Subtract, cel.TimestampType, cel.TimestampType, cel.DurationType),
		overload(operators.Subtract, cel.DurationType, cel.TimestampType, cel.TimestampType),
	},
}

// comparison is what < <= > >= do: by value for numbers, in their own order
// for two values of the same kind, an error for all others.
func comparison(op string) func(l, r ref.Val) ref.Val {
	return func(l, r ref.Val) ref.Val {
		order, ok := compare(l, r)
		if !ok {
			if isNaN(l) || isNaN(r) { // in no order with any number, and no error
				return types.False
			}
			return noOverload(op, l, r)
		}
		switch op {
		case operators.Less:
			return types.Bool(order < 0)
		case operators.LessEquals:
			return types.Bool(order <= 0)
		case operators.Greater:
			return types.Bool(order > 0)
		}
		return types.Bool(order >= 0)
	}
}

func isNaN(v ref.Val) bool {
	d, ok := v.(types.Double)
	return ok && math.IsNaN(float64(d))
}

// compare orders two values; ok is false where they have no order.
func compare(l, r ref.Val) (order int, ok bool) {
	if isNumber(l) && isNumber(r) {
		return compareNumbers(l, r)
	}
	c, comparable := l.(traits.Comparer)
	if !comparable || l.Type() != r.Type() {
		return 0, false
	}
	n, ok := c.Compare(r).(types.Int)
	return int(n), ok
}

// compareNumbers is exact for whole numbers, also between a double and an int:
// CEL itself rounds the int to a double first.
func compareNumbers(l, r ref.Val) (int, bool) {
	if d, ok := l.(types.Double); ok {
		l = wholeDouble(d)
	}
	if d, ok := r.(types.Double); ok {
		r = wholeDouble(d)
	}
	if d, ok := l.(types.Double); ok && beyondWhole(d) && r.Type() != types.DoubleType {
		return sign(d), true
	}
	if d, ok := r.(types.Double); ok && beyondWhole(d) && l.Type() != types.DoubleType {
		return -sign(d), true
	}
	n, ok := l.(traits.Comparer).Compare(r).(types.Int)
	return int(n), ok
}

// beyondWhole reports whether a double is beyond every int and uint. CEL would
// round those to a double first, and the largest to this one.
func beyondWhole(d types.Double) bool { return d >= 1<<64 || d < -1<<63 }

func sign(d types.Double) int {
	if d < 0 {
		return -1
	}
	return 1
}

// wholeDouble is a double from 2^53 on, where doubles are whole numbers, as an
// int or uint where it fits.
func wholeDouble(d types.Double) ref.Val {
	f := float64(d)
	switch {
	case math.Abs(f) < 1<<53 || math.IsNaN(f):
		return d
	case f >= -(1<<63) && f < 1<<63:
		return types.Int(int64(f))
	case f > 0 && f < 1<<64:
		return types.Uint(uint64(f))
	}
	return d
}
