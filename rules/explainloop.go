package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
)

// How many elements of a loop are shown, where all or none decided, and where
// everything is asked for.
const (
	shownElements    = 3
	shownElementsAll = 20
)

// loop adds what a loop loops over, and the elements that decided.
func (x *explainer) loop(p *ExplainedPart, c *clause, s *scope) {
	if c.kids[0].kind != PartLiteral && !isVariable(c.kids[0]) {
		p.Parts = append(p.Parts, x.part(c.kids[0], s, false))
	}
	p.Of = len(x.scopes(c, s))
	for _, i := range x.shownRounds(c, s) {
		if x.left <= 0 {
			return
		}
		round := x.scopes(c, s)[i]
		body := x.roundClause(c, round)
		p.Elements = append(p.Elements, Element{
			Variable: c.variable, At: round.path, Index: i, Value: valueOf(round.value),
			Part: x.part(body, round, c.loop != "map"),
		})
	}
}

// roundClause is what a round asks: the condition of the loop, or where that
// of map() is true or there is none, what it makes of the element.
func (x *explainer) roundClause(c *clause, round *scope) *clause {
	for _, body := range c.body {
		if !x.reading(body, round).isTrue() {
			return body
		}
	}
	return c.body[len(c.body)-1]
}

// shownRounds are the numbers of the rounds that are worth showing: those that
// decided, some where all did, and where everything is asked for the first of
// all too.
func (x *explainer) shownRounds(c *clause, s *scope) []int {
	n, whole := len(x.scopes(c, s)), x.reading(c, s)
	found := x.decisiveRounds(c, s)
	switch {
	case whole.tooLong():
		return nil
	case x.all:
		found = append(numbersTo(min(n, shownElementsAll)), found...)
		slices.Sort(found)
		return slices.Compact(found)
	case c.loop == "exists" && whole.isFalse():
		return numbersTo(min(n, shownElements))
	}
	return found
}

// decisiveRounds are the numbers of the rounds that decided the value of a
// loop: one of an exists() that is true or an all() that is false, those that
// exists_one() counts, and the first that failed of any loop that failed. In
// other cases all of them did, and it is none.
func (x *explainer) decisiveRounds(c *clause, s *scope) []int {
	fits := reading.isTrue
	switch whole := x.reading(c, s); {
	case whole.tooLong():
		return nil
	case whole.err != nil:
		fits = func(r reading) bool { return x.failsLoop(c, r) }
	case c.loop == "exists_one" || c.loop == "existsOne":
		return x.roundsThatHold(c, s)
	case c.loop == "all" && whole.isFalse():
		fits = reading.isFalse
	case c.loop != "exists" || !whole.isTrue():
		return nil
	}
	for i, round := range x.scopes(c, s) {
		if fits(x.reading(x.roundClause(c, round), round)) {
			return []int{i}
		}
	}
	return nil
}

// failsLoop tells whether a round is an error to its loop. What map() makes of
// an element need not be true or false.
func (x *explainer) failsLoop(c *clause, r reading) bool {
	if c.loop == "map" {
		return r.err != nil
	}
	return !r.isTrue() && !r.isFalse()
}

func (x *explainer) roundsThatHold(c *clause, s *scope) []int {
	var found []int
	for i, round := range x.scopes(c, s) {
		if x.reading(c.body[0], round).isTrue() && len(found) < shownElements {
			found = append(found, i)
		}
	}
	return found
}

func numbersTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// pathOf is what a clause reads, as somebody would write it outside of any
// loop: the variable of a loop is replaced by the element that it stands for.
// It is "" where that cannot be said.
func pathOf(c *clause, s *scope) string {
	switch {
	case c.expr.Kind() == ast.IdentKind:
		return s.pathOf(c.expr.AsIdent())
	case c.kind != PartField && c.expr.Kind() != ast.SelectKind:
		return ""
	}
	base := pathOf(c.kids[0], s)
	if base == "" {
		return ""
	}
	if c.expr.Kind() == ast.SelectKind {
		return base + "." + c.expr.AsSelect().FieldName()
	}
	if c.kids[1].expr.Kind() != ast.LiteralKind {
		return ""
	}
	return memberPath(base, c.kids[1].expr.AsLiteral())
}

func (s *scope) pathOf(name string) string {
	if s.name == name {
		return s.path
	}
	if outer, ok := s.activation.(*scope); ok {
		return outer.pathOf(name)
	}
	if name == "event" || name == "headers" {
		return name
	}
	return ""
}

// elementPath is where an element is from. The elements of an object are its
// names, which have no place of their own.
func elementPath(path string, isList bool, i int) string {
	if path == "" || !isList {
		return ""
	}
	return fmt.Sprintf("%s[%d]", path, i)
}

// memberPath is how a condition reads a member: base.name, or base["a name"].
func memberPath(base string, name any) string {
	if s, ok := name.(types.String); ok {
		name = string(s)
	}
	s, ok := name.(string)
	if !ok {
		return fmt.Sprintf("%s[%v]", base, name)
	}
	if !isIdentifier(s) || base == "headers" {
		return fmt.Sprintf("%s[%q]", base, s)
	}
	return base + "." + s
}

func isIdentifier(s string) bool {
	tokens := lexCondition(s)
	return len(tokens) == 1 && tokens[0].kind == celName && strings.TrimSpace(s) == s
}
