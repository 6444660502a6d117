package format

import (
	"slices"
	"strings"
)

// line is a line of the formatted text.
type line struct {
	text    string
	comment *comment // behind it
	part    int      // which entry of the file it belongs to
	inBlock bool     // it is a line of a condition in a block
}

// printer writes a document line by line.
type printer struct {
	source string
	lines  []line
	part   int
	dashes []int // in which columns the next line has a dash, from 0
	exact  bool  // a blank line behind the last one would belong to its text
}

func (p *printer) document(d *document) {
	p.comments(d.head, 0)
	for _, l := range d.lines {
		p.add(0, l, nil)
	}
	if d.root.flow {
		p.add(0, p.flow(d.root), nil)
		p.comments(d.root.tail, 0)
		return
	}
	p.block(d.root, 0)
}

// block writes the entries of a mapping or list, each in its line.
func (p *printer) block(it *item, indent int) {
	for i, e := range it.entries {
		if indent == 0 {
			p.part = i
		}
		first := i == 0 && indent > 0
		p.head(e, indent, first)
		p.entry(e, indent)
		p.comments(e.foot, indent)
	}
	p.comments(it.tail, indent)
}

// head writes the comments before an entry and the blank lines between them. Those
// of the first entry of a mapping behind a dash are above the dash already.
func (p *printer) head(e *entry, indent int, first bool) {
	if len(p.dashes) > 0 {
		return
	}
	for i, c := range above(e) {
		p.comment(c, indent, !first || i > 0)
	}
	if e.blank && (!first || len(e.head) > 0) {
		p.blank()
	}
}

// above are the comments above an entry: its own and, as there is no place for them
// behind a dash, those of what begins there.
func above(e *entry) []comment {
	all := slices.Clip(e.head)
	if e.key != nil || !e.value.isBlock() {
		return all
	}
	if e.line != nil {
		all = append(all, comment{text: e.line.text})
	}
	if first := e.value.entries[0]; len(above(first)) > 0 {
		all = append(all, above(first)...)
	}
	return all
}

func (p *printer) entry(e *entry, indent int) {
	v := e.value
	if e.key == nil && v.isBlock() {
		p.dashes = append(p.dashes, indent)
		p.block(v, indent+2)
		return
	}
	lead := "-"
	if e.key != nil {
		lead = p.text(e.key) + ":"
	}
	switch {
	case v.isBlock():
		p.add(indent, lead, e.line)
		p.block(v, indent+2)
	case v.kind != scalar:
		p.add(indent, lead+" "+p.flow(v), e.line)
	case v.token == nil:
		p.add(indent, lead, e.line)
		p.comments(v.tail, indent+2)
	case v.token.block != nil:
		p.blockScalar(e, indent, lead)
	default:
		p.scalar(e, indent, lead)
	}
}

// text is a token as it stands in the source.
func (p *printer) text(t *token) string { return p.source[t.start:t.end] }

// add adds a line.
func (p *printer) add(indent int, text string, c *comment) {
	start := []byte(strings.Repeat(" ", indent))
	for _, at := range p.dashes {
		start[at] = '-'
	}
	p.dashes, p.exact = nil, false
	p.lines = append(p.lines, line{text: strings.TrimRight(string(start)+text, " "), comment: c, part: p.part})
}

// raw adds a line of a text.
func (p *printer) raw(indent int, text string) {
	if text != "" {
		text = strings.Repeat(" ", indent) + text
	}
	p.lines = append(p.lines, line{text: text, part: p.part})
}

// blank adds a blank line, but not at the beginning of the file and where it would
// belong to a text.
func (p *printer) blank() {
	if len(p.lines) > 0 && !p.exact {
		p.raw(0, "")
	}
}

func (p *printer) comments(all []comment, indent int) {
	for _, c := range all {
		p.comment(c, indent, true)
	}
}

func (p *printer) comment(c comment, indent int, blank bool) {
	if c.blank && blank {
		p.blank()
	}
	p.add(indent, c.text, nil)
}
