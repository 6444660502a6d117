package format

import (
	"strings"
	"unicode/utf8"
)

// How many columns a line may have, without a comment.
const (
	width     = 100
	listWidth = 120 // of a list of plain entries: event types are long
)

// unfold turns what is written in { } or [ ], and does not go into one line, into
// lines of its own. Its entries would be indented by indent; in the line in which it
// begins, used columns are taken.
func (p *printer) unfold(it *item, indent, used int) {
	if it.flow && len(it.entries) > 0 {
		it.flow = !it.commented() && used+utf8.RuneCountInString(p.flow(it)) <= it.limit()
	}
	if !it.isBlock() {
		return
	}
	for _, e := range it.entries {
		taken := indent + len("- ")
		if e.key != nil {
			taken = indent + utf8.RuneCountInString(p.text(e.key)) + len(": ")
		}
		p.unfold(e.value, indent+2, taken)
	}
}

func (it *item) limit() int {
	if it.kind == list {
		for _, e := range it.entries {
			if e.value.kind != scalar {
				return width
			}
		}
		return listWidth
	}
	return width
}

// flow writes a value in one line.
func (p *printer) flow(it *item) string {
	if it.kind == scalar {
		return p.inline(it)
	}
	var b strings.Builder
	b.WriteString(map[kind]string{mapping: "{", list: "["}[it.kind])
	for i, e := range it.entries {
		if i > 0 {
			b.WriteString(", ")
		}
		if e.key != nil {
			b.WriteString(p.text(e.key))
		}
		if e.key != nil && (e.value.kind != scalar || e.value.token != nil) {
			b.WriteString(": ")
		}
		b.WriteString(p.flow(e.value))
	}
	b.WriteString(map[kind]string{mapping: "}", list: "]"}[it.kind])
	return b.String()
}
