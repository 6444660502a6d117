package rules

import (
	"slices"
	"strings"
)

// tree is a text and the parts that it is made of, so that a text that shows a
// fault can be made smaller: by leaving parts out, or by taking a part for the
// whole. Conditions and JSON texts are trees. A tree is never changed.
type tree struct {
	before, between, after string
	parts                  []*tree
	constant               *constant // what to put in its place for another text of this shape
}

// constant is what a tree that is one literal stands for.
type constant struct {
	kind   kind
	choice []string // nil: any literal of the kind
}

func leaf(text string) *tree { return &tree{before: text} }

// infix is parts with an operator between them.
func infix(operator string, parts ...*tree) *tree { return &tree{between: operator, parts: parts} }

// wrap is parts, separated by commas, between two texts.
func wrap(before, after string, parts ...*tree) *tree {
	return &tree{before: before, between: ", ", after: after, parts: parts}
}

func (t *tree) String() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

func (t *tree) write(b *strings.Builder) {
	b.WriteString(t.before)
	for i, p := range t.parts {
		if i > 0 {
			b.WriteString(t.between)
		}
		p.write(b)
	}
	b.WriteString(t.after)
}

func (t *tree) with(parts []*tree) *tree { return &tree{t.before, t.between, t.after, parts, nil} }

// variant is a text of the same shape with other constants.
func (w *world) variant(t *tree) *tree {
	if c := t.constant; c != nil {
		switch {
		case w.chance(20):
			return t
		case w.chance(10):
			return w.literal(kind(w.IntN(int(kinds))))
		case c.choice != nil:
			return w.choice(c.choice)
		}
		return w.literal(c.kind)
	}
	if len(t.parts) == 0 {
		return t
	}
	parts := make([]*tree, len(t.parts))
	for i := range parts {
		parts[i] = w.variant(t.parts[i])
	}
	return t.with(parts)
}

// choice is one of some constants.
func (w *world) choice(all []string) *tree {
	return &tree{before: pick(w, all), constant: &constant{choice: all}}
}

// smaller are the trees that are one step smaller, those that leave most out
// first.
func (t *tree) smaller(simplest []string) []*tree {
	all := slices.Clone(t.parts)
	for i := range t.parts {
		all = append(all, t.with(slices.Delete(slices.Clone(t.parts), i, i+1)))
	}
	for _, s := range simplest {
		if len(t.parts) > 0 || len(s) < len(t.before) {
			all = append(all, leaf(s))
		}
	}
	for i, p := range t.parts {
		for _, small := range p.smaller(simplest) {
			parts := slices.Clone(t.parts)
			parts[i] = small
			all = append(all, t.with(parts))
		}
	}
	return all
}

// shrink makes a tree smaller as long as it still does what it does.
func (t *tree) shrink(simplest []string, still func(*tree) bool) *tree {
	for {
		i := slices.IndexFunc(t.smaller(simplest), still)
		if i < 0 {
			return t
		}
		t = t.smaller(simplest)[i]
	}
}
