package format

import (
	"slices"
	"strings"

	"github.com/wye-events/wye/rules"
)

// sort puts the known keys of all mappings into their order. Blank lines stay
// where they are: an entry that goes elsewhere leaves them to the one that takes
// its place.
func (d *document) sort() {
	if first := d.root.displaced(); first != nil {
		d.head = append(d.head, first.takeHeader()...)
	}
	d.root.sort()
}

// displaced is the first entry, if it will not be that any more.
func (it *item) displaced() *entry {
	if !it.sorted() {
		return nil
	}
	for _, e := range it.entries {
		if it.rank(e) < it.rank(it.entries[0]) {
			return it.entries[0]
		}
	}
	return nil
}

// sorted tells whether the order of its keys is known.
func (it *item) sorted() bool {
	return it.kind == mapping && it.layout != nil && len(it.layout.Keys) > 0
}

func (it *item) sort() {
	for _, e := range it.entries {
		e.value.sort()
	}
	if !it.sorted() {
		return
	}
	blanks := make([]bool, len(it.entries))
	for i, e := range it.entries {
		blanks[i] = e.blankBefore()
	}
	slices.SortStableFunc(it.entries, func(a, b *entry) int { return it.rank(a) - it.rank(b) })
	for i, e := range it.entries {
		e.setBlankBefore(blanks[i])
	}
}

func (it *item) rank(e *entry) int { return rank(it.layout, e.key.node.Value) }

// rank is the place of a key among those that are known.
func rank(l *rules.Layout, key string) int {
	if i := slices.Index(l.Keys, key); i >= 0 {
		return i
	}
	return len(l.Keys)
}

// takeHeader takes from the head of the file's first entry what is about the file:
// all that blank lines set apart from it, and what editors read.
func (e *entry) takeHeader() []comment {
	n := 0
	for i := range e.head {
		apart := i+1 < len(e.head) && e.head[i+1].blank || i+1 == len(e.head) && e.blank
		if apart || strings.HasPrefix(e.head[i].text, "# yaml-language-server:") {
			n = i + 1
		}
	}
	header := e.head[:n]
	e.head = e.head[n:]
	return header
}
