package format

import (
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/common"
	"github.com/google/cel-go/parser"
)

// Bounds of what is formatted. The loader refuses what is beyond them, and a
// parser must not see it.
const (
	maxCondition = 8 << 10
	maxBrackets  = 48
)

// celParser knows only how conditions are written, not what names they may use.
var celParser = sync.OnceValues(func() (*parser.Parser, error) {
	return parser.NewParser(parser.Macros(parser.AllMacros...), parser.MaxRecursionDepth(200))
})

// wordsOfCondition are the words of a text that is a condition.
func wordsOfCondition(text string) ([]word, bool) {
	if len(text) > maxCondition {
		return nil, false
	}
	words, ok := wordsOf(text)
	depth := 0
	for _, w := range words {
		if depth += w.deeper(); depth > maxBrackets {
			return nil, false
		}
	}
	return words, ok && len(words) > 0
}

// isCondition tells whether CEL can read the text.
func isCondition(text string) bool {
	p, err := celParser()
	if err != nil {
		return false
	}
	_, errs := p.Parse(common.NewTextSource(text))
	return len(errs.GetErrors()) == 0
}

// condition formats a condition in a line. It reports false where it is none, or
// where it needs more than a line.
func condition(text string) (string, bool) {
	if strings.Contains(strings.TrimSpace(text), "\n") {
		return "", false
	}
	words, ok := wordsOfCondition(text)
	if !ok {
		return "", false
	}
	out := inLine(words)
	if out != text && !isCondition(text) {
		return "", false
	}
	return out, true
}

// conditionLines formats a condition of several lines, which mean text. It reports
// false where that is none, or where its line breaks mean something.
func conditionLines(lines []string, text string, width int) ([]written, bool) {
	words, ok := wordsOfCondition(strings.Join(lines, "\n"))
	if !ok || !sameWords(words, text) {
		return nil, false
	}
	for _, w := range words {
		if strings.Contains(w.text, "\n") {
			return nil, false
		}
	}
	parts := linesOf(words)
	trailing := breakStyle(parts)
	out := writeLines(narrow(joinAlike(parts, trailing), width, trailing))
	if !unchanged(lines, out) && !isCondition(text) {
		return nil, false
	}
	return out, true
}

// sameWords tells whether a text has these words, and these comments.
func sameWords(words []word, text string) bool {
	others, ok := wordsOf(text)
	if !ok {
		return false
	}
	code, comments := apart(words)
	otherCode, otherComments := apart(others)
	return slices.Equal(code, otherCode) && slices.Equal(comments, otherComments)
}

// apart are the words of a condition, and its comments. An operator may have
// changed its place with a comment.
func apart(words []word) (code, comments []string) {
	for _, w := range words {
		if w.kind == celComment {
			comments = append(comments, w.text)
		} else {
			code = append(code, w.text)
		}
	}
	return code, comments
}

// sameConditions tells whether two texts are the same condition, comments included.
func sameConditions(a, b string) bool {
	if a == b {
		return true
	}
	words, ok := wordsOf(a)
	return ok && sameWords(words, b)
}

// unchanged tells whether the lines are what is written already.
func unchanged(lines []string, out []written) bool {
	text := ""
	for i, l := range out {
		if i > 0 {
			text += "\n"
		}
		if l.blank {
			text += "\n"
		}
		text += l.code
		if l.comment != nil {
			return false
		}
	}
	return strings.TrimRight(strings.Join(lines, "\n"), " \n") == text
}
