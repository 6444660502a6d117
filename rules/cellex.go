package rules

import (
	"strings"
	"unicode"
)

// The words of a condition, for what must be known before the parser sees it
// (how deep it is nested) and for saying in plain words what a parser only
// calls unexpected. This is no second grammar: it accepts everything.

type celKind uint8

const (
	celName celKind = iota
	celNumber
	celText    // a text or bytes, with its quotes
	celOpen    // ( [ {
	celShut    // ) ] }
	celSymbol  // an operator or a separator
	celNothing // a character that has no meaning in CEL
)

type celToken struct {
	kind       celKind
	text       string
	start, end int  // in characters
	unclosed   bool // a text without its closing quote
}

var celSymbols = []string{
	"===", "!==", "&&", "||", "==", "!=", "<=", ">=", "<>",
	"<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",",
}

func lexCondition(text string) []celToken {
	runes := []rune(text)
	var tokens []celToken
	for i := 0; i < len(runes); {
		if unicode.IsSpace(runes[i]) {
			i++
			continue
		}
		if runes[i] == '/' && i+1 < len(runes) && runes[i+1] == '/' { // a comment, to the end of the line
			for i < len(runes) && runes[i] != '\n' {
				i++
			}
			continue
		}
		t := nextToken(runes, i)
		t.text = string(runes[t.start:t.end])
		tokens = append(tokens, t)
		i = t.end
	}
	return tokens
}

func nextToken(runes []rune, i int) celToken {
	r := runes[i]
	if prefix := quoteAt(runes, i); prefix >= 0 {
		return textToken(runes, i, prefix)
	}
	switch {
	case r == '_' || r < unicode.MaxASCII && unicode.IsLetter(r):
		return runToken(runes, i, celName)
	case r >= '0' && r <= '9':
		return runToken(runes, i, celNumber)
	case strings.ContainsRune("([{", r):
		return celToken{kind: celOpen, start: i, end: i + 1}
	case strings.ContainsRune(")]}", r):
		return celToken{kind: celShut, start: i, end: i + 1}
	}
	rest := string(runes[i:min(len(runes), i+3)])
	for _, s := range celSymbols {
		if strings.HasPrefix(rest, s) {
			return celToken{kind: celSymbol, start: i, end: i + len(s)}
		}
	}
	return celToken{kind: celNothing, start: i, end: i + 1}
}

// runToken is a name, or a number such as 12, 1.5e-3u or 0xFF.
func runToken(runes []rune, i int, kind celKind) celToken {
	start := i
	for ; i < len(runes); i++ {
		r := runes[i]
		switch {
		case r == '_' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
		case kind == celNumber && r == '.' && i+1 < len(runes) && unicode.IsDigit(runes[i+1]):
		case kind == celNumber && (r == '-' || r == '+') && (runes[i-1] == 'e' || runes[i-1] == 'E'):
		default:
			return celToken{kind: kind, start: start, end: i}
		}
	}
	return celToken{kind: kind, start: start, end: i}
}

// quoteAt is the length of the prefix (r, b, br…) of a text that begins at i,
// or -1 where none begins.
func quoteAt(runes []rune, i int) int {
	for n := 0; n <= 2 && i+n < len(runes); n++ {
		switch runes[i+n] {
		case '"', '\'':
			return n
		case 'r', 'R', 'b', 'B':
		default:
			return -1
		}
	}
	return -1
}

func textToken(runes []rune, start, prefix int) celToken {
	raw := strings.ContainsAny(string(runes[start:start+prefix]), "rR")
	i := start + prefix
	mark, triple := runes[i], false
	if i+2 < len(runes) && runes[i+1] == mark && runes[i+2] == mark {
		triple = true
		i += 2
	}
	for i++; i < len(runes); i++ {
		switch {
		case runes[i] == '\\' && !raw:
			i++
		case runes[i] == '\n' && !triple:
			return celToken{kind: celText, start: start, end: i, unclosed: true}
		case runes[i] == mark && !triple:
			return celToken{kind: celText, start: start, end: i + 1}
		case runes[i] == mark && i+2 < len(runes) && runes[i+1] == mark && runes[i+2] == mark:
			return celToken{kind: celText, start: start, end: i + 3}
		}
	}
	return celToken{kind: celText, start: start, end: len(runes), unclosed: true}
}
