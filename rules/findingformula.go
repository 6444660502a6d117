package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/wye-events/wye/rules/index"
	"github.com/wye-events/wye/rules/logic"
)

// formulas makes formulas of a condition and its parts, which say what it can
// come to (package logic). What it does not know becomes a term of its own,
// which may be true or false.
type formulas struct {
	*indexing
	exprs map[string]*regexp.Regexp // by their text; nil for what is none
	// among are the tests that are nothing but the equality of a term with one
	// of some constants.
	among map[*logic.Formula][]index.Value
}

// part is a part of a condition with its formula. The parts of && and || are all
// of their terms, however they are grouped.
type part struct {
	expr    ast.Expr
	op      partOp
	kids    []*part // of a loop: what it asks of each element
	formula *logic.Formula
}

type partOp uint8

const (
	partTest partOp = iota
	partAnd
	partOr
	partNot
	partChoice
	partLoop
)

// part takes an expression apart that is true or false.
func (f *formulas) part(e ast.Expr) *part {
	p := &part{expr: e}
	switch e.Kind() {
	case ast.LiteralKind:
		if b, ok := f.literal(e).(types.Bool); ok {
			p.formula = logic.Constant(bool(b))
		}
	case ast.SelectKind:
		if s := e.AsSelect(); s.IsTestOnly() {
			p.formula = f.has(s.Operand(), s.FieldName())
		}
	case ast.CallKind:
		f.joined(p, e.AsCall())
		if p.op == partTest {
			p.formula = f.call(e.AsCall())
		}
	case ast.ComprehensionKind:
		p.op = partLoop
		f.loop(p, e.AsComprehension())
	}
	if p.formula == nil {
		p.formula = f.truth(e)
	}
	return p
}

// joined takes apart what && || ! and ?: join.
func (f *formulas) joined(p *part, call ast.CallExpr) {
	switch call.FunctionName() {
	case operators.LogicalAnd:
		p.op = partAnd
	case operators.LogicalOr:
		p.op = partOr
	case operators.LogicalNot:
		p.op = partNot
	case operators.Conditional:
		p.op = partChoice
	default:
		return
	}
	for _, arg := range call.Args() {
		kid := f.part(arg)
		if kid.op == p.op && (p.op == partAnd || p.op == partOr) {
			p.kids = append(p.kids, kid.kids...)
		} else {
			p.kids = append(p.kids, kid)
		}
	}
	kids := make([]*logic.Formula, len(p.kids))
	for i, kid := range p.kids {
		kids[i] = kid.formula
	}
	switch p.op {
	case partAnd:
		p.formula = &logic.Formula{Op: logic.And, Kids: kids}
	case partOr:
		p.formula = f.either(kids)
	case partNot:
		p.formula = opposite(kids[0])
	case partChoice:
		p.formula = &logic.Formula{Op: logic.Choice, Kids: kids}
	}
}

// truth is a term that is true or false itself.
func (f *formulas) truth(e ast.Expr) *logic.Formula {
	t := f.test(e)
	t.Sets[logic.IsTrue], t.Sets[logic.NotTrue] = logic.Of(logic.True), logic.Of(logic.All&^logic.True)
	t.Sets[logic.IsFalse], t.Sets[logic.NotFalse] = logic.Of(logic.False), logic.Of(logic.All&^logic.False)
	return t
}

// test is a test of a term, without its sets.
func (f *formulas) test(e ast.Expr) *logic.Formula {
	return &logic.Formula{Term: f.key(e), Base: f.base(e)}
}

func (f *formulas) has(of ast.Expr, name string) *logic.Formula {
	var key strings.Builder
	f.writeKey(&key, of)
	writeName(&key, name)
	t := &logic.Formula{Term: key.String(), Base: f.baseOfMember(of, name)}
	t.Sets[logic.IsTrue], t.Sets[logic.NotTrue] = logic.Of(logic.Present), logic.Of(logic.Absent)
	t.Sets[logic.IsFalse], t.Sets[logic.NotFalse] = logic.Of(logic.Absent), logic.Of(logic.All)
	return t
}

// call is the formula of a call that joins nothing; nil where it is only a term.
func (f *formulas) call(call ast.CallExpr) *logic.Formula {
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.Equals:
		return f.equal(args[0], args[1])
	case operators.NotEquals:
		if equal := f.equal(args[0], args[1]); equal != nil {
			return opposite(equal)
		}
	case operators.In:
		return f.in(args[0], args[1])
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return f.order(name, args[0], args[1])
	case "startsWith", "endsWith", "contains", "matches":
		return f.text(name, call)
	}
	return nil
}

func opposite(of *logic.Formula) *logic.Formula {
	return &logic.Formula{Op: logic.Not, Kids: []*logic.Formula{of}}
}

// either is an ||, in which the equalities of one term are made one.
func (f *formulas) either(parts []*logic.Formula) *logic.Formula {
	var kids []*logic.Formula
	at := map[string]int{}
	for _, part := range parts {
		values := f.among[part]
		if i, known := at[part.Term]; known && values != nil {
			kids[i] = f.oneOf(part, slices.Concat(f.among[kids[i]], values))
			continue
		}
		if values != nil {
			at[part.Term] = len(kids)
		}
		kids = append(kids, part)
	}
	if len(kids) == 1 {
		return kids[0]
	}
	return &logic.Formula{Op: logic.Or, Kids: kids}
}

// oneOf is that a term equals one of some constants.
func (f *formulas) oneOf(of *logic.Formula, values []index.Value) *logic.Formula {
	t := &logic.Formula{Term: of.Term, Base: of.Base}
	yes, rest := setOf(values)
	none := logic.Of(logic.Absent)
	t.Sets[logic.IsTrue], t.Sets[logic.IsFalse] = yes, rest
	t.Sets[logic.NotTrue], t.Sets[logic.NotFalse] = with(rest, none), with(yes, none)
	f.among[t] = values
	return t
}

func with(s, more logic.Set) logic.Set {
	s.Kinds |= more.Kinds
	return s
}

// setOf is the set of some constants, and all other values.
func setOf(values []index.Value) (in, rest logic.Set) {
	var numbers, times []index.Num
	var texts []string
	rest.Kinds = logic.Present
	for _, v := range values {
		switch v.Kind {
		case index.Null:
			in.Kinds |= logic.Null
			rest.Kinds &^= logic.Null
		case index.Bool:
			kind := logic.False
			if v.Bool {
				kind = logic.True
			}
			in.Kinds |= kind
			rest.Kinds &^= kind
		case index.Number:
			numbers = append(numbers, v.Num)
		case index.Time:
			times = append(times, v.Num)
		case index.String:
			texts = append(texts, v.Str)
		}
	}
	if numbers != nil {
		in.Kinds |= logic.Number
		in.Numbers = logic.Points(numbers...)
		rest.Numbers = in.Numbers.Not()
	}
	if times != nil {
		in.Kinds |= logic.Time
		in.Times = logic.Points(times...)
		rest.Times = in.Times.Not()
	}
	if texts != nil {
		in.Kinds |= logic.Text
		in.Texts, rest.Texts = logic.OnlyTexts(texts...), logic.NotTexts(texts...)
	}
	return in, rest
}

func (f *formulas) equal(l, r ast.Expr) *logic.Formula {
	for _, side := range [][2]ast.Expr{{l, r}, {r, l}} {
		if v, ok := f.value(side[1]); ok {
			return f.oneOf(f.test(side[0]), []index.Value{v})
		}
		if test := f.typeTest(side[0], side[1]); test != nil {
			return test
		}
	}
	return nil
}

// kindsOfType are the kinds of values of a type by its name in CEL, and whether
// they are all of that kind.
var kindsOfType = map[string]struct {
	kinds logic.Kind
	all   bool
}{
	"string": {logic.Text, true}, "bool": {logic.Bools, true}, "null_type": {logic.Null, true},
	"int": {logic.Number, false}, "uint": {logic.Number, false}, "double": {logic.Number | logic.NaN, false},
	"list": {logic.Other, false}, "map": {logic.Other, false}, "bytes": {logic.Other, false},
}

// typeTest is type(x) == string, or nil.
func (f *formulas) typeTest(l, r ast.Expr) *logic.Formula {
	if !isCall(l, "type") || r.Kind() != ast.IdentKind {
		return nil
	}
	is, known := kindsOfType[r.AsIdent()]
	if !known {
		return nil
	}
	t := f.test(l.AsCall().Args()[0])
	t.Sets = [4]logic.Set{logic.Of(is.kinds), logic.Of(logic.Present), logic.Of(logic.All), logic.Of(logic.All)}
	if is.all {
		t.Sets[logic.IsFalse] = logic.Of(logic.Present &^ is.kinds)
		t.Sets[logic.NotTrue], t.Sets[logic.NotFalse] = logic.Of(logic.All&^is.kinds), logic.Of(is.kinds|logic.Absent)
	}
	return t
}

func (f *formulas) in(l, r ast.Expr) *logic.Formula {
	if r.Kind() == ast.ListKind {
		if values, ok := f.values(r.AsList()); ok && len(values) > 0 {
			return f.oneOf(f.test(l), values)
		}
		return nil
	}
	if name, ok := f.value(l); ok && isHeaders(r) && name.Kind == index.String {
		return f.has(r, name.Str)
	}
	return nil
}

// order is a term that is compared with a constant, or nil.
func (f *formulas) order(name string, l, r ast.Expr) *logic.Formula {
	above, open := name == operators.Greater || name == operators.GreaterEquals, name == operators.Greater || name == operators.Less
	v, ok := f.orderValue(r)
	if !ok {
		l, r, above = r, l, !above
		if v, ok = f.orderValue(r); !ok {
			return nil
		}
	}
	t := f.test(l)
	yes, no := v.half(above, open), v.half(!above, !open)
	if v.kind == logic.Number {
		no.Kinds |= logic.NaN // is in no order with anything, and no error
	}
	t.Sets[logic.IsTrue], t.Sets[logic.IsFalse] = yes, no
	t.Sets[logic.NotTrue], t.Sets[logic.NotFalse] = v.otherwise(no), v.otherwise(yes)
	return t
}

// ordered is a constant that there is an order with.
type ordered struct {
	kind logic.Kind
	num  index.Num
	text string
}

func (f *formulas) orderValue(e ast.Expr) (ordered, bool) {
	if isCall(e, "duration") {
		if text, ok := literalText(e.AsCall().Args()[0]); ok {
			if d, ok := types.String(text).ConvertToType(types.DurationType).(types.Duration); ok {
				return ordered{kind: logic.Duration, num: index.Int(int64(d.Duration))}, true
			}
		}
		return ordered{}, false
	}
	v, ok := f.value(e)
	switch {
	case !ok:
	case v.Kind == index.Number:
		return ordered{kind: logic.Number, num: v.Num}, true
	case v.Kind == index.Time:
		return ordered{kind: logic.Time, num: v.Num}, true
	case v.Kind == index.String:
		return ordered{kind: logic.Text, text: v.Str}, true
	}
	return ordered{}, false
}

// half is what is above or below the constant.
func (o ordered) half(above, open bool) logic.Set {
	s := logic.Of(o.kind)
	ranges := logic.Below(o.num, open)
	if above {
		ranges = logic.Above(o.num, open)
	}
	switch end := (&logic.End{At: o.text, Open: open}); {
	case o.kind == logic.Number:
		s.Numbers = ranges
	case o.kind == logic.Time:
		s.Times = ranges
	case o.kind == logic.Duration:
		s.Lengths = ranges
	case above:
		s.Texts.Low = end
	default:
		s.Texts.High = end
	}
	return s
}

// otherwise is a half and all that is in no order with the constant.
func (o ordered) otherwise(half logic.Set) logic.Set {
	half.Kinds |= logic.All &^ o.kind &^ logic.NaN
	if o.kind != logic.Number {
		half.Kinds |= logic.NaN
	}
	return half
}

// text is a function of a term and a constant text, or nil.
func (f *formulas) text(name string, call ast.CallExpr) *logic.Formula {
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	if len(args) != 2 {
		return nil
	}
	v, ok := f.value(args[1])
	if !ok || v.Kind != index.String {
		return nil
	}
	fit := logic.Fit{Text: v.Str}
	switch name {
	case "startsWith":
		fit.Kind = logic.Prefix
	case "endsWith":
		fit.Kind = logic.Suffix
	case "contains":
		fit.Kind = logic.Contains
	default:
		expr := f.pattern(v.Str)
		if expr == nil {
			return nil
		}
		fit = logic.Fit{Kind: logic.Named, Text: "matches " + v.Str, Test: expr.MatchString}
	}
	return f.fits(f.test(args[0]), fit)
}

// fits is that a term is a text that passes a test.
func (f *formulas) fits(t *logic.Formula, fit logic.Fit) *logic.Formula {
	yes := logic.Of(logic.Text)
	yes.Texts.Fit = []logic.Fit{fit}
	fit.No = true
	no := logic.Of(logic.Text)
	no.Texts.Fit = []logic.Fit{fit}
	t.Sets[logic.IsTrue], t.Sets[logic.IsFalse] = yes, no
	t.Sets[logic.NotTrue], t.Sets[logic.NotFalse] = with(no, logic.Of(logic.All)), with(yes, logic.Of(logic.All))
	return t
}

// loop takes a loop apart: exists() that no element can meet and all() that every
// one does are known, all others are terms.
func (f *formulas) loop(p *part, c ast.ComprehensionExpr) {
	p.formula = f.truth(p.expr)
	question := asked(c)
	if question == nil || c.HasIterVar2() || c.IterVar() == "event" || c.IterVar() == "headers" {
		return
	}
	body := f.part(question)
	p.kids = []*part{body}
	switch {
	case isExists(c) && !logic.Possible(nil, logic.Goal{Formula: body.formula, Want: logic.IsTrue}):
		p.formula.Sets[logic.IsTrue] = logic.Set{}
	case isAll(c) && !logic.Possible(nil, logic.Goal{Formula: body.formula, Want: logic.IsFalse}):
		p.formula.Sets[logic.IsFalse] = logic.Set{}
	}
}

// asked is what a loop asks of each element, nil where it asks nothing.
func asked(c ast.ComprehensionExpr) ast.Expr {
	step := c.LoopStep()
	switch {
	case isCall(step, operators.LogicalAnd), isCall(step, operators.LogicalOr): // accu && question
		return step.AsCall().Args()[1]
	case isCall(step, operators.Conditional): // question ? accu + … : accu
		return step.AsCall().Args()[0]
	}
	return nil
}
