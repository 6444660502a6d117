package format

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// inline is a text in one line, of which it may have had several.
func (p *printer) inline(it *item) string {
	if it.token != nil && it.line == "" {
		it.line = p.oneLine(it)
	}
	return it.line
}

func (p *printer) oneLine(it *item) string {
	text, n := p.text(it.token), it.token.node
	if it.isCondition() {
		if out, ok := condition(n.Value); ok && (out != n.Value || strings.Contains(text, "\n")) {
			return styled(out, n.Style)
		}
	}
	if !strings.Contains(text, "\n") {
		return text
	}
	if n.Style == 0 && !strings.Contains(n.Value, "\n") {
		return n.Value
	}
	return doubleQuoted(n.Value)
}

// isCondition tells whether a text is CEL.
func (it *item) isCondition() bool {
	return it.layout != nil && it.layout.Expression && it.token.node.ShortTag() == "!!str"
}

// scalar writes a text behind its key or dash. One of several lines keeps them; one
// that begins below its key stays there if it does not fit behind it.
func (p *printer) scalar(e *entry, indent int, lead string) {
	lines := p.linesOf(e.value, indent)
	fits := indent+utf8.RuneCountInString(lead+" "+lines[0]) <= width
	if e.value.below && (len(lines) > 1 || !fits) {
		p.add(indent, lead, nil)
	} else if len(lines) > 1 {
		p.add(indent, lead+" "+lines[0], nil)
		lines = lines[1:]
	} else {
		p.add(indent, lead+" "+lines[0], e.line)
		return
	}
	for _, l := range lines {
		p.raw(indent+2, l)
	}
	p.lines[len(p.lines)-1].comment = e.line
}

// linesOf are the lines of a text that is no block, without their indentation.
func (p *printer) linesOf(it *item, indent int) []string {
	text, n := p.text(it.token), it.token.node
	if !strings.Contains(text, "\n") {
		return []string{p.inline(it)}
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if i > 0 {
			l = strings.TrimLeft(l, " \t")
		}
		if right := strings.TrimRight(l, " \t"); !strings.HasSuffix(right, `\`) {
			l = right
		}
		lines[i] = l
	}
	if !it.isCondition() {
		return lines
	}
	if n.Style == 0 {
		return plainCondition(lines, n.Value, width-indent-2)
	}
	if out := p.inline(it); !strings.Contains(out, "\n") && indent+2+utf8.RuneCountInString(out) <= width {
		return []string{out}
	}
	return lines
}

// plainCondition formats a condition that stands in several lines without quotes.
func plainCondition(lines []string, value string, width int) []string {
	written, ok := conditionLines(lines, value, width)
	if !ok {
		return lines
	}
	var out []string
	for _, l := range written {
		code := strings.TrimLeft(l.code, " ")
		if l.comment != nil || !plainSafe(code) {
			return lines
		}
		if l.blank {
			out = append(out, "")
		}
		out = append(out, code)
	}
	return out
}

// styled writes a text in one line, in a style or, where that would make it
// something else, in quotes.
func styled(text string, style yaml.Style) string {
	switch {
	case style&yaml.DoubleQuotedStyle != 0:
		return doubleQuoted(text)
	case style&yaml.SingleQuotedStyle != 0:
		return singleQuoted(text)
	case plainSafe(text):
		return text
	case strings.Contains(text, "'") && !strings.ContainsAny(text, `"\`):
		return doubleQuoted(text)
	}
	return singleQuoted(text)
}

// plainSafe tells whether a text without quotes, into which spaces were put, still
// is one text.
func plainSafe(text string) bool {
	return !strings.Contains(text, ": ") && !strings.HasSuffix(text, ":") && !strings.Contains(text, " #")
}

func singleQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func doubleQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r > 0xFFFF && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\U%08X`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// blockScalar writes a text behind | or >.
func (p *printer) blockScalar(e *entry, indent int, lead string) {
	b, n := e.value.token.block, e.value.token.node
	if len(b.lines) == 0 {
		p.add(indent, lead+" "+doubleQuoted(n.Value), e.line)
		return
	}
	strip := ""
	if !strings.HasSuffix(n.Value, "\n") {
		strip = "-"
	}
	if e.value.isCondition() && !b.keep {
		if lines, ok := conditionLines(b.lines, n.Value, width-indent-2); ok {
			p.add(indent, lead+" "+string(b.style)+strip, e.line)
			p.conditionLines(lines, b.indent, indent+2)
			return
		}
	}
	lines := b.lines
	if b.keep && strip == "" {
		strip = "+"
		for lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
		ends := len(n.Value) - len(strings.TrimRight(n.Value, "\n"))
		lines = append(lines[:len(lines):len(lines)], make([]string, ends-1)...)
	}
	p.add(indent, lead+" "+string(b.style)+explicit(lines)+strip, e.line)
	for _, l := range lines {
		p.raw(indent+2, l)
	}
	p.exact = b.keep
}

// explicit is the indicator of the indentation, where the content cannot show it
// because it begins with a space.
func explicit(lines []string) string {
	for _, l := range lines {
		if l != "" {
			if l[0] == ' ' {
				return "2"
			}
			return ""
		}
	}
	return ""
}

// conditionLines writes a condition in a block whose lines began in a column.
func (p *printer) conditionLines(lines []written, column, indent int) {
	for _, l := range lines {
		if l.blank {
			p.raw(0, "")
		}
		p.raw(indent, l.code)
		if l.comment == nil {
			continue
		}
		last := &p.lines[len(p.lines)-1]
		last.comment = &comment{text: l.comment.text, column: column + l.comment.column + 1, gap: l.comment.gap}
		last.inBlock = true
	}
}
