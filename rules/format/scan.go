package format

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// token is a piece of the text that is not white space.
type token struct {
	kind       tokenKind
	start, end int  // in bytes
	line, last int  // the lines in which it begins and ends, from 1
	column     int  // in characters, from 1
	first      bool // nothing but white space stands before it in its line

	node  *yaml.Node // of a scalar
	block *block     // of a scalar that is written as a block
}

type tokenKind byte

// The kinds of tokens. Indicators are their own characters: - : ? , [ ] { }
const (
	scalarToken    tokenKind = 's'
	commentToken   tokenKind = '#'
	directiveToken tokenKind = '%'
	startToken     tokenKind = '>' // ---
	endToken       tokenKind = '<' // ...
)

// errUnknown says that the text is not what its tree made expect.
var errUnknown = errors.New("it is written in a way that wye fmt does not know, and stays as it is")

// scanner cuts a text into tokens.
type scanner struct {
	text   string // with \n at the ends of lines
	lines  []int  // where each begins
	tokens []token

	at    int
	line  int
	first bool     // nothing but white space was before in this line
	ended position // of the last token
	found position // of the last scalar
}

// scan gives the tokens of a text with that tree.
func scan(text string, root *yaml.Node) ([]token, error) {
	s := &scanner{text: text, line: 1, first: true, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	for _, n := range scalarsOf(root, nil) {
		start := s.offset(n.Line, n.Column)
		for s.at < start {
			if !s.next() {
				return nil, errUnknown
			}
		}
		if s.at != start || !s.scalar(n) {
			return nil, errUnknown
		}
	}
	for s.at < len(text) {
		if !s.next() {
			return nil, errUnknown
		}
	}
	return s.tokens, nil
}

// scalarsOf are the scalars of a tree in the order in which they are written, but
// for those that are written as nothing.
func scalarsOf(n *yaml.Node, all []*yaml.Node) []*yaml.Node {
	if n.Kind == yaml.ScalarNode && !isNothing(n) {
		return append(all, n)
	}
	for _, c := range n.Content {
		all = scalarsOf(c, all)
	}
	return all
}

// isNothing tells whether there is no text for a node: it is the value of `key:`.
func isNothing(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0 }

// offset is where a place is in the text, in bytes. Places are asked for in their
// order, and each costs its distance from the one before: a file may be one line.
func (s *scanner) offset(line, column int) int {
	if line < 1 || line > len(s.lines) {
		return -1
	}
	if line != s.found.line {
		s.found = position{line, 1, s.lines[line-1]}
	}
	for ; s.found.column < column && s.found.at < len(s.text); s.found.column++ {
		_, size := utf8.DecodeRuneInString(s.text[s.found.at:])
		s.found.at += size
	}
	return s.found.at
}

// position is a place in the text, and where that is in bytes.
type position struct{ line, column, at int }

// next steps over a character of white space or a token that is no scalar.
func (s *scanner) next() bool {
	switch c := s.text[s.at]; {
	case c == '\n':
		s.at++
		s.line, s.first = s.line+1, true
	case c == ' ', c == '\t':
		s.at++
	case c == '#':
		s.add(commentToken, s.endOfLine())
	case c == '%' && s.atLineStart():
		s.add(directiveToken, s.endOfLine())
	case s.marker("---"):
		s.add(startToken, s.at+3)
	case s.marker("..."):
		s.add(endToken, s.at+3)
	case strings.IndexByte("-:?,[]{}", c) >= 0:
		s.add(tokenKind(c), s.at+1)
	default:
		return false
	}
	return true
}

func (s *scanner) atLineStart() bool { return s.lines[s.line-1] == s.at }

func (s *scanner) marker(mark string) bool {
	rest, ok := strings.CutPrefix(s.text[s.at:], mark)
	return ok && s.atLineStart() && (rest == "" || strings.IndexByte(" \t\n", rest[0]) >= 0)
}

// endOfLine is where the line ends, but for white space.
func (s *scanner) endOfLine() int {
	line, _, _ := strings.Cut(s.text[s.at:], "\n")
	return s.at + len(strings.TrimRight(line, " \t"))
}

// add adds the token from here to there.
func (s *scanner) add(kind tokenKind, end int) *token {
	if s.ended.line != s.line {
		s.ended = position{s.line, 1, s.lines[s.line-1]}
	}
	s.ended.column += utf8.RuneCountInString(s.text[s.ended.at:s.at])
	s.ended.at = s.at
	t := token{kind: kind, start: s.at, end: end, line: s.line, first: s.first, column: s.ended.column}
	s.line += strings.Count(s.text[s.at:end], "\n")
	t.last = s.line
	s.at, s.first = end, false
	s.tokens = append(s.tokens, t)
	return &s.tokens[len(s.tokens)-1]
}

// scalar steps over a scalar.
func (s *scanner) scalar(n *yaml.Node) bool {
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return s.blockScalar(n)
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return s.quoted(n, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return s.quoted(n, '\'')
	}
	return s.plain(n)
}

func (s *scanner) quoted(n *yaml.Node, quote byte) bool {
	if s.text[s.at] != quote {
		return false
	}
	for end := s.at + 1; end < len(s.text); end++ {
		switch {
		case s.text[end] == '\\' && quote == '"':
			end++
		case s.text[end] == quote && quote == '\'' && strings.HasPrefix(s.text[end+1:], "'"):
			end++
		case s.text[end] == quote:
			s.add(scalarToken, end+1).node = n
			return true
		}
	}
	return false
}

// plain finds the characters of the value one after the other. There may be more
// or other white space between them.
func (s *scanner) plain(n *yaml.Node) bool {
	end := s.at
	for _, want := range n.Value {
		if unicode.IsSpace(want) && want < utf8.RuneSelf {
			continue
		}
		for end < len(s.text) && strings.IndexByte(" \t\n", s.text[end]) >= 0 {
			end++
		}
		have, size := utf8.DecodeRuneInString(s.text[end:])
		if have != want {
			return false
		}
		end += size
	}
	s.add(scalarToken, end).node = n
	return true
}
