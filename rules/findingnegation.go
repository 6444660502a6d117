package rules

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/common/ast"

	"github.com/wye-events/wye/rules/logic"
)

// negations finds tests that look as if they were true of an event without the
// field, and are not: `event.data.status != "failed"`. They are told of quietly,
// for that is often meant, and not where the condition shows that its author
// thought of it: with has() of the field, or with another test that only a field
// that is there can meet.
func (c *conditionFinder) negations() {
	c.negated = map[string]bool{}
	c.negation(c.root, nil)
}

// negation looks at a part. Needed are terms that are there whenever it matters.
func (c *conditionFinder) negation(p *part, needed map[string]bool) {
	switch p.op {
	case partAnd:
		needed = c.needed(p, needed)
		for _, kid := range p.kids {
			c.negation(kid, needed)
		}
	case partOr:
		for _, kid := range p.kids {
			c.negation(kid, needed)
		}
	case partTest, partNot:
		f := p.formula
		if f.Op != logic.Not || f.Kids[0].Op != logic.Test || f.Kids[0].Sets[logic.IsTrue].Kinds == logic.True {
			return // !field is how flags are written that are always there
		}
		if !f.Kids[0].Sets[logic.IsTrue].Meets(f.Kids[0].Base) {
			return // event.subject != "" is has(event.subject)
		}
		term := f.Kids[0].Term
		absent, shown := c.optional(term)
		if !shown || c.negated[term] || needed[term] || f.Kids[0].Base.Kinds&logic.Absent == 0 || f.Kids[0].Sets[logic.NotFalse].Kinds&logic.Absent == 0 ||
			c.asksWhether(term) || c.isRequired(term) {
			return
		}
		c.negated[term] = true
		c.find(p.expr.ID(), codeAbsent, Note,
			fmt.Sprintf("%s does not match an event without %s", c.quoted(p), term),
			fmt.Sprintf("to take those too, write (%s || %s)", absent, c.words(p.expr.ID())))
	}
}

// needed are the terms that tests of an && need to be there, beside those that
// are known to be; negations need nothing, for they are what is asked about.
func (c *conditionFinder) needed(p *part, before map[string]bool) map[string]bool {
	all := map[string]bool{}
	for term := range before {
		all[term] = true
	}
	for _, kid := range p.kids {
		if f := kid.formula; f.Op == logic.Not && f.Kids[0].Op == logic.Test && !f.Kids[0].Sets[logic.IsTrue].Meets(f.Kids[0].Base) {
			all[f.Kids[0].Term] = true // event.subject != ""
		}
		if f := kid.formula; f.Op == logic.Test && kid.op == partTest && f.Sets[logic.IsTrue].Kinds&logic.Absent == 0 {
			ast.PreOrderVisit(kid.expr, ast.NewExprVisitor(func(e ast.Expr) {
				if k := e.Kind(); k == ast.SelectKind || k == ast.CallKind {
					all[c.formulas.key(e)] = true
				}
			}))
		}
	}
	return all
}

// optional is how to ask whether a term is absent, if it is a field, attribute or
// header that may be.
func (c *conditionFinder) optional(term string) (absent string, ok bool) {
	name, isHeader := strings.CutPrefix(term, "headers.")
	switch {
	case strings.ContainsAny(term, "()[ "):
		return "", false
	case isHeader:
		return fmt.Sprintf("!(%q in headers)", name), !strings.Contains(name, `"`)
	case strings.HasPrefix(term, "event.") && term != "event.data" && !strings.Contains(term, `"`):
		return fmt.Sprintf("!has(%s)", term), true
	}
	return "", false
}

// asksWhether tells whether the condition asks anywhere whether the field, or
// something that it is in, is there.
func (c *conditionFinder) asksWhether(term string) (asks bool) {
	c.eachPart(c.root, func(p *part) {
		f := p.formula
		if f.Op != logic.Test || f.Sets[logic.IsFalse].Kinds != logic.Absent {
			return
		}
		asks = asks || f.Term == term || strings.HasPrefix(term, f.Term+".")
	})
	return asks
}
