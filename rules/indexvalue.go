package rules

import (
	"math"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/wye-events/wye/rules/index"
)

func (t *indexing) values(list ast.ListExpr) ([]index.Value, bool) {
	all := make([]index.Value, 0, list.Size())
	for _, e := range list.Elements() {
		v, ok := t.value(e)
		if !ok {
			return nil, false
		}
		all = append(all, v)
	}
	return all, len(list.OptionalIndices()) == 0
}

// literal is the value of a literal in this condition.
func (t *indexing) literal(e ast.Expr) ref.Val {
	if i, ok := t.shape.holes[e.ID()]; ok {
		return t.consts[i]
	}
	return e.AsLiteral()
}

// value is a constant that an index can hold.
func (t *indexing) value(e ast.Expr) (index.Value, bool) {
	if isCall(e, "timestamp") {
		return timeValue(e.AsCall())
	}
	if e.Kind() != ast.LiteralKind {
		return index.Value{}, false
	}
	return constantValue(t.literal(e))
}

func constantValue(v ref.Val) (index.Value, bool) {
	switch v := v.(type) {
	case types.Bool:
		return index.Value{Kind: index.Bool, Bool: bool(v)}, true
	case types.Int:
		return index.Value{Kind: index.Number, Num: index.Int(int64(v))}, true
	case types.Uint:
		return index.Value{Kind: index.Number, Num: index.Uint(uint64(v))}, true
	case types.Double:
		return index.Value{Kind: index.Number, Num: index.Float(float64(v))}, !math.IsNaN(float64(v))
	case types.String:
		return index.Value{Kind: index.String, Str: string(v)}, true
	case types.Null:
		return index.Value{Kind: index.Null}, true
	}
	return index.Value{}, false
}

func timeValue(call ast.CallExpr) (index.Value, bool) {
	text, ok := literalText(call.Args()[0])
	if !ok {
		return index.Value{}, false
	}
	at, ok := types.String(text).ConvertToType(types.TimestampType).(types.Timestamp)
	return index.Value{Kind: index.Time, Num: index.Unix(at.Unix(), int32(at.Nanosecond()))}, ok
}
