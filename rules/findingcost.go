package rules

import (
	"fmt"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// What a condition is expected to meet in an event: lists of as many elements,
// texts of as many bytes. A condition that is too costly for fewElements is
// hopeless; one that is for usualElements fails on events that will come.
const (
	fewElements   = 10
	usualElements = 30
	innerElements = 10 // of a list that is in an element of another
	usualText     = 50
)

// cost finds conditions that cannot be evaluated within the bound of steps
// (costLimit) on an event as events are.
func (c *conditionFinder) cost() {
	if !isCostly(c.root.expr) {
		return
	}
	usual := estimate(c.root.expr, usualElements)
	if usual <= costLimit {
		return
	}
	severity, elements := Warning, usualElements
	if few := estimate(c.root.expr, fewElements); few > costLimit {
		severity, elements, usual = Error, fewElements, few
	}
	c.find(c.costliest(c.root.expr, elements).ID(), codeCost, severity,
		fmt.Sprintf("the condition takes about %s steps where lists have %d elements, and is given up after %s", thousands(int(usual)), elements, thousands(costLimit)),
		"do not loop inside of a loop: compare with what the publisher has counted, or split the rule")
}

// costliest is the innermost loop that alone is too costly, or the whole.
func (c *conditionFinder) costliest(root ast.Expr, elements int) ast.Expr {
	found := root
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.ComprehensionKind && estimate(e, elements) > costLimit {
			found = e
		}
	}))
	return found
}

// estimate is about how many steps an expression takes (see costs), if nothing
// ends it early and lists that are not written out have that many elements. It
// does not go far beyond the bound.
func estimate(e ast.Expr, elements int) uint64 {
	sum := uint64(1)
	switch e.Kind() {
	case ast.LiteralKind:
		return 0
	case ast.SelectKind:
		sum += estimate(e.AsSelect().Operand(), elements)
	case ast.ListKind:
		sum += estimateAll(e.AsList().Elements(), elements)
	case ast.CallKind:
		call := e.AsCall()
		args := call.Args()
		if call.IsMemberFunction() {
			args = append([]ast.Expr{call.Target()}, args...)
		}
		sum += estimateAll(args, elements) + estimateCall(call, args, elements)
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		n := uint64(elementsOf(c.IterRange(), elements))
		sum += estimate(c.IterRange(), elements) + n*(estimate(c.LoopStep(), elements)+estimate(c.LoopCondition(), elements))
	}
	const enough = 1000 * costLimit
	return min(sum, enough)
}

// elementsOf is how many elements a list has: those that are written out, fewer
// in a list of a loop's variable than in one of the event.
func elementsOf(list ast.Expr, elements int) int {
	if list.Kind() == ast.ListKind {
		return list.AsList().Size()
	}
	for list.Kind() == ast.SelectKind {
		list = list.AsSelect().Operand()
	}
	if list.Kind() == ast.IdentKind && list.AsIdent() != "event" {
		return min(elements, innerElements)
	}
	return elements
}

func estimateAll(all []ast.Expr, elements int) (sum uint64) {
	for _, e := range all {
		sum += estimate(e, elements)
	}
	return sum
}

// estimateCall is what a call takes beside its arguments.
func estimateCall(call ast.CallExpr, args []ast.Expr, elements int) uint64 {
	switch call.FunctionName() {
	case "matches":
		if text, ok := literalText(args[len(args)-1]); ok {
			return usualText / 10 * (1 + uint64(len(text))/20)
		}
	case operators.In:
		if args[1].Kind() == ast.ListKind {
			return uint64(args[1].AsList().Size())
		}
		return uint64(elements)
	case "contains", "startsWith", "endsWith":
		return usualText / 10
	}
	return 0
}
