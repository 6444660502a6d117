package rules

import "strings"

// The words of a condition for taking it apart, by CEL's own grammar. Where the
// grammar has something unusual, this gives up: the parser reads it then. It is
// apart from lexCondition, which accepts everything and counts characters.

type wordKind byte

const (
	wordName wordKind = 1 + iota
	wordSymbol
	wordInt
	wordUint
	wordDouble
	wordText  // in plain quotes and without escapes
	wordOther // another literal: raw, bytes, with escapes, hexadecimal
)

// liftable tells whether there can be a hole for a literal of the kind.
func (k wordKind) liftable(negative bool) bool {
	switch k {
	case wordInt, wordDouble:
		return true
	case wordUint, wordText:
		return !negative
	}
	return false
}

type word struct {
	kind       wordKind
	role       role
	start, end int32 // in bytes
}

// role is what a word means for the literals beside it.
type role uint8

const (
	compares role = 1 << iota // an operator that compares
	begins                    // an operand begins behind it
	ends                      // an operand has ended before it
	searches                  // a function that looks for a text in a text
	isIn                      // the operator in
	isList                    // [
	isComma
	isMinus
)

// none stands before the first word and after the last.
var none = word{role: begins | ends}

func nameRole(name string) role {
	switch name {
	case "in":
		return isIn
	case "startsWith", "endsWith", "contains":
		return searches
	}
	return 0
}

func symbolRole(first byte, length int32) role {
	switch first {
	case '=', '<', '>':
		return compares
	case '!':
		if length == 2 {
			return compares
		}
	case '&', '|', '?', ':':
		return begins | ends
	case '(':
		return begins
	case ')', ']', '}':
		return ends
	case ',':
		return ends | isComma
	case '[':
		return isList
	case '-':
		return isMinus
	}
	return 0
}

// split makes words of the text. It reports false where it gives up.
func (l *lifter) split() bool {
	l.words = append(l.words[:0], none)
	for i := 0; ; {
		i = skipSpace(l.text, i)
		if i == len(l.text) {
			l.words = append(l.words, none)
			return true
		}
		w := wordAt(l.text, i)
		switch w.kind {
		case 0:
			return false
		case wordName:
			w.role = nameRole(l.text[w.start:w.end])
		case wordSymbol:
			w.role = symbolRole(l.text[w.start], w.end-w.start)
		}
		l.words = append(l.words, w)
		i = int(w.end)
	}
}

func newWord(kind wordKind, start, end int) word {
	return word{kind: kind, start: int32(start), end: int32(end)}
}

// skipSpace steps over white space and comments.
func skipSpace(text string, i int) int {
	for i < len(text) {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			i++
		case c == '/' && i+1 < len(text) && text[i+1] == '/':
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return len(text)
			}
			i += end
		default:
			return i
		}
	}
	return i
}

func wordAt(text string, i int) word {
	switch c := text[i]; {
	case letter(c):
		return nameAt(text, i)
	case digit(c):
		return numberAt(text, i)
	case c == '"' || c == '\'':
		return textAt(text, i, i, false)
	}
	return symbolAt(text, i)
}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// nameAt is a name, or a raw text or bytes, which begin like one.
func nameAt(text string, start int) word {
	end := start
	for end < len(text) && (letter(text[end]) || digit(text[end])) {
		end++
	}
	if end == len(text) || text[end] != '"' && text[end] != '\'' {
		return newWord(wordName, start, end)
	}
	switch strings.ToLower(text[start:end]) {
	case "r", "br":
		return textAt(text, start, end, true)
	case "b":
		w := textAt(text, start, end, false)
		if w.kind == wordText {
			w.kind = wordOther
		}
		return w
	}
	return word{}
}

// textAt is a text whose quote stands at quote. One in three quotes is none here.
func textAt(text string, start, quote int, raw bool) word {
	mark, kind := text[quote], wordText
	if raw {
		kind = wordOther
	}
	for i := quote + 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == mark:
			if i == quote+1 && i+1 < len(text) && text[i+1] == mark {
				return word{}
			}
			return newWord(kind, start, i+1)
		case c < ' ':
			return word{}
		case c == '\\' && !raw:
			kind = wordOther
			if i++; i < len(text) && text[i] < ' ' {
				return word{}
			}
		}
	}
	return word{}
}

// numberAt is a number, with nothing right behind it that could belong to it.
func numberAt(text string, start int) word {
	kind, end := wordInt, digitsEnd(text, start)
	if text[start:end] == "0" && end < len(text) && text[end] == 'x' {
		return hexAt(text, start)
	}
	if after := digitsEnd(text, end+1); end < len(text) && text[end] == '.' && after > end+1 {
		kind, end = wordDouble, after
	}
	if after := exponentEnd(text, end); after > end {
		kind, end = wordDouble, after
	}
	if kind == wordInt && end < len(text) && text[end]|0x20 == 'u' {
		kind, end = wordUint, end+1
	}
	if end < len(text) && (letter(text[end]) || digit(text[end])) {
		return word{}
	}
	return newWord(kind, start, end)
}

func digitsEnd(text string, i int) int {
	for i < len(text) && digit(text[i]) {
		i++
	}
	return i
}

// exponentEnd is where an exponent ends that begins at i; i where none does.
func exponentEnd(text string, i int) int {
	if i >= len(text) || text[i]|0x20 != 'e' {
		return i
	}
	from := i + 1
	if from < len(text) && (text[from] == '+' || text[from] == '-') {
		from++
	}
	if end := digitsEnd(text, from); end > from {
		return end
	}
	return i
}

func hexAt(text string, start int) word {
	end := start + len("0x")
	for end < len(text) && (digit(text[end]) || text[end]|0x20 >= 'a' && text[end]|0x20 <= 'f') {
		end++
	}
	if end < len(text) && text[end]|0x20 == 'u' {
		end++
	}
	if end < len(text) && letter(text[end]) {
		return word{}
	}
	return newWord(wordOther, start, end)
}

func symbolAt(text string, i int) word {
	next := byte(0)
	if i+1 < len(text) {
		next = text[i+1]
	}
	switch c := text[i]; c {
	case '=', '&', '|':
		if c == next || c == '=' && next == '=' {
			return newWord(wordSymbol, i, i+2)
		}
		return word{}
	case '!', '<', '>':
		if next == '=' {
			return newWord(wordSymbol, i, i+2)
		}
	case '.':
		if digit(next) { // a number without a digit before its point
			return word{}
		}
	case '(', ')', '[', ']', '{', '}', ',', '+', '-', '*', '/', '%', '?', ':':
	default:
		return word{}
	}
	return newWord(wordSymbol, i, i+1)
}
