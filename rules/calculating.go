package rules

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/wye-events/wye/rules/index"
)

// sharedCalc is a calculation with the constants of a condition that it uses.
// Conditions of one shape share it.
type sharedCalc struct {
	calc  *index.Calc // nil: left to CEL
	holes []int
}

// compute is an expression as a calculation, or nil where the index has no
// calculation that is the same.
func (t *indexing) compute(e ast.Expr) *index.Expr {
	shared := t.calcs[e]
	if shared == nil {
		c := &calculating{indexing: t}
		shared = &sharedCalc{c.part(e), c.holes}
		if len(t.shape.holes) > 0 {
			t.calcs[e] = shared
		}
	}
	if shared.calc == nil || !decides(shared.calc.Op) {
		return nil
	}
	test := &index.Expr{Op: index.Compute, Field: t.first(e), Calc: shared.calc}
	for _, i := range shared.holes {
		v, ok := constantValue(t.consts[i])
		if !ok {
			return nil
		}
		test.Values = append(test.Values, v)
	}
	return test
}

// decides reports whether a calculation ends in true or false.
func decides(op index.CalcOp) bool {
	switch op {
	case index.CalcAdd, index.CalcSubtract, index.CalcMultiply, index.CalcDivide, index.CalcModulo,
		index.CalcNegate, index.CalcSize, index.CalcCount, index.CalcConst:
		return false
	}
	return true
}

// calculating is one expression being turned into a calculation.
type calculating struct {
	*indexing
	holes []int
	loops []string // names of the variables of the loops around
}

func (c *calculating) part(e ast.Expr) *index.Calc {
	if f := c.field(e); f != nil && !(f.Root == index.Attribute && f.Name == "time") {
		return &index.Calc{Op: index.CalcField, Field: f}
	}
	switch e.Kind() {
	case ast.LiteralKind:
		return c.literalPart(e)
	case ast.IdentKind:
		return c.element(index.CalcElement, e, nil)
	case ast.SelectKind:
		return c.selected(e.AsSelect())
	case ast.CallKind:
		return c.callPart(e, e.AsCall())
	case ast.ComprehensionKind:
		return c.loop(e.AsComprehension())
	}
	return nil
}

func (c *calculating) literalPart(e ast.Expr) *index.Calc {
	v, ok := c.value(e)
	switch n := c.literal(e).(type) {
	case types.Uint:
		return nil
	case types.Double:
		ok = ok && n != 0 // it may be the zero below zero, which an index does not know
	}
	if !ok {
		return nil
	}
	_, whole := c.literal(e).(types.Int)
	part := &index.Calc{Op: index.CalcConst, Value: v, Whole: whole}
	if i, lifted := c.shape.holes[e.ID()]; lifted {
		c.holes = append(c.holes, i)
		part.Hole = len(c.holes)
	}
	return part
}

// selected is a name below an element, or whether there is one.
func (c *calculating) selected(s ast.SelectExpr) *index.Calc {
	if s.IsTestOnly() {
		if f := c.member(s.Operand(), s.FieldName()); f != nil {
			return &index.Calc{Op: index.CalcHas, Field: f}
		}
		return c.element(index.CalcHasElement, s.Operand(), []string{s.FieldName()})
	}
	if item := c.item(s.Operand(), []string{s.FieldName()}); item != nil {
		return item
	}
	return c.element(index.CalcElement, s.Operand(), []string{s.FieldName()})
}

// element is what stands in the variable of a loop, or below it.
func (c *calculating) element(op index.CalcOp, e ast.Expr, below []string) *index.Calc {
	for e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly() {
		below = append([]string{e.AsSelect().FieldName()}, below...)
		e = e.AsSelect().Operand()
	}
	if e.Kind() != ast.IdentKind {
		return nil
	}
	for depth := len(c.loops) - 1; depth >= 0; depth-- {
		if c.loops[depth] == e.AsIdent() {
			return &index.Calc{Op: op, Depth: depth, Inner: below}
		}
	}
	return nil
}

// item is an element of a list by its place, list[2].name.
func (c *calculating) item(e ast.Expr, below []string) *index.Calc {
	for e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly() {
		below = append([]string{e.AsSelect().FieldName()}, below...)
		e = e.AsSelect().Operand()
	}
	if !isCall(e, operators.Index) {
		return nil
	}
	args := e.AsCall().Args()
	list := c.field(args[0])
	if list == nil || list.Root != index.Data || args[1].Kind() != ast.LiteralKind {
		return nil
	}
	if _, lifted := c.shape.holes[args[1].ID()]; lifted {
		return nil
	}
	at, ok := args[1].AsLiteral().(types.Int)
	if !ok || at < 0 || at > 1<<20 {
		return nil
	}
	return &index.Calc{Op: index.CalcItem, Field: list, At: int(at), Inner: below}
}

var calcCalls = map[string]index.CalcOp{
	operators.Add: index.CalcAdd, operators.Subtract: index.CalcSubtract, operators.Multiply: index.CalcMultiply,
	operators.Divide: index.CalcDivide, operators.Modulo: index.CalcModulo, operators.Negate: index.CalcNegate,
	"size":         index.CalcSize,
	operators.Less: index.CalcLess, operators.LessEquals: index.CalcLessEqual,
	operators.Greater: index.CalcGreater, operators.GreaterEquals: index.CalcGreaterEqual,
	operators.Equals: index.CalcEqual, operators.NotEquals: index.CalcNotEqual, operators.In: index.CalcIn,
	"startsWith": index.CalcHasPrefix, "endsWith": index.CalcHasSuffix, "contains": index.CalcContains, "matches": index.CalcFits,
	operators.LogicalAnd: index.CalcAnd, operators.LogicalOr: index.CalcOr, operators.LogicalNot: index.CalcNot,
	operators.Conditional: index.CalcChoose,
}

func (c *calculating) callPart(e ast.Expr, call ast.CallExpr) *index.Calc {
	op, ok := calcCalls[call.FunctionName()]
	if !ok {
		if call.FunctionName() == "dyn" {
			return c.part(call.Args()[0])
		}
		if call.FunctionName() == operators.Index {
			return c.item(e, nil)
		}
		return nil
	}
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	switch op {
	case index.CalcFits:
		return c.fits(args)
	case index.CalcIn:
		return c.among(args)
	case index.CalcSize:
		if count := c.count(args[0]); count != nil {
			return count
		}
	}
	return c.with(op, args)
}

// with is an operation on parts, or nil if one of them is none.
func (c *calculating) with(op index.CalcOp, args []ast.Expr) *index.Calc {
	if (op == index.CalcAnd || op == index.CalcOr) && len(args) != 2 {
		return nil
	}
	out := &index.Calc{Op: op}
	for _, a := range args {
		k := c.part(a)
		if k == nil {
			return nil
		}
		out.Kids = append(out.Kids, k)
	}
	return out
}

func (c *calculating) fits(args []ast.Expr) *index.Calc {
	text, ok := literalText(args[1])
	of := c.part(args[0])
	if !ok || of == nil {
		return nil
	}
	return &index.Calc{Op: index.CalcFits, Kids: []*index.Calc{of}, Pattern: c.pattern(text)}
}

func (c *calculating) among(args []ast.Expr) *index.Calc {
	if args[1].Kind() != ast.ListKind || len(args[1].AsList().OptionalIndices()) > 0 {
		return nil
	}
	for _, e := range args[1].AsList().Elements() {
		if e.Kind() != ast.LiteralKind {
			return nil
		}
	}
	return c.with(index.CalcIn, append([]ast.Expr{args[0]}, args[1].AsList().Elements()...))
}

// loop is exists, all or exists_one over a list of the event.
func (c *calculating) loop(l ast.ComprehensionExpr) *index.Calc {
	step := l.LoopStep()
	switch {
	case l.HasIterVar2():
	case isExists(l):
		return c.over(index.CalcExists, l, step.AsCall().Args()[1])
	case isAll(l):
		return c.over(index.CalcAll, l, step.AsCall().Args()[1])
	}
	return nil
}

// count is how many elements filter() leaves.
func (c *calculating) count(e ast.Expr) *index.Calc {
	if e.Kind() != ast.ComprehensionKind {
		return nil
	}
	l := e.AsComprehension()
	if l.HasIterVar2() || l.AccuInit().Kind() != ast.ListKind || l.AccuInit().AsList().Size() > 0 || !isCall(l.LoopStep(), operators.Conditional) {
		return nil
	}
	args := l.LoopStep().AsCall().Args()
	if !isCall(args[1], operators.Add) || !isIdent(args[2], l.AccuVar()) || !isIdent(l.Result(), l.AccuVar()) {
		return nil
	}
	added := args[1].AsCall().Args()
	if !isIdent(added[0], l.AccuVar()) || added[1].Kind() != ast.ListKind || added[1].AsList().Size() != 1 ||
		!isIdent(added[1].AsList().Elements()[0], l.IterVar()) {
		return nil
	}
	return c.over(index.CalcCount, l, args[0])
}

func (c *calculating) over(op index.CalcOp, l ast.ComprehensionExpr, question ast.Expr) *index.Calc {
	const most = 4
	list := c.field(l.IterRange())
	if list == nil || list.Root != index.Data || len(c.loops) >= most || l.IterVar() == "event" || l.IterVar() == "headers" {
		return nil
	}
	c.loops = append(c.loops, l.IterVar())
	asked := c.part(question)
	c.loops = c.loops[:len(c.loops)-1]
	if asked == nil {
		return nil
	}
	return &index.Calc{Op: op, Field: list, Kids: []*index.Calc{asked}}
}

// isAll recognizes what the macro all() becomes.
func isAll(c ast.ComprehensionExpr) bool {
	step := c.LoopStep()
	return c.AccuInit().Kind() == ast.LiteralKind && c.AccuInit().AsLiteral() == types.True &&
		isIdent(c.Result(), c.AccuVar()) && isCall(step, operators.LogicalAnd) && isIdent(step.AsCall().Args()[0], c.AccuVar())
}

func isIdent(e ast.Expr, name string) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == name }
