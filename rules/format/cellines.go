package format

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// celLine is a line of a condition.
type celLine struct {
	words []word // a comment can only be the last
	blank bool   // there are blank lines before it
}

// linesOf are the words line by line, as the author broke them.
func linesOf(words []word) (lines []celLine) {
	for i, w := range words {
		if i == 0 || w.breaks > 0 {
			lines = append(lines, celLine{blank: i > 0 && w.breaks > 1})
		}
		last := &lines[len(lines)-1]
		last.words = append(last.words, w)
	}
	return lines
}

// code is the line without its comment.
func (l celLine) code() []word {
	if n := len(l.words); n > 0 && l.words[n-1].kind == celComment {
		return l.words[:n-1]
	}
	return l.words
}

func (w word) joins() bool { return w.text == "&&" || w.text == "||" }

// breakStyle tells whether && and || stand at the ends of lines, by the first that
// stands at an end or a beginning. Without any, they stand at the beginnings.
func breakStyle(lines []celLine) (trailing bool) {
	for i, l := range lines {
		code := l.code()
		switch {
		case len(code) == 0:
		case i > 0 && code[0].joins():
			return false
		case i < len(lines)-1 && code[len(code)-1].joins():
			return true
		}
	}
	return false
}

// joinAlike moves each && and || at the end or the beginning of a line to where the
// first of them stands.
func joinAlike(lines []celLine, trailing bool) []celLine {
	before := -1 // the last line with code
	for i := range lines {
		code := lines[i].code()
		if len(code) == 0 {
			continue
		}
		if before >= 0 {
			above := lines[before].code()
			switch {
			case trailing && code[0].joins() && !above[len(above)-1].joins():
				lines[before].words = slices.Insert(slices.Clone(lines[before].words), len(above), code[0])
				lines[i].words = lines[i].words[1:]
			case !trailing && above[len(above)-1].joins() && !code[0].joins():
				at := len(above) - 1
				lines[i].words = slices.Insert(slices.Clone(lines[i].words), 0, above[at])
				lines[before].words = slices.Delete(slices.Clone(lines[before].words), at, at+1)
			}
		}
		if len(lines[i].code()) > 0 {
			before = i
		}
	}
	return slices.DeleteFunc(lines, func(l celLine) bool { return len(l.words) == 0 })
}

// narrow breaks lines that are wider than a width at the || that stand outside of
// brackets, and where that is not enough at the &&.
func narrow(lines []celLine, width int, trailing bool) (out []celLine) {
	depth := 0
	for _, l := range lines {
		at := depth
		for _, w := range l.words {
			depth += w.deeper()
		}
		parts := []celLine{l}
		for _, op := range []string{"||", "&&"} {
			parts = breakAt(parts, op, at, width, trailing)
		}
		out = append(out, parts...)
	}
	return out
}

func (w word) deeper() int {
	switch w.kind {
	case opening:
		return 1
	case closing:
		return -1
	}
	return 0
}

func breakAt(lines []celLine, op string, depth, width int, trailing bool) (out []celLine) {
	for _, l := range lines {
		if depth > 0 || utf8.RuneCountInString(inLine(l.code())) <= width {
			out = append(out, l)
			for _, w := range l.words {
				depth += w.deeper()
			}
			continue
		}
		from := 0
		code := l.code()
		for i, w := range code {
			depth += w.deeper()
			to := i
			if trailing {
				to = i + 1
			}
			if depth == 0 && w.text == op && to > from && to < len(code) {
				out = append(out, celLine{words: l.words[from:to], blank: l.blank && from == 0})
				from = to
			}
		}
		out = append(out, celLine{words: l.words[from:], blank: l.blank && from == 0})
	}
	return out
}

// written is a line of a condition as it is written.
type written struct {
	code    string
	comment *word
	blank   bool
}

// writeLines writes lines, each indented as deep as lines before it have opened
// brackets that are not closed.
func writeLines(lines []celLine) (out []written) {
	var open []int // of each open bracket the line that opened it
	for i, l := range lines {
		code := l.code()
		for len(code) > 0 && code[0].kind == closing && len(open) > 0 {
			open, code = open[:len(open)-1], code[1:]
		}
		deep := len(slices.Compact(slices.Clone(open)))
		for _, w := range code {
			switch {
			case w.kind == opening:
				open = append(open, i)
			case w.kind == closing && len(open) > 0:
				open = open[:len(open)-1]
			}
		}
		line := written{blank: l.blank && i > 0, code: strings.Repeat("  ", deep)}
		switch code, last := l.code(), &l.words[len(l.words)-1]; {
		case len(code) == 0:
			line.code += last.text
		case len(code) < len(l.words):
			line.comment = last
			fallthrough
		default:
			line.code += inLine(code)
		}
		out = append(out, line)
	}
	return out
}
