package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"

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
	var known memberNames
	switch h := holder.(type) {
	case *eventValue:
		if name == "data" {
			f.message += "; the event has no data"
			return
		}
		known.names = h.attributeNames()
	case *headerMap:
		if known = x.names.of(h); len(known.names) == 0 {
			f.message += "; the event has no headers"
			return
		}
	case traits.Mapper:
		known = x.names.of(h)
	case traits.Lister:
		f.message += fmt.Sprintf("; `%s` has %s", shortened(path), elementsWords(sizeOf(h)))
		return
	default:
		f.message += fmt.Sprintf("; `%s` is %s", shortened(path), describe(holder))
		return
	}
	if near, ok := nearest(name, known.names); ok && near != name && utf8.RuneCountInString(name) > 2 {
		f.nearest = memberPath(path, near)
	} else if deeper := x.names.findDeeper(x.ev, name); deeper != "" {
		f.nearest = deeper
	}
	if f.nearest != "" {
		f.message += fmt.Sprintf("; there is `%s`", f.nearest)
	} else if list := known.list(); list != "" {
		f.message += fmt.Sprintf("; `%s` has %s", shortened(path), list)
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
