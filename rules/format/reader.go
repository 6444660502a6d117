package format

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/wye-events/wye/rules"
)

// reader reads tokens along the tree. After an error it goes on, and gives
// something that is not to be used.
type reader struct {
	text   string
	tokens []token
	at     int
	last   int // the line in which the token before ends
	err    error
}

// context is where a value stands.
type context struct {
	layout *rules.Layout
	column int  // of the entry that it is the value of
	line   int  // of that entry's key or dash
	flow   bool // inside { } or [ ]
}

// value reads the value of an entry, or the whole file. The comments before and
// behind it go to the entry.
func (p *reader) value(n *yaml.Node, e *entry, in context) *item {
	e.place(p.behind())
	switch {
	case isNothing(n):
		it := &item{layout: in.layout}
		if !in.flow {
			it.tail = p.tail(in.column + 1)
		}
		return it
	case n.Kind != yaml.ScalarNode && n.Style&yaml.FlowStyle == 0:
		return p.block(n, in)
	}
	for p.peek().kind == commentToken {
		e.head = append(e.head, p.comment())
	}
	var it *item
	if n.Kind == yaml.ScalarNode {
		it = p.scalar(n, e, in)
	} else {
		it = p.flow(n, e, in)
	}
	e.place(p.behind())
	return it
}

func (p *reader) scalar(n *yaml.Node, e *entry, in context) *item {
	t := p.take(n)
	if t.block != nil {
		p.last = t.line
		e.place(p.behind())
		p.last = t.last
	}
	return &item{layout: in.layout, token: t, below: in.line > 0 && t.line > in.line}
}

// block reads a mapping or a list in which each entry has its own line.
func (p *reader) block(n *yaml.Node, in context) *item {
	it := &item{kind: kindOf(n), layout: in.layout}
	var before *entry
	p.each(n, in.layout, func(key, value *yaml.Node, layout *rules.Layout) {
		e := &entry{}
		p.before(e, before)
		t := p.peek()
		if it.column == 0 {
			it.column = t.column
		}
		colon := p.begin(e, key)
		inner := context{layout: layout, column: it.column, line: t.line}
		if colon || isNothing(value) {
			e.value = p.value(value, e, inner)
		}
		it.entries = append(it.entries, e)
		before = e
	})
	least := it.column
	if it.kind == list { // it may stand right below its key
		least = max(least, in.column+1)
	}
	it.tail = p.tail(least)
	return it
}

// each calls for every entry of a mapping or list, with the layout of its value.
func (p *reader) each(n *yaml.Node, l *rules.Layout, read func(key, value *yaml.Node, layout *rules.Layout)) {
	if l == nil {
		l = &rules.Layout{}
	}
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			read(nil, c, l.Each)
		}
		return
	}
	for i := 0; i+1 < len(n.Content) && p.err == nil; i += 2 {
		layout := l.Under[n.Content[i].Value]
		if len(l.Keys) == 0 {
			layout = l.Each
		}
		read(n.Content[i], n.Content[i+1], layout)
	}
}

// begin reads the key and the colon of a pair, or the dash of an entry of a list.
// It tells whether there was a colon or a dash.
func (p *reader) begin(e *entry, key *yaml.Node) bool {
	if key == nil {
		return p.expect('-')
	}
	if p.peek().kind == '?' {
		p.step()
		e.head = append(e.head, p.comments()...)
	}
	e.key = p.take(key)
	if (e.key.line != e.key.last || e.key.block != nil) && p.err == nil {
		p.err = fmt.Errorf("the key in line %d does not end there; a key is a text in one line", e.key.line)
	}
	e.head = append(e.head, p.comments()...)
	if p.peek().kind == ':' {
		p.step()
		return true
	}
	return false
}

// before reads the comments before an entry. Those that stand right below the
// entry before and apart from this one stay with that.
func (p *reader) before(e, before *entry) {
	e.head = p.comments()
	e.blank = p.peek().line-p.last > 1
	if before == nil || len(e.head) == 0 || e.head[0].blank {
		return
	}
	for i := 1; i <= len(e.head); i++ {
		if i == len(e.head) && e.blank || i < len(e.head) && e.head[i].blank {
			before.foot, e.head = e.head[:i], e.head[i:]
			return
		}
	}
}

// flow reads a mapping or a list in brackets. What is commented behind the opening
// bracket is so behind the entry.
func (p *reader) flow(n *yaml.Node, outer *entry, in context) *item {
	it := &item{kind: kindOf(n), flow: true, layout: in.layout}
	opening, closing := tokenKind('{'), tokenKind('}')
	if it.kind == list {
		opening, closing = '[', ']'
	}
	bare := it.kind == mapping && p.peek().kind != opening // [a: 1]
	if !bare {
		p.expect(opening)
		outer.place(p.behind())
	}
	p.each(n, in.layout, func(key, value *yaml.Node, layout *rules.Layout) {
		e := &entry{head: p.comments()}
		if key == nil || p.begin(e, key) || !isNothing(value) {
			e.value = p.value(value, e, context{layout: layout, flow: true})
		} else {
			e.value = &item{layout: layout}
		}
		it.entries = append(it.entries, e)
		if bare {
			return
		}
		e.foot = p.comments()
		if p.peek().kind == ',' {
			p.step()
			e.place(p.behind())
		}
	})
	if !bare {
		it.tail = p.comments()
		p.expect(closing)
	}
	if len(it.entries) == 0 {
		outer.head, it.tail = append(outer.head, it.tail...), nil
	}
	return it
}

// tail reads the comments that stand in a column or more to the right.
func (p *reader) tail(column int) (all []comment) {
	for p.peek().kind == commentToken && p.peek().column >= column {
		all = append(all, p.comment())
	}
	return all
}

func (p *reader) comments() []comment { return p.tail(0) }

// behind is the comment in the line in which the token before ends, if there is one.
func (p *reader) behind() *comment {
	t := p.peek()
	if t.kind != commentToken || t.line != p.last || t.first {
		return nil
	}
	c := p.comment()
	before := p.text[:t.start]
	c.column, c.gap = t.column, len(before)-len(strings.TrimRight(before, " \t"))
	return &c
}

func (p *reader) comment() comment {
	t := p.peek()
	c := comment{text: p.text[t.start:t.end], blank: t.line-p.last > 1}
	p.step()
	return c
}

func (p *reader) peek() token {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return token{}
}

func (p *reader) step() {
	p.last = p.peek().last
	p.at++
}

func (p *reader) expect(kind tokenKind) bool {
	if p.peek().kind != kind {
		p.fail()
		return false
	}
	p.step()
	return true
}

// fail keeps the first error.
func (p *reader) fail() {
	if p.err == nil {
		p.err = errUnknown
	}
}

// take reads the token of a scalar.
func (p *reader) take(n *yaml.Node) *token {
	t := p.peek()
	if t.kind != scalarToken || t.node != n {
		p.fail()
		return &token{}
	}
	p.step()
	return &t
}
