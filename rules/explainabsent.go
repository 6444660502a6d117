package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// absence says of a field, an element or a header that it is not there, and
// what is there instead.
func (x *explainer) absence(c *clause, s *scope) finding {
	f := finding{reason: ReasonAbsent}
	what := x.textOf(c)
	if c.expr.Kind() == ast.SelectKind && c.expr.AsSelect().IsTestOnly() {
		what = x.textOf(c.kids[0]) + "." + c.expr.AsSelect().FieldName()
	}
	f.message = fmt.Sprintf("`%s` is absent", shortened(what))
	if len(c.kids) == 0 {
		return f
	}
	base, name := c.kids[0], x.memberName(c, s)
	holder := x.reading(base, s)
	if path := pathOf(base, s); path != "" && path != x.textOf(base) {
		f.message += fmt.Sprintf(" (%s is %s)", x.cited(base), path)
	}
	if holder.err != nil { // has() of something in something absent
		return x.absence(x.innermost(base, s), s)
	}
	f.hint(x, base, holder.value, name)
	return f
}

// innermost is the first clause on the way that is absent.
func (x *explainer) innermost(c *clause, s *scope) *clause {
	culprit, _, _ := x.culprit(c, s)
	return culprit
}

// memberName is the name that is asked for; "" where it is none.
func (x *explainer) memberName(c *clause, s *scope) string {
	if c.expr.Kind() == ast.SelectKind {
		return c.expr.AsSelect().FieldName()
	}
	if len(c.kids) == 2 {
		if name, ok := x.reading(c.kids[1], s).value.(types.String); ok {
			return string(name)
		}
	}
	return ""
}

// hint adds to an absence what there is instead.
func (f *finding) hint(x *explainer, base *clause, holder ref.Val, name string) {
	path := x.textOf(base)
	var known []string
	switch h := holder.(type) {
	case *eventValue:
		if name == "data" {
			f.message += "; the event has no data"
			return
		}
		known = h.attributeNames()
	case *headerMap:
		if known = namesOf(h); len(known) == 0 {
			f.message += "; the event has no headers"
			return
		}
	case traits.Mapper:
		known = namesOf(h)
	case traits.Lister:
		f.message += fmt.Sprintf("; `%s` has %s", shortened(path), elementsWords(sizeOf(h)))
		return
	default:
		f.message += fmt.Sprintf("; `%s` is %s", shortened(path), describe(holder))
		return
	}
	if near, ok := nearest(name, known); ok && near != name {
		f.nearest = memberPath(path, near)
	} else if deeper := findDeeper(x.ev, name); deeper != "" {
		f.nearest = deeper
	}
	if f.nearest != "" {
		f.message += fmt.Sprintf("; there is `%s`", f.nearest)
	} else if list := hintList(known, ""); list != "" {
		f.message += fmt.Sprintf("; `%s` has %s", shortened(path), strings.TrimPrefix(list, ": "))
	} else {
		f.message += fmt.Sprintf("; `%s` is empty", shortened(path))
	}
}

func elementsWords(n int) string {
	switch n {
	case 0:
		return "no elements"
	case 1:
		return "one element, [0]"
	}
	return fmt.Sprintf("%d elements, [0] to [%d]", n, n-1)
}

// shortened is text that was written by others, in one line and not too long.
func shortened(s string) string {
	const limit = 80
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > limit {
		r = append(r[:limit-1], '…')
	}
	return string(r)
}

// maxNames is among how many names the nearest is looked for.
const maxNames = 1000

func namesOf(m traits.Mapper) []string {
	var names []string
	for it := m.Iterator(); it.HasNext() == types.True && len(names) < maxNames; {
		if name, ok := it.Next().(types.String); ok && len(name) <= 100 {
			names = append(names, string(name))
		}
	}
	return names
}

// attributeNames are the attributes that the event has, its data included.
func (e *eventValue) attributeNames() []string {
	var names []string
	for _, name := range standardAttributes {
		if v, err := e.attribute(name); v != nil || err != nil {
			names = append(names, name)
		}
	}
	for i := range e.ev.Extensions {
		names = append(names, e.ev.Extensions[i].Name)
	}
	return names
}

// findDeeper looks for a name elsewhere in the event: as an attribute, at the
// top of the data, and in the objects inside it, the outer ones first. People
// forget a level more often than they misspell a name.
func findDeeper(e *eventValue, name string) string {
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
		for _, inner := range namesOf(m) {
			if v, ok := m.Find(types.String(inner)); ok && len(next) < maxNames {
				next = append(next, level{memberPath(path, inner), v})
			}
		}
	}
	return ""
}
