package cases

import (
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// editor changes a few nodes of a YAML text and nothing around them: comments,
// blank lines and the style of all else stay as they are. It works on the text,
// by the places that the parser tells.
type editor struct {
	text  string
	lines []int // where each line begins, in bytes
	edits []edit
}

// edit replaces a part of the text.
type edit struct {
	from, to int
	text     string
}

func newEditor(text string) *editor {
	e := &editor{text: text, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			e.lines = append(e.lines, i+1)
		}
	}
	return e
}

// apply is the text with all edits, or false where two of them are in each
// other's way.
func (e *editor) apply() (string, bool) {
	slices.SortStableFunc(e.edits, func(a, b edit) int { return a.from - b.from })
	var b strings.Builder
	at := 0
	for _, one := range e.edits {
		if one.from < at {
			return "", false
		}
		b.WriteString(e.text[at:one.from] + one.text)
		at = one.to
	}
	return b.String() + e.text[at:], true
}

func (e *editor) replace(from, to int, text string) { e.edits = append(e.edits, edit{from, to, text}) }

// start is where a node begins.
func (e *editor) start(n *yaml.Node) int {
	at := e.lines[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(e.text[at:])
		at += size
	}
	return at
}

// end is where a node ends. It reports false where that is not certain: of a
// text over several lines.
func (e *editor) end(n *yaml.Node) (int, bool) {
	from := e.start(n)
	switch {
	case n.Kind != yaml.ScalarNode && n.Style&yaml.FlowStyle != 0:
		return e.endOfFlow(from)
	case n.Kind != yaml.ScalarNode && len(n.Content) == 0:
		return 0, false
	case n.Kind != yaml.ScalarNode:
		return e.end(n.Content[len(n.Content)-1])
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return e.endOfQuoted(from)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || n.Value == "" || !strings.HasPrefix(e.text[from:], n.Value):
		return 0, false
	}
	return from + len(n.Value), true
}

// endOfQuoted is the end of a text in quotes.
func (e *editor) endOfQuoted(from int) (int, bool) {
	quote := e.text[from]
	for i := from + 1; i < len(e.text); i++ {
		switch {
		case quote == '"' && e.text[i] == '\\':
			i++
		case quote == '\'' && strings.HasPrefix(e.text[i:], "''"):
			i++
		case e.text[i] == quote:
			return i + 1, true
		}
	}
	return 0, false
}

// endOfFlow is the end of what is in [ ] or { }. Where there is a comment inside,
// it reports false: it would be lost.
func (e *editor) endOfFlow(from int) (int, bool) {
	depth := 0
	for i := from; i < len(e.text); i++ {
		before := byte(' ')
		if i > from {
			before = e.text[i-1]
		}
		switch c := e.text[i]; {
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			if depth--; depth == 0 {
				return i + 1, true
			}
		case (c == '"' || c == '\'') && strings.IndexByte(" \t\n[{,:", before) >= 0:
			end, ok := e.endOfQuoted(i)
			if !ok {
				return 0, false
			}
			i = end - 1
		case c == '#' && strings.IndexByte(" \t\n", before) >= 0:
			return 0, false
		}
	}
	return 0, false
}

// line is the part of the text that is the line of a place, without its end.
func (e *editor) line(at int) (from, to int) {
	from = strings.LastIndexByte(e.text[:at], '\n') + 1
	to = len(e.text)
	if i := strings.IndexByte(e.text[at:], '\n'); i >= 0 {
		to = at + i
	}
	if to > from && e.text[to-1] == '\r' {
		to--
	}
	return from, to
}

// newline is how lines end in the text.
func (e *editor) newline() string {
	if strings.Contains(e.text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// set replaces a node.
func (e *editor) set(n *yaml.Node, text string) bool {
	end, ok := e.end(n)
	if ok {
		e.replace(e.start(n), end, text)
	}
	return ok
}

// item is an entry of a mapping or a list in lines of their own.
type item struct {
	first, last *yaml.Node // of an entry of a mapping the key and the value; of a list the entry twice
}

// setItems removes and adds entries of a mapping or list that is written in
// lines. Where nothing is left of it, none takes its place, behind the colon of
// its key.
func (e *editor) setItems(key *yaml.Node, all []item, remove map[int]bool, add []string, none string) bool {
	for i, it := range all {
		end, ok := e.end(it.last)
		if !ok {
			return false
		}
		from, _ := e.line(e.start(it.first))
		_, to := e.line(end)
		if remove[i] {
			e.replace(from, min(to+len(e.newline()), len(e.text)), "")
		}
		if i == len(all)-1 && len(add) > 0 {
			begin, _ := e.line(e.start(it.first))
			indent := e.text[begin : begin+len(e.text[begin:])-len(strings.TrimLeft(e.text[begin:], " "))]
			text := ""
			for _, one := range add {
				text += indent + one + e.newline()
			}
			at := min(to+len(e.newline()), len(e.text))
			if at == len(e.text) && !strings.HasSuffix(e.text, "\n") {
				text = strings.TrimSuffix(text, e.newline())
				if !remove[i] {
					text = e.newline() + text
				}
			}
			e.replace(at, at, text)
		}
	}
	if len(remove) == len(all) && len(add) == 0 {
		end, ok := e.end(key)
		if !ok || !strings.HasPrefix(e.text[end:], ":") {
			return false
		}
		e.replace(end+1, end+1, " "+none)
	}
	return true
}
