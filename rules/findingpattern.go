package rules

import (
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/google/cel-go/common/ast"
)

// patterns finds regular expressions that look as if they were for the whole of
// a text, and take any text with such a part; and dots that look as if they
// stood for themselves.
func (c *conditionFinder) patterns() {
	ast.PreOrderVisit(c.root.expr, ast.NewExprVisitor(func(e ast.Expr) {
		if !isCall(e, "matches") {
			return
		}
		args := e.AsCall().Args()
		pattern := args[len(args)-1]
		text, ok := literalText(pattern)
		if !ok {
			return
		}
		c.unanchored(pattern, text)
		c.loseDot(pattern, text)
	}))
}

func (c *conditionFinder) unanchored(e ast.Expr, text string) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil || !looksWhole(parsed) {
		return
	}
	c.find(e.ID(), codeUnanchored, Warning,
		fmt.Sprintf("the pattern %s is looked for anywhere in the text: what stands before and behind it may be anything", quote(withoutTokens(text))),
		fmt.Sprintf("for the whole text write %s", quote(anchored(parsed, text))))
}

// anchored is the pattern for a whole text.
func anchored(parsed *syntax.Regexp, text string) string {
	if parsed.Op == syntax.OpAlternate {
		return "^(?:" + text + ")$"
	}
	return "^" + text + "$"
}

// looksWhole tells whether a pattern has no anchor and begins or ends with
// several characters of some kind, such as [0-9]+: who only looks for a part of
// a text has no reason to write more than one.
func looksWhole(p *syntax.Regexp) bool {
	if hasAnchor(p) {
		return false
	}
	for p.Op == syntax.OpCapture {
		p = p.Sub[0]
	}
	switch p.Op {
	case syntax.OpConcat:
		return isRun(p.Sub[0]) || isRun(p.Sub[len(p.Sub)-1])
	}
	return isRun(p)
}

// isRun tells whether a part is one kind of character some times over.
func isRun(p *syntax.Regexp) bool {
	for p.Op == syntax.OpCapture {
		p = p.Sub[0]
	}
	switch p.Op {
	case syntax.OpPlus, syntax.OpStar:
		return p.Sub[0].Op == syntax.OpCharClass
	case syntax.OpRepeat:
		return p.Sub[0].Op == syntax.OpCharClass && p.Max != 0 && p.Min > 0
	}
	return false
}

func hasAnchor(p *syntax.Regexp) bool {
	switch p.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	for _, sub := range p.Sub {
		if hasAnchor(sub) {
			return true
		}
	}
	return false
}

// hostDot is a dot between the last words of a host's name, or behind the first
// of an event's type.
var hostDot = regexp.MustCompile(`[A-Za-z0-9](\.)(?:com|org|net|io|dev|app|cloud|internal|local|example|test)(?:[^A-Za-z0-9_+*?{-]|$)|(?:^|[^A-Za-z0-9_.\]\\-])(?:com|org|net|io|dev)(\.)[A-Za-z]`)

func (c *conditionFinder) loseDot(e ast.Expr, text string) {
	m := hostDot.FindStringSubmatchIndex(text)
	if m == nil {
		return
	}
	dot := m[2]
	if dot < 0 {
		dot = m[4]
	}
	right := text[:dot] + `\.` + text[dot+1:]
	for m := hostDot.FindStringSubmatchIndex(right); m != nil; m = hostDot.FindStringSubmatchIndex(right) {
		if dot = m[2]; dot < 0 {
			dot = m[4]
		}
		right = right[:dot] + `\.` + right[dot+1:]
	}
	c.find(e.ID(), codeDot, Warning,
		fmt.Sprintf("a dot in the pattern %s stands for any character, not only for a dot", quote(withoutTokens(text))),
		fmt.Sprintf("write r%s", "'"+right+"'"))
}
