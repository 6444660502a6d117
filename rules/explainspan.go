package rules

import (
	"github.com/google/cel-go/common/ast"
)

// spans finds where the parts of a condition stand in its text. The syntax
// tree only says where the operator or the bracket of each part is; the rest
// follows from the words of the text: a part reaches from the first to the
// last word of what it is made of, and takes in brackets so that none is left
// without the other.
type spans struct {
	ast     *ast.AST
	tokens  []celToken
	at      map[int]int // from the place of a token to its number
	partner []int       // of a bracket; -1 for all else
}

func newSpans(text string, a *ast.AST) *spans {
	s := &spans{ast: a, tokens: lexCondition(text), at: map[int]int{}}
	s.partner = make([]int, len(s.tokens))
	var open []int
	for i, t := range s.tokens {
		s.at[t.start] = i
		s.partner[i] = -1
		switch {
		case t.kind == celOpen:
			open = append(open, i)
		case t.kind == celShut && len(open) > 0:
			from := open[len(open)-1]
			open = open[:len(open)-1]
			s.partner[i], s.partner[from] = from, i
		}
	}
	return s
}

// token is the number of the token that the syntax tree names for a part.
func (s *spans) token(e ast.Expr) (int, bool) {
	r, ok := s.ast.SourceInfo().GetOffsetRange(e.ID())
	if !ok {
		return 0, false
	}
	i, ok := s.at[int(r.Start)]
	return i, ok
}

// functionName is the name before the bracket of a call.
func (s *spans) functionName(e ast.Expr) string {
	if i, ok := s.token(e); ok && i > 0 {
		return s.tokens[i-1].text
	}
	return ""
}

// measure finds out where a clause begins and ends, from its own words and
// those of its parts.
func (s *spans) measure(c *clause) {
	first, last := len(s.tokens), -1
	add := func(from, to int) { first, last = min(first, from), max(last, to) }
	for _, kid := range append(c.kids[:len(c.kids):len(c.kids)], c.body...) {
		if i, ok := s.at[kid.start]; ok {
			add(i, s.lastBefore(kid.end))
		}
	}
	if i, ok := s.token(c.expr); ok {
		from, to := s.own(c, i)
		add(from, to)
	}
	if last < 0 {
		return
	}
	first, last = s.closed(first, last)
	c.start, c.end = s.tokens[first].start, s.tokens[last].end
}

// lastBefore is the last token that ends where the text up to there does.
func (s *spans) lastBefore(end int) int {
	low, high := 0, len(s.tokens)-1
	for low < high {
		if mid := (low + high + 1) / 2; s.tokens[mid].start < end {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// own are the words that belong to a part itself, around the token that the
// syntax tree names.
func (s *spans) own(c *clause, i int) (from, to int) {
	text := s.tokens[i].text
	switch {
	case text == "(" && i > 0 && (c.expr.Kind() == ast.CallKind || c.expr.Kind() == ast.ComprehensionKind || c.expr.Kind() == ast.SelectKind):
		from = i - 1 // the name before the bracket, and the dot before a global name
		if global := c.expr.Kind() == ast.CallKind && !c.expr.AsCall().IsMemberFunction(); global && from > 0 && s.tokens[from-1].text == "." {
			from--
		}
		return from, s.shut(i)
	case s.tokens[i].kind == celOpen:
		return i, s.shut(i)
	case c.expr.Kind() == ast.IdentKind && i > 0 && s.tokens[i-1].text == ".":
		return i - 1, i // a global name
	case (text == "." || text == "-") && i+1 < len(s.tokens):
		return i, i + 1 // a field, the name of what is global, a negative number
	}
	return i, i
}

func (s *spans) shut(i int) int { return max(i, s.partner[i]) }

// closed makes a range of tokens larger until no bracket in it is without its
// partner.
func (s *spans) closed(first, last int) (int, int) {
	for i := first; i <= last; i++ {
		if p := s.partner[i]; p >= 0 && p < first {
			first, i = p, p-1
		} else if p > last {
			last = p
		}
	}
	return first, last
}
