package format

import (
	"gopkg.in/yaml.v3"

	"github.com/wye-events/wye/rules"
)

// item is a part of the file: a text, a mapping or a list, with the comments
// inside it.
type item struct {
	kind    kind
	layout  *rules.Layout // nil where it has none
	entries []*entry
	tail    []comment // behind the last entry
	column  int       // of its entries, where each has its line
	flow    bool      // written in { } or [ ]

	token *token // of a scalar; nil where it is written as nothing
	below bool   // a scalar that begins in a line below its key
	line  string // it in one line, once that is known
}

type kind byte

const (
	scalar kind = iota
	mapping
	list
)

func kindOf(n *yaml.Node) kind {
	switch n.Kind {
	case yaml.MappingNode:
		return mapping
	case yaml.SequenceNode:
		return list
	}
	return scalar
}

// entry is a pair of a mapping, or an entry of a list, with its comments: those
// before it, the one behind it in its line, and those below it where they are
// nearer to it than to what follows.
type entry struct {
	head  []comment
	blank bool   // there are blank lines right before it, behind head
	key   *token // nil in lists
	value *item
	line  *comment
	foot  []comment
}

// comment is a comment with its #.
type comment struct {
	text   string
	blank  bool // there are blank lines before it
	column int  // where it stood, if it stood behind something
	gap    int  // how many characters stood between that and it
}

// place puts a comment behind the entry. One that is there already goes before
// the entry.
func (e *entry) place(c *comment) {
	if c == nil {
		return
	}
	if e.line != nil {
		e.head = append(e.head, comment{text: e.line.text})
	}
	e.line = c
}

// blankBefore tells whether there are blank lines before the entry and its head.
func (e *entry) blankBefore() bool {
	if len(e.head) > 0 {
		return e.head[0].blank
	}
	return e.blank
}

func (e *entry) setBlankBefore(blank bool) {
	if len(e.head) > 0 {
		e.head[0].blank = blank
		return
	}
	e.blank = blank
}

// isBlock tells whether each of its entries has its own line.
func (it *item) isBlock() bool { return it.kind != scalar && !it.flow }

// commented tells whether there is a comment inside, so that it does not go into
// one line.
func (it *item) commented() bool {
	if len(it.tail) > 0 {
		return true
	}
	for _, e := range it.entries {
		if len(e.head)+len(e.foot) > 0 || e.line != nil || e.value.commented() {
			return true
		}
	}
	return false
}
