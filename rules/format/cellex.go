package format

import (
	"strings"
	"unicode/utf8"
)

// word is a word of a condition, or a comment in it.
type word struct {
	kind   wordKind
	text   string
	breaks int // line breaks before it
	column int // in its line, from 0, in characters
	gap    int // white space before it in its line
}

type wordKind byte

const (
	name     wordKind = iota
	literal           // a number or a text
	operator          // between two operands
	prefix            // ! and -, before one
	opening           // ( [ {
	closing           // ) ] }
	comma
	dot
	question    // ? of a choice
	choiceColon // : of a choice
	mapColon    // : in { }
	celComment  // to the end of the line
)

// wordsOf reads the words of a condition. It reports false where there is
// something that is no word of CEL.
func wordsOf(text string) ([]word, bool) {
	l := celLexer{text: text}
	for l.skip(); l.at < len(text); l.skip() {
		w, ok := l.word()
		if !ok {
			return nil, false
		}
		l.words = append(l.words, w)
	}
	return l.words, len(l.open) == 0
}

type celLexer struct {
	text  string
	at    int
	begin int // of the line
	words []word
	open  []level
}

// level is an open bracket.
type level struct {
	bracket byte
	choices int // ? that wait for their :
}

// skip steps over white space.
func (l *celLexer) skip() {
	for l.at < len(l.text) && strings.IndexByte(" \t\r\n\f", l.text[l.at]) >= 0 {
		l.at++
	}
}

func (l *celLexer) word() (word, bool) {
	end := l.end()
	if end <= l.at {
		return word{}, false
	}
	w := word{text: l.text[l.at:end]}
	if len(l.words) > 0 {
		before := l.text[l.begin:l.at]
		w.breaks = strings.Count(before, "\n")
		w.gap = len(before)
	}
	w.column = utf8.RuneCountInString(l.text[1+strings.LastIndexByte(l.text[:l.at], '\n') : l.at])
	l.at, l.begin = end, end
	ok := l.classify(&w)
	return w, ok
}

// end is where the word that begins here ends.
func (l *celLexer) end() int {
	rest := l.text[l.at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "//"):
		line, _, _ := strings.Cut(rest, "\n")
		return l.at + len(strings.TrimRight(line, " \t\r"))
	case celDigit(c), c == '.' && len(rest) > 1 && celDigit(rest[1]):
		return l.at + celNumber(rest)
	}
	if n := celText(rest); n != 0 {
		return l.at + n
	}
	n := 0
	for n < len(rest) && celLetter(rest[n]) {
		n++
	}
	if n > 0 {
		return l.at + n
	}
	for _, s := range []string{"&&", "||", "==", "!=", "<=", ">="} {
		if strings.HasPrefix(rest, s) {
			return l.at + 2
		}
	}
	if strings.IndexByte("<>+-*/%!?:.,()[]{}", rest[0]) >= 0 {
		return l.at + 1
	}
	return -1
}

func celDigit(c byte) bool { return c >= '0' && c <= '9' }

// celLetter tells whether a character is one of a name behind its first.
func celLetter(c byte) bool {
	return c == '_' || celDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// celNumber is the length of a number such as 12, 1.5e-3, 7u or 0xFF.
func celNumber(s string) int {
	n := 0
	for ; n < len(s); n++ {
		c := s[n]
		switch {
		case celLetter(c):
		case c == '.' && n+1 < len(s) && celDigit(s[n+1]) && !strings.ContainsAny(s[:n], ".eExX"):
		case (c == '-' || c == '+') && n > 0 && s[n-1]|0x20 == 'e' && !strings.ContainsAny(s[:n], "xX"):
		default:
			return n
		}
	}
	return n
}

// celText is the length of a text or of bytes with the letters before its quotes; 0
// where none begins, -1 where it does not end.
func celText(s string) int {
	n := 0
	for n < 2 && n < len(s) && strings.IndexByte("rRbB", s[n]) >= 0 {
		n++
	}
	if n == len(s) || s[n] != '"' && s[n] != '\'' {
		return 0
	}
	raw := strings.ContainsAny(s[:n], "rR")
	quote := s[n : n+1]
	if strings.HasPrefix(s[n:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	for n += len(quote); n < len(s); n++ {
		switch {
		case strings.HasPrefix(s[n:], quote):
			return n + len(quote)
		case s[n] == '\\' && !raw:
			n++
		case s[n] == '\n' && len(quote) == 1:
			return -1
		}
	}
	return -1
}

// classify says what the word is, by what stands before it.
func (l *celLexer) classify(w *word) bool {
	switch c := w.text[0]; {
	case strings.HasPrefix(w.text, "//"):
		w.kind = celComment
	case w.text == "in" && !l.after(dot):
		w.kind = operator
	case celDigit(c), c == '.' && len(w.text) > 1, strings.ContainsAny(w.text, `"'`):
		w.kind = literal
	case celLetter(c):
		w.kind = name
	case c == '.':
		w.kind = dot
	case c == ',':
		w.kind = comma
	case strings.IndexByte("([{", c) >= 0:
		w.kind = opening
		l.open = append(l.open, level{bracket: c})
	case strings.IndexByte(")]}", c) >= 0:
		w.kind = closing
		return l.close(c)
	case w.text == "!", w.text == "-" && !l.afterOperand():
		w.kind = prefix
	case c == '?':
		w.kind = question
		l.level().choices++
	case c == ':':
		w.kind = l.colon()
	default:
		w.kind = operator
	}
	return true
}

// close leaves the innermost bracket.
func (l *celLexer) close(c byte) bool {
	last := len(l.open) - 1
	if last < 0 || l.open[last].bracket != map[byte]byte{')': '(', ']': '[', '}': '{'}[c] {
		return false
	}
	l.open = l.open[:last]
	return true
}

// level is the innermost bracket.
func (l *celLexer) level() *level {
	if len(l.open) == 0 {
		return &level{}
	}
	return &l.open[len(l.open)-1]
}

func (l *celLexer) colon() wordKind {
	if in := l.level(); in.bracket == '{' && in.choices == 0 {
		return mapColon
	} else if in.choices > 0 {
		in.choices--
	}
	return choiceColon
}

// before is the word before, comments left out.
func (l *celLexer) before() (word, bool) {
	for i := len(l.words) - 1; i >= 0; i-- {
		if l.words[i].kind != celComment {
			return l.words[i], true
		}
	}
	return word{}, false
}

func (l *celLexer) after(k wordKind) bool {
	w, ok := l.before()
	return ok && w.kind == k
}

func (l *celLexer) afterOperand() bool { return l.after(name) || l.after(literal) || l.after(closing) }
