package rules

import (
	"fmt"
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
func (x *explainer) loop(p *Part, c *clause, s *scope) {
	if c.kids[0].kind != PartLiteral && !isVariable(c.kids[0]) {
		p.Parts = append(p.Parts, x.part(c.kids[0], s, false))
	}
	p.Of = len(x.scopes(c, s))
	for _, i := range x.decisiveRounds(c, s) {
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

// decisiveRounds are the numbers of the rounds that decided the value of a
// loop. One decides an exists() that is true and an all() that is false, the
// first that fails decides where there is no such; otherwise it is all of them.
func (x *explainer) decisiveRounds(c *clause, s *scope) []int {
	rounds := x.scopes(c, s)
	first := func(fits func(reading) bool) []int {
		for i, round := range rounds {
			if fits(x.reading(x.roundClause(c, round), round)) {
				return []int{i}
			}
		}
		return nil
	}
	var found []int
	switch c.loop {
	case "exists":
		found = first(reading.isTrue)
	case "all":
		found = first(reading.isFalse)
	case "exists_one", "existsOne":
		found = x.roundsThatHold(c, s)
	}
	whole := x.reading(c, s)
	if whole.tooLong() {
		return nil
	}
	if failed := whole.err != nil; failed && (len(found) == 0 || c.loop != "exists" && c.loop != "all") {
		found = first(func(r reading) bool { return x.failsLoop(c, r) })
	}
	switch {
	case x.all:
		return count(min(len(rounds), shownElementsAll))
	case len(found) > 0:
		return found
	case c.loop == "exists":
		return count(min(len(rounds), shownElements))
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

func count(n int) []int {
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
