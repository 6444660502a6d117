package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// maxNames is among how many names the nearest is looked for.
const maxNames = 1000

// eventNames remembers what there is in the objects of an event: many rules ask for
// what is absent from the same few, which may be large.
type eventNames struct {
	objects map[*jsonNode]memberNames
	deeper  map[string]string
}

func newEventNames() *eventNames {
	return &eventNames{objects: map[*jsonNode]memberNames{}, deeper: map[string]string{}}
}

// memberNames are names of the members of an object, its first ones if there
// are many.
type memberNames struct {
	names []string
	more  int
}

// list shows the names; "" where there are none.
func (m memberNames) list() string {
	shown := slices.Sorted(slices.Values(m.names))
	more := m.more
	if extra := len(shown) - hintListMax; extra > 0 {
		shown, more = shown[:hintListMax], more+extra
	}
	text := strings.Join(shown, ", ")
	if more > 0 && text != "" {
		text += fmt.Sprintf(" and %s more", thousands(more))
	}
	return text
}

func (n *eventNames) of(m traits.Mapper) memberNames {
	o, ok := m.(*jsonObj)
	if !ok {
		return namesOf(m)
	}
	at := &o.doc.nodes[o.self]
	found, ok := n.objects[at]
	if !ok {
		found = namesOf(m)
		n.objects[at] = found
	}
	return found
}

func namesOf(m traits.Mapper) (all memberNames) {
	for it := m.Iterator(); it.HasNext() == types.True; {
		name, ok := it.Next().(types.String)
		if ok && len(name) <= 100 && len(all.names) < maxNames {
			all.names = append(all.names, string(name))
		} else {
			all.more++
		}
	}
	return all
}

// findDeeper looks for a name elsewhere in the event: as an attribute, at the
// top of the data, and in the objects inside it, the outer ones first. People
// forget a level more often than they misspell a name.
func (n *eventNames) findDeeper(e *eventValue, name string) string {
	path, ok := n.deeper[name]
	if !ok {
		path = n.searchDeeper(e, name)
		n.deeper[name] = path
	}
	return path
}

func (n *eventNames) searchDeeper(e *eventValue, name string) string {
	if len(name) < 3 {
		return ""
	}
	if slices.Contains(e.attributeNames(), name) {
		return "event." + name
	}
	data, err := e.dataValue()
	if err != nil || data == nil {
		return ""
	}
	type level struct {
		path  string
		value ref.Val
	}
	next := []level{{"event.data", data}}
	for looked := 0; len(next) > 0 && looked < maxNames; looked++ {
		m, ok := next[0].value.(traits.Mapper)
		path := next[0].path
		next = next[1:]
		if !ok {
			continue
		}
		if _, found := m.Find(types.String(name)); found {
			return memberPath(path, name)
		}
		for _, inner := range n.of(m).names {
			if v, ok := m.Find(types.String(inner)); ok && len(next) < maxNames {
				next = append(next, level{memberPath(path, inner), v})
			}
		}
	}
	return ""
}
