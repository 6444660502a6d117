package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	"github.com/wye-events/wye/rules/logic"
)

// contradictions finds conditions, and parts of them, that can never be true or
// never be false.
func (c *conditionFinder) contradictions() {
	c.visit(c.root, c.known, nil)
	reached := map[int64]bool{}
	c.eachPart(c.root, func(p *part) { reached[p.expr.ID()] = true })
	ast.PreOrderVisit(c.root.expr, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.ComprehensionKind || reached[e.ID()] {
			return
		}
		loop := c.formulas.part(e) // in an operand, such as that of size()
		c.eachPart(loop, func(p *part) { reached[p.expr.ID()] = true })
		for _, kid := range loop.kids {
			c.visit(kid, nil, nil)
		}
	}))
}

// visit looks at a part. Beside are parts that must be true for this one to
// matter.
func (c *conditionFinder) visit(p *part, known []logic.Known, beside []*part) {
	if !c.possible(known, append(beside[:len(beside):len(beside)], p), logic.IsTrue) {
		c.never(p, known, beside)
		return
	}
	if isAlways(p) {
		c.always(p)
		return
	}
	switch p.op {
	case partAnd:
		for i, kid := range p.kids {
			if kid.op == partTest { // with all the others it can be true, since the whole can
				c.visit(kid, nil, nil)
				continue
			}
			others := slices.Concat(beside, p.kids[:i], p.kids[i+1:])
			c.visit(kid, known, others)
		}
	case partOr:
		for _, kid := range p.kids {
			c.visit(kid, known, beside)
		}
	case partNot, partLoop:
		for _, kid := range p.kids {
			c.visit(kid, nil, nil)
		}
	case partChoice:
		c.visit(p.kids[0], nil, nil)
	}
}

// possible tells whether all of some parts can come to that at once.
func (c *conditionFinder) possible(known []logic.Known, parts []*part, want logic.Want) bool {
	goals := make([]logic.Goal, len(parts))
	for i, p := range parts {
		goals[i] = logic.Goal{Formula: p.formula, Want: want}
	}
	return logic.Possible(known, goals...)
}

// never tells of a part that is never true, as narrowly as it can.
func (c *conditionFinder) never(p *part, known []logic.Known, beside []*part) {
	alone := func(p *part) bool { return !c.possible(nil, []*part{p}, logic.IsTrue) }
	switch {
	case !alone(p) && !c.possible(known, []*part{p}, logic.IsTrue):
		c.found(p, codeNever, fmt.Sprintf("%s is never true: the rule only takes events of type %s", c.quoted(p), typesWords(c.rule.On)),
			"compare with one of these types, or add the type to `on`")
	case !alone(p):
		c.neverBeside(p, known, beside)
	case p.op == partAnd && slices.ContainsFunc(p.kids, alone), p.op == partOr:
		for _, kid := range p.kids {
			if alone(kid) {
				c.never(kid, nil, nil)
			}
		}
	case p.op == partAnd:
		c.opposed(p)
	case p.op == partNot:
		c.always(p.kids[0])
	case p.op == partLoop && len(p.kids) == 1 && alone(p.kids[0]):
		c.never(p.kids[0], nil, nil)
	default:
		c.found(p, codeNever, fmt.Sprintf("%s is never true%s", c.quoted(p), c.because(p)), c.neverHint(p))
	}
}

// neverBeside tells of a part that is never true where another is.
func (c *conditionFinder) neverBeside(p *part, known []logic.Known, beside []*part) {
	for _, other := range beside {
		if !c.possible(known, []*part{other, p}, logic.IsTrue) {
			c.found(p, codeNever, fmt.Sprintf("%s is never true here, where %s must be", c.quoted(p), c.quoted(other)),
				"remove it, or compare another field or value")
			return
		}
	}
	c.found(p, codeNever, fmt.Sprintf("%s is never true here, with what else must be true", c.quoted(p)),
		"remove it, or compare another field or value")
}

// isAlways tells whether a part is always true. A test that is true of every value
// still asks whether there is one: event.subject != "" is another way to write
// has(event.subject).
func isAlways(p *part) bool {
	if !logic.Always(p.formula) {
		return false
	}
	f := p.formula
	for f.Op == logic.Not {
		f = f.Kids[0]
	}
	return f.Op != logic.Test || p.op == partLoop || f.Base.Kinds&logic.Absent == 0 || f.Term == "" || f.Sets[logic.IsFalse].Kinds == logic.Absent
}

// always tells of a part that is never false, as narrowly as it can.
func (c *conditionFinder) always(p *part) {
	switch {
	case p.op == partAnd, p.op == partOr && slices.ContainsFunc(p.kids, isAlways):
		for _, kid := range p.kids {
			if isAlways(kid) {
				c.always(kid)
			}
		}
	case p.op == partOr:
		c.complements(p)
	case p.op == partNot:
		c.never(p.kids[0], nil, nil)
	case p.op == partLoop && len(p.kids) == 1 && isAlways(p.kids[0]):
		c.always(p.kids[0])
	default:
		hint := "remove it, or compare another field or value"
		if p == c.root {
			hint = "leave `when` out to take every event of the type"
		}
		c.found(p, codeAlways, fmt.Sprintf("%s is always true%s", c.quoted(p), c.because(p)), hint)
	}
}

// opposed tells of the first two terms of an && that cannot both be true.
func (c *conditionFinder) opposed(p *part) {
	const hint = "a value that may be either is compared with || between the two; or compare another field or value"
	for j, second := range p.kids {
		for _, first := range p.kids[:j] {
			if !c.possible(nil, []*part{first, second}, logic.IsTrue) {
				c.found(second, codeNever, fmt.Sprintf("%s and %s cannot both be true", c.quoted(first), c.quoted(second)), hint)
				return
			}
		}
	}
	c.found(p, codeNever, "the parts of this cannot all be true at once", hint)
}

// complements tells of the first two terms of an || of which one is always true.
func (c *conditionFinder) complements(p *part) {
	const hint = "for none of them write && between the two; or compare another field or value"
	for j, second := range p.kids {
		for _, first := range p.kids[:j] {
			if logic.Always(&logic.Formula{Op: logic.Or, Kids: []*logic.Formula{first.formula, second.formula}}) {
				c.found(second, codeAlways, fmt.Sprintf("one of %s and %s is always true", c.quoted(first), c.quoted(second)), hint)
				return
			}
		}
	}
	c.found(p, codeAlways, "one of the parts of this is always true", hint)
}

func (c *conditionFinder) found(p *part, code, message, hint string) {
	c.find(p.expr.ID(), code, Warning, message, hint)
}

// quoted is a part as it is written, short enough for a message.
func (c *conditionFinder) quoted(p *part) string {
	const limit = 60
	text := []rune(c.words(p.expr.ID()))
	if len(text) > limit {
		text = append(text[:limit-1], '…')
	}
	return "`" + string(text) + "`"
}

// because is why a single test is never or always true, where that is not plain.
func (c *conditionFinder) because(p *part) string {
	f := p.formula
	for f.Op == logic.Not {
		f = f.Kids[0]
	}
	switch {
	case f.Op != logic.Test || f.Term == "":
		return ""
	case strings.HasPrefix(f.Term, "size("):
		return ": a size is 0 or more"
	case f.Term == "event.specversion":
		return ": it is 1.0"
	case f.Term == "event.subject", f.Term == "event.datacontenttype", f.Term == "event.dataschema":
		return ": an attribute that is empty is absent"
	case isData(f.Term) && f.Sets[logic.IsTrue].Kinds == logic.Time:
		return ": JSON has no times, only texts"
	}
	for name, between := range partsOfTimes {
		if strings.HasPrefix(f.Term, name+"(") {
			return fmt.Sprintf(": %s() is %d to %d", name, between[0], between[1])
		}
	}
	return ""
}

func isData(term string) bool { return term == "event.data" || strings.HasPrefix(term, "event.data.") }

func (c *conditionFinder) neverHint(p *part) string {
	f := p.formula
	switch {
	case f.Op == logic.Test && isData(f.Term) && f.Sets[logic.IsTrue].Kinds == logic.Time:
		return fmt.Sprintf("make a time of the text: timestamp(%s)", f.Term)
	case f.Op == logic.Test && strings.HasPrefix(f.Term, "event.") && isCall(p.expr, operators.Equals):
		return fmt.Sprintf("to ask whether it is absent write !has(%s)", f.Term)
	}
	return "remove it, or compare another field or value"
}
