package format

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// block is what a scalar behind | or > consists of.
type block struct {
	style  byte // | or >
	keep   bool // blank lines at its end belong to it
	indent int  // of its content, in the text
	// lines are the content without that indentation. Blank ones at the end are
	// there only with keep. There are none where all of it is white space.
	lines []string
}

// blockScalar steps over the line with | or >, and over the lines of the content.
// A comment in the first line is a token behind the scalar.
func (s *scanner) blockScalar(n *yaml.Node) bool {
	b := &block{style: s.text[s.at]}
	if b.style != '|' && b.style != '>' {
		return false
	}
	head, _, commented := strings.Cut(s.text[s.at:s.endOfLine()], "#")
	b.keep = strings.Contains(head, "+")
	behind := s.line // the number of the next line, from 0
	taken := s.content(b, firstSpaces(n.Value), behind)

	start := s.at
	t := s.add(scalarToken, start+len(strings.TrimRight(head, " \t")))
	t.node, t.block, t.last = n, b, behind+taken
	if commented {
		s.at = start + len(head)
		s.add(commentToken, s.endOfLine())
	}
	if taken > 0 {
		s.line = behind + taken
		s.at = s.lines[s.line-1] + len(s.lineAt(s.line-1))
	}
	return true
}

// firstSpaces is how many spaces stand before the first words of a value, or -1
// where it has none.
func firstSpaces(value string) int {
	for line := range strings.SplitSeq(value, "\n") {
		if words := strings.TrimLeft(line, " "); words != "" {
			return len(line) - len(words)
		}
	}
	return -1
}

// content reads the content of a block from a line on, counted from 0, and tells
// how many lines it has.
func (s *scanner) content(b *block, inside, from int) (taken int) {
	var lines []string
	for i := from; i < len(s.lines); i++ {
		line := s.lineAt(i)
		words := strings.TrimLeft(line, " ")
		spaces := len(line) - len(words)
		if words != "" && b.indent == 0 && inside >= 0 {
			b.indent = spaces - inside
		}
		behindLast := i == len(s.lines)-1 && line == ""
		if behindLast || words != "" && (inside < 0 || spaces < b.indent) {
			break
		}
		lines = append(lines, line)
		if b.keep || words != "" || b.indent > 0 && spaces > b.indent {
			taken = len(lines)
		}
	}
	if inside >= 0 {
		b.lines = without(lines[:taken], b.indent)
	}
	return taken
}

// without is the lines without their indentation.
func without(lines []string, indent int) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = line[min(indent, len(line)):]
	}
	return out
}

func (s *scanner) lineAt(i int) string {
	line, _, _ := strings.Cut(s.text[s.lines[i]:], "\n")
	return line
}
