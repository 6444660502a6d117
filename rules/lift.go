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
	for i := 1; i < len(l.words)-1; {
		n := 0
		if w := &l.words[i]; w.kind >= wordInt || w.role == isMinus {
			n = l.hole(i)
		}
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
	w := l.words[i]
	l.inList = w.role&isList != 0 && l.words[i-1].role == isIn || w.role&isComma != 0 && l.inList
	l.key = append(l.key, l.text[w.start:w.end]...)
	l.key = append(l.key, wordEnd)
}

// hole adds a hole for the constant that begins at a word, and tells of how
// many words that consists; 0 where there is none or where its value matters.
func (l *lifter) hole(i int) int {
	end, negative := i+1, l.words[i].role == isMinus
	if negative {
		end = i + 2
	}
	literal := &l.words[end-1]
	if !literal.kind.liftable(negative) || !l.free(i, end) {
		return 0
	}
	value, ok := l.constant(negative, literal)
	if !ok {
		return 0
	}
	l.holes = append(l.holes, hole{int(l.words[i].start), value})
	l.key = append(l.key, byte(literal.kind), wordEnd)
	return end - i
}

// free tells whether the value of the literal of the words from i to end can
// matter to nothing but the result of the condition.
func (l *lifter) free(i, end int) bool {
	before, after := l.words[i-1].role, l.words[end].role
	switch {
	case l.inList && before&(isList|isComma) != 0:
		return after&isComma != 0 || l.is(end, "]")
	case before&compares != 0:
		return after&ends != 0
	case after&compares != 0:
		return before&begins != 0
	case after == isIn:
		// The inspection looks at the name that is asked for in headers.
		return before&begins != 0 && l.words[end+1].kind == wordName && !l.is(end+1, "headers")
	}
	return i > 3 && l.words[i-2].role == searches && l.is(i-1, "(") && l.is(end, ")") && l.is(i-3, ".")
}

// word is the text of a word.
func (l *lifter) word(i int) string { return l.text[l.words[i].start:l.words[i].end] }

func (l *lifter) is(i int, text string) bool { return l.word(i) == text }

// constant is the value of a literal as CEL's parser reads it. It is none where
// the parser would refuse it, or where exactLiterals would put another in its
// place.
func (l *lifter) constant(negative bool, w *word) (ref.Val, bool) {
	text, sign := l.text[w.start:w.end], ""
	if negative {
		sign = "-"
	}
	switch w.kind {
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
