package rules

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// dissection is a condition taken apart, to evaluate its parts one by one. It
// is made when somebody asks for an explanation, and thrown away after it:
// what matching needs is much smaller.
type dissection struct {
	text   []rune
	ast    *ast.AST
	root   *clause
	costly bool
	calls  map[int64]string
}

// clause is a part of a condition.
type clause struct {
	expr       ast.Expr
	kind       PartKind
	start, end int // in characters of the condition
	// kids are the parts that it is made of, in the order of the text: the terms
	// of && and || however they are grouped, the operands of a call, what stands
	// before the dot of a field. A loop has what it loops over; its body is apart.
	kids []*clause

	loop     string // exists, all, exists_one, existsOne, filter or map
	variable string
	body     []*clause // the condition, and for map what is made of each element

	plan planned
}

// dissect takes apart a condition that compiles.
func dissect(text string) (*dissection, bool) {
	checked, faults := checkCondition(text)
	if faults != nil {
		return nil, false
	}
	return newDissection([]rune(text), newSpans(text, checked.NativeRep())), true
}

// dissectRoughly takes apart a condition that is known to compile, without its
// types and without the places of its parts. It takes half the time, and is
// good enough to find out which of many rules are worth more of it.
func dissectRoughly(text string) (*dissection, bool) {
	parsed, issues := celEnv().Parse(text)
	if issues.Err() != nil {
		return nil, false
	}
	return newDissection(nil, &spans{ast: parsed.NativeRep()}), true
}

func newDissection(text []rune, s *spans) *dissection {
	root := s.ast.Expr()
	return &dissection{text: text, ast: s.ast, costly: isCostly(root), calls: callNames(root), root: s.clause(root)}
}

func (d *dissection) textOf(c *clause) string { return string(d.text[c.start:c.end]) }

// clause makes the clause of an expression and of all below it.
func (s *spans) clause(e ast.Expr) *clause {
	c := &clause{expr: e}
	switch e.Kind() {
	case ast.CallKind:
		s.call(c, e.AsCall())
	case ast.SelectKind:
		c.kind, c.kids = PartField, []*clause{s.clause(e.AsSelect().Operand())}
		if e.AsSelect().IsTestOnly() {
			c.kind = PartCall
		}
	case ast.ComprehensionKind:
		s.loop(c, e.AsComprehension())
	case ast.IdentKind:
		c.kind = PartField
	case ast.ListKind:
		c.kind, c.kids = PartCall, s.clauses(e.AsList().Elements())
	case ast.MapKind:
		c.kind = PartCall
		for _, entry := range e.AsMap().Entries() {
			c.kids = append(c.kids, s.clause(entry.AsMapEntry().Key()), s.clause(entry.AsMapEntry().Value()))
		}
	default:
		c.kind = PartLiteral
	}
	if (e.Kind() == ast.ListKind || e.Kind() == ast.MapKind) && allLiteral(c.kids) {
		c.kind = PartLiteral
	}
	s.measure(c)
	return c
}

func (s *spans) clauses(all []ast.Expr) []*clause {
	var kids []*clause
	for _, e := range all {
		kids = append(kids, s.clause(e))
	}
	return kids
}

func allLiteral(all []*clause) bool {
	for _, c := range all {
		if c.kind != PartLiteral {
			return false
		}
	}
	return true
}

func (s *spans) call(c *clause, call ast.CallExpr) {
	switch call.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr:
		c.kind = PartAnd
		if call.FunctionName() == operators.LogicalOr {
			c.kind = PartOr
		}
		for _, arg := range call.Args() {
			c.kids = append(c.kids, terms(s.clause(arg), c.kind)...)
		}
		return
	case operators.LogicalNot:
		c.kind = PartNot
	case operators.Conditional:
		c.kind = PartChoice
	case operators.Index:
		c.kind = PartField
	default:
		c.kind = PartCall
	}
	if call.IsMemberFunction() {
		c.kids = append(c.kids, s.clause(call.Target()))
	}
	c.kids = append(c.kids, s.clauses(call.Args())...)
	if c.kind == PartCall && isNegative(call, c.kids) {
		c.kind = PartLiteral
	}
}

// isNegative tells whether a call is the minus before a number.
func isNegative(call ast.CallExpr, kids []*clause) bool {
	return call.FunctionName() == operators.Negate && allLiteral(kids)
}

// terms are the terms of && or ||: those of the same operator are one chain,
// since the parser balances it into a tree that nobody wrote.
func terms(c *clause, kind PartKind) []*clause {
	if c.kind == kind {
		return c.kids
	}
	return []*clause{c}
}

// loop reads a comprehension, which is what CEL makes of exists, all,
// exists_one, filter and map.
func (s *spans) loop(c *clause, fold ast.ComprehensionExpr) {
	c.kind, c.variable = PartLoop, fold.IterVar()
	c.kids = []*clause{s.clause(fold.IterRange())}
	c.loop = s.functionName(c.expr)
	step := fold.LoopStep().AsCall()
	switch args := step.Args(); step.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr: // accu && body
		c.body = s.clauses(args[1:])
	case operators.Conditional: // body ? accu + … : accu
		c.body = s.clauses(args[:1])
		if added := args[1].AsCall().Args()[1]; c.loop == "map" {
			c.body = append(c.body, s.clauses(added.AsList().Elements())...)
		}
	case operators.Add: // accu + [body]
		c.body = s.clauses(args[1].AsList().Elements())
	}
}
