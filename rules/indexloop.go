package rules

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/wye-events/wye/rules/index"
)

// exists is a loop of the form list.exists(x, x.field == constant), or with more
// conditions on x after that one; nil for any other. The first condition of a
// loop decides for elements without the field, so that it is enough to look for
// those of which it is true.
func (t *indexing) exists(whole ast.Expr, c ast.ComprehensionExpr) *index.Expr {
	if !isExists(c) || c.HasIterVar2() {
		return nil
	}
	list := t.field(c.IterRange())
	if list == nil || list.Root != index.Data {
		return nil
	}
	step := c.LoopStep().AsCall().Args()[1]
	first := step
	for isCall(first, operators.LogicalAnd) {
		first = first.AsCall().Args()[0]
	}
	some := t.element(first, c.IterVar())
	if some == nil {
		return nil
	}
	some.Field = list
	if first == step {
		return some
	}
	return &index.Expr{Op: index.And, Kids: []*index.Expr{some, t.unknown(whole)}}
}

// element is a comparison of an element of a loop, or what is in it, with
// constants.
func (t *indexing) element(e ast.Expr, variable string) *index.Expr {
	if !isCall(e, operators.Equals) && !isCall(e, operators.In) {
		return nil
	}
	args := e.AsCall().Args()
	if isCall(e, operators.In) {
		inner, ok := pathFrom(args[0], variable)
		if !ok || args[1].Kind() != ast.ListKind {
			return nil
		}
		values, ok := t.values(args[1].AsList())
		if !ok {
			return nil
		}
		return &index.Expr{Op: index.SomeEqual, Inner: inner, Values: values}
	}
	for _, side := range [][2]ast.Expr{{args[0], args[1]}, {args[1], args[0]}} {
		if inner, ok := pathFrom(side[0], variable); ok {
			if v, ok := t.value(side[1]); ok {
				return &index.Expr{Op: index.SomeEqual, Inner: inner, Values: []index.Value{v}}
			}
		}
	}
	return nil
}

// isExists recognizes what the macro exists() becomes.
func isExists(c ast.ComprehensionExpr) bool {
	result, step := c.Result(), c.LoopStep()
	return c.AccuInit().Kind() == ast.LiteralKind && c.AccuInit().AsLiteral() == types.False &&
		result.Kind() == ast.IdentKind && result.AsIdent() == c.AccuVar() &&
		isCall(step, operators.LogicalOr) && step.AsCall().Args()[0].Kind() == ast.IdentKind &&
		step.AsCall().Args()[0].AsIdent() == c.AccuVar()
}

func isCall(e ast.Expr, function string) bool {
	return e.Kind() == ast.CallKind && e.AsCall().FunctionName() == function
}
