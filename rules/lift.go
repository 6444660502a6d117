package rules

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// lifter takes a condition apart into its key, which is its text with holes for
// constants, and those constants. Two conditions of one key differ in constants
// alone, so their syntax trees are the same up to the values of literals, and
// so is everything that the checks find in them.
//
// That holds because a literal leaves a hole only where nothing looks at its
// value: beside a comparison, in a list after `in`, as what a text is searched
// for. What kind of literal it was stays in the key. All else is kept word for
// word; and a text with anything unusual in it is not taken apart at all.
type lifter struct {
	text   string
	words  []word
	key    []byte
	holes  []hole
	inList bool // the words before are a list after `in`, with literals only
}

// hole is a constant and where it stands, in bytes.
type hole struct {
	at    int
	value ref.Val
}

// lift takes a condition apart. It reports false where it cannot.
func (l *lifter) lift(text string) bool {
	l.text, l.key, l.holes, l.inList = text, l.key[:0], l.holes[:0], false
	if !l.split() {
		return false
	}
	for i := 0; i < len(l.words); {
		n := l.hole(i)
		if n == 0 {
			n = 1
			l.keep(i)
		}
		i += n
	}
	return true
}

// values are the constants in order.
func (l *lifter) values() []ref.Val {
	if len(l.holes) == 0 {
		return nil
	}
	all := make([]ref.Val, len(l.holes))
	for i, h := range l.holes {
		all[i] = h.value
	}
	return all
}

// wordEnd stands between the words in a key. It is no character of a condition
// that is taken apart, and neither are the kinds of words, which stand for holes.
const wordEnd = 0x1f

// keep adds a word to the key as it is written.
func (l *lifter) keep(i int) {
	text := l.word(i)
	l.inList = text == "[" && l.is(i-1, "in") || text == "," && l.inList
	l.key = append(l.key, text...)
	l.key = append(l.key, wordEnd)
}

// hole adds a hole for the constant that begins at a word, and tells of how
// many words that consists; 0 where there is none or where its value matters.
func (l *lifter) hole(i int) int {
	end, sign := i+1, ""
	if l.is(i, "-") {
		end, sign = i+2, "-"
	}
	if end > len(l.words) || !l.words[end-1].kind.liftable(sign) || !l.free(i, end) {
		return 0
	}
	value, ok := l.constant(sign, end-1)
	if !ok {
		return 0
	}
	l.holes = append(l.holes, hole{l.words[i].start, value})
	l.key = append(l.key, byte(l.words[end-1].kind), wordEnd)
	return end - i
}

// free tells whether the value of the literal of the words from i to end can
// matter to nothing but the result of the condition.
func (l *lifter) free(i, end int) bool {
	switch {
	case l.inList && (l.is(i-1, "[") || l.is(i-1, ",")):
		return l.is(end, ",") || l.is(end, "]")
	case l.compares(i - 1):
		return l.endsOperand(end)
	case l.compares(end):
		return l.beginsOperand(i)
	case l.is(end, "in"):
		// The inspection looks at the name that is asked for in headers.
		return l.beginsOperand(i) && end+1 < len(l.words) && l.words[end+1].kind == wordName && !l.is(end+1, "headers")
	}
	return l.is(i-1, "(") && l.is(end, ")") && l.is(i-3, ".") && l.searches(i-2)
}

func (l *lifter) compares(i int) bool {
	switch l.word(i) {
	case "==", "!=", "<", "<=", ">", ">=":
		return true
	}
	return false
}

// searches tells whether a word is a function that looks for a text in a text.
func (l *lifter) searches(i int) bool {
	switch l.word(i) {
	case "startsWith", "endsWith", "contains":
		return true
	}
	return false
}

func (l *lifter) beginsOperand(i int) bool {
	switch l.word(i - 1) {
	case "", "(", "&&", "||", "?", ":":
		return true
	}
	return false
}

func (l *lifter) endsOperand(i int) bool {
	switch l.word(i) {
	case "", ")", "]", "}", ",", "&&", "||", "?", ":":
		return true
	}
	return false
}

// word is the text of a word, "" before the first and after the last.
func (l *lifter) word(i int) string {
	if i < 0 || i >= len(l.words) {
		return ""
	}
	return l.text[l.words[i].start:l.words[i].end]
}

func (l *lifter) is(i int, text string) bool { return l.word(i) == text }

// constant is the value of a literal as CEL's parser reads it. It is none where
// the parser would refuse it, or where exactLiterals would put another in its
// place.
func (l *lifter) constant(sign string, i int) (ref.Val, bool) {
	text := l.word(i)
	switch l.words[i].kind {
	case wordText:
		inner := text[1 : len(text)-1]
		return types.String(inner), utf8.ValidString(inner)
	case wordInt:
		n, err := strconv.ParseInt(sign+text, 10, 64)
		return types.Int(n), err == nil
	case wordUint:
		n, err := strconv.ParseUint(text[:len(text)-1], 10, 64)
		return types.Uint(n), err == nil
	case wordDouble:
		f, err := strconv.ParseFloat(sign+text, 64)
		return types.Double(f), err == nil && math.Abs(f) < 1<<53
	}
	return nil, false
}
