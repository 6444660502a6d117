package rules

import (
	"slices"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// explainer makes the parts of one rule's condition.
type explainer struct {
	*evaluator
	ev     *eventValue
	names  *eventNames
	places places
	all    bool // every part, not only what decided
	left   int  // how many parts may still be made
	rounds map[known][]*scope
}

// maxParts bounds an explanation of one rule: loops in loops have many parts.
const maxParts = 3000

// newPart is a clause with its value, and nothing below it. Of one that is
// asked, its value is to be true or false.
func (x *explainer) newPart(c *clause, s *scope, asked bool) *ExplainedPart {
	x.left--
	at := x.places.at(c.start)
	p := &ExplainedPart{
		Text: x.textOf(c), Start: c.start, End: c.end, Kind: c.kind, Loop: c.loop,
		Place: Place{Line: at.line, Column: at.column},
	}
	r := x.reading(c, s)
	if r.err == nil {
		v := valueOf(r.value)
		p.Value, p.Held = &v, r.isTrue()
	}
	if r.err != nil || r.isFalse() || asked && !r.isTrue() {
		f := x.finding(c, s)
		p.Reason, p.Message, p.Nearest = f.reason, f.message, f.nearest
	}
	return p
}

// part is a clause with what is below it: what decided its value, or all.
func (x *explainer) part(c *clause, s *scope, asked bool) *ExplainedPart {
	p := x.newPart(c, s, asked)
	if x.left <= 0 {
		return p
	}
	switch c.kind {
	case PartAnd, PartOr:
		x.terms(p, c, s)
	case PartChoice:
		x.choice(p, c, s, asked)
	case PartLoop:
		x.loop(p, c, s)
	case PartNot:
		p.Parts = append(p.Parts, x.part(c.kids[0], s, true))
	default:
		p.Parts = x.operands(c, s)
	}
	return p
}

// terms adds the terms of && or ||. The first that is false decides an &&,
// the first that is true an ||; with none of these the first error decides.
// Where an && is true, or an || false, all terms are needed.
func (x *explainer) terms(p *ExplainedPart, c *clause, s *scope) {
	decisive := x.decisiveTerm(c, s)
	for _, kid := range c.kids {
		if x.all || decisive == nil || !p.Held && !x.reading(kid, s).isTrue() || p.Held && kid == decisive {
			p.Parts = append(p.Parts, x.part(kid, s, true))
		} else {
			p.Parts = append(p.Parts, x.newPart(kid, s, true))
		}
	}
}

// decisiveTerm is the term that decides an && or ||, or nil where all do.
func (x *explainer) decisiveTerm(c *clause, s *scope) *clause {
	if x.reading(c, s).tooLong() {
		return x.tooLong(c.kids, s)
	}
	var failed *clause
	for _, kid := range c.kids {
		r := x.reading(kid, s)
		switch {
		case c.kind == PartAnd && r.isFalse(), c.kind == PartOr && r.isTrue():
			return kid
		case !r.isTrue() && !r.isFalse() && failed == nil:
			failed = kid
		}
	}
	return failed
}

// tooLong is the first clause that takes too long by itself, if one does: what
// is too much may also be the sum.
func (x *explainer) tooLong(all []*clause, s *scope) *clause {
	for _, c := range all {
		if x.reading(c, s).tooLong() {
			return c
		}
	}
	return nil
}

// choice adds the condition of c ? a : b, and the branch that it chose.
func (x *explainer) choice(p *ExplainedPart, c *clause, s *scope, asked bool) {
	p.Parts = append(p.Parts, x.part(c.kids[0], s, true))
	if x.all {
		p.Parts = append(p.Parts, x.part(c.kids[1], s, asked), x.part(c.kids[2], s, asked))
	} else if branch := x.branch(c, s); branch != nil {
		p.Parts = append(p.Parts, x.part(branch, s, asked))
	}
}

func (x *explainer) branch(c *clause, s *scope) *clause {
	if x.reading(c, s).tooLong() {
		return x.tooLong(c.kids, s)
	}
	switch r := x.reading(c.kids[0], s); {
	case r.isTrue():
		return c.kids[1]
	case r.isFalse():
		return c.kids[2]
	}
	return nil
}

// branchOrCondition is where a choice was decided.
func (x *explainer) branchOrCondition(c *clause, s *scope) *clause {
	if next := x.branch(c, s); next != nil || x.reading(c, s).tooLong() {
		return next
	}
	return c.kids[0]
}

// operands are the parts of a call or field that are worth showing: what is
// of the event, not what is written in the condition. Of a.b.c it is only the
// whole, unless something was absent on the way.
func (x *explainer) operands(c *clause, s *scope) []*ExplainedPart {
	var parts []*ExplainedPart
	for i, kid := range c.kids {
		switch {
		case x.left <= 0 || isConstant(kid) || isVariable(kid):
		case i == 0 && isField(c) && isField(kid):
			if r := x.reading(kid, s); r.err != nil {
				parts = append(parts, x.part(kid, s, false))
			} else {
				parts = append(parts, x.operands(kid, s)...)
			}
		default:
			parts = append(parts, x.part(kid, s, false))
		}
	}
	return parts
}

// isField tells whether a clause reads a field, or asks whether it is there.
func isField(c *clause) bool { return c.kind == PartField || c.expr.Kind() == ast.SelectKind }

// isConstant tells whether a clause is the same for every event: a literal, or
// what is made of literals, as timestamp("2030-01-01T00:00:00Z").
func isConstant(c *clause) bool {
	return c.kind == PartLiteral || c.kind == PartCall && len(c.kids) > 0 && !slices.ContainsFunc(c.kids, func(kid *clause) bool { return !isConstant(kid) })
}

// isVariable tells whether a clause is a name alone: event, headers, or that of
// an element, which the loop shows.
func isVariable(c *clause) bool { return c.expr.Kind() == ast.IdentKind }

// decided is the part of a tree that decided: down every && the term that was
// false or failed, down every choice the branch that was chosen.
func (x *explainer) decided(p *ExplainedPart, c *clause, s *scope) *ExplainedPart {
	var next *clause
	switch c.kind {
	case PartAnd:
		next = x.decisiveTerm(c, s)
	case PartChoice:
		next = x.branchOrCondition(c, s)
	}
	for _, kid := range p.Parts {
		if next != nil && kid.Start == next.start && kid.End == next.end {
			return x.decided(kid, next, s)
		}
	}
	p.Decided = true
	return p
}

// maxRounds is how many elements of a loop are looked at for an explanation.
const maxRounds = 10_000

// scopes are the scopes of a loop's body, one for each element.
func (x *explainer) scopes(c *clause, s *scope) []*scope {
	key := known{c, s}
	if all, ok := x.rounds[key]; ok {
		return all
	}
	var all []*scope
	r := x.reading(c.kids[0], s)
	if elements, ok := r.value.(traits.Iterable); r.err == nil && ok {
		path := pathOf(c.kids[0], s)
		_, isList := r.value.(traits.Lister)
		for it := elements.Iterator(); it.HasNext() == types.True && len(all) < maxRounds; {
			all = append(all, newRound(c, s, it.Next(), elementPath(path, isList, len(all))))
		}
	}
	x.rounds[key] = all
	return all
}

func newRound(c *clause, s *scope, element ref.Val, path string) *scope {
	return &scope{activation: s, name: c.variable, value: element, path: path}
}
