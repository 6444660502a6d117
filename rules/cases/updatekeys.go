package cases

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/wye-events/wye/rules"
)

// key changes one key of a case. It says what stands there then, or why not.
func (u *updater) key(r *Result, n *yaml.Node, key string) (written, refused string) {
	switch failing := failingRule(r); {
	case failing != "":
		return "", fmt.Sprintf("the condition of rule %s fails on the event: mend it, or write `error: %s` if that is meant", failing, failing)
	case r.Case.shared[key]:
		return "", fmt.Sprintf("`%s` stands at the test, for all its rows; write it into this row", key)
	case key == "not":
		return "", "`not` says that it must not happen; change it by hand if it may"
	case key == "error":
		return "", "change `error` by hand if the condition no longer fails"
	case key == "expect_some":
		return "", "`expect_some` says only what matters; change it by hand"
	}
	keyNode, value := entryOf(n, key)
	if value == nil {
		return "", "it is not found in the file"
	}
	ok := false
	switch key {
	case "expect":
		written, ok = u.expect(r, keyNode, value)
	case "expect_targets":
		written, ok = listText(r.outcome.targets), u.list(keyNode, value, r.outcome.targets)
	case "payload":
		return u.payload(r, value)
	}
	if !ok {
		return "", "it is written in a way that is not rewritten (comments inside of brackets, or a text over several lines); change it by hand"
	}
	return written, ""
}

// failingRule is a rule that fails though nobody expects it.
func failingRule(r *Result) string {
	for _, f := range r.Faults {
		if f.Kind == FaultFailed || f.Kind == FaultNotMatched && r.outcome.failure(f.Rule) != nil {
			return f.Rule
		}
	}
	return ""
}

// expect writes the rules that matched.
func (u *updater) expect(r *Result, key, value *yaml.Node) (string, bool) {
	if value.Kind != yaml.MappingNode {
		names := matchedNames(r.outcome)
		return listText(names), u.list(key, value, names)
	}
	var entries []string // the new mapping, those that were there first
	var items []item
	remove, seen := map[int]bool{}, map[string]bool{}
	before := len(u.edits)
	for i := 0; i+1 < len(value.Content); i += 2 {
		name, targets := value.Content[i], value.Content[i+1]
		items = append(items, item{name, targets})
		seen[name.Value] = true
		m := r.outcome.match(name.Value)
		if m == nil {
			remove[i/2] = true
			continue
		}
		text, changed := u.targets(targets, m.to)
		entries = append(entries, name.Value+": "+text)
		if changed && value.Style&yaml.FlowStyle == 0 && !u.list(name, targets, m.to) {
			return "", false
		}
	}
	var add []string
	for _, m := range r.outcome.matched {
		if !seen[m.rule.Name] {
			add = append(add, m.rule.Name+": "+listText(m.to))
		}
	}
	whole := "{" + strings.Join(append(entries, add...), ", ") + "}"
	if value.Style&yaml.FlowStyle != 0 || len(items) == 0 {
		u.edits = u.edits[:before]
		return whole, u.set(value, whole)
	}
	return whole, u.setItems(key, items, remove, add, "{}")
}

// targets is how the targets of a rule are written: as they were, where these are
// the same.
func (u *updater) targets(n *yaml.Node, names []string) (text string, changed bool) {
	var before []string
	switch n.Kind {
	case yaml.SequenceNode:
		for _, c := range n.Content {
			before = append(before, c.Value)
		}
	default:
		before = []string{n.Value}
	}
	if !sameNames(before, names) {
		if n.Kind == yaml.ScalarNode && len(names) == 1 {
			return names[0], true
		}
		return listText(names), true
	}
	if n.Kind == yaml.ScalarNode {
		return n.Value, false
	}
	return listText(before), false
}

// list writes a list of names.
func (u *updater) list(key, value *yaml.Node, names []string) bool {
	if value.Kind == yaml.ScalarNode && len(names) == 1 {
		return u.set(value, names[0])
	}
	if value.Kind == yaml.ScalarNode || value.Style&yaml.FlowStyle != 0 {
		return u.set(value, listText(names))
	}
	var items []item
	remove, seen := map[int]bool{}, map[string]bool{}
	for i, n := range value.Content {
		items = append(items, item{n, n})
		seen[n.Value] = true
		if !slices.Contains(names, n.Value) {
			remove[i] = true
		}
	}
	var add []string
	for _, name := range names {
		if !seen[name] {
			add = append(add, "- "+name)
		}
	}
	return u.setItems(key, items, remove, add, "[]")
}

func listText(names []string) string { return "[" + strings.Join(names, ", ") + "]" }

func matchedNames(o *outcome) (names []string) {
	for _, m := range o.matched {
		names = append(names, m.rule.Name)
	}
	return names
}

// payload writes the values that targets got in the place of those expected.
func (u *updater) payload(r *Result, value *yaml.Node) (written, refused string) {
	var all []string
	for _, f := range r.Faults {
		switch {
		case f.Key != "payload":
			continue
		case f.Kind == FaultNotDelivered:
			return "", f.Message + "; change it by hand"
		case f.difference.absent:
			return "", f.Path + " is not there in what the target gets; remove it by hand"
		}
		n := value
		if n.Kind == yaml.SequenceNode {
			n = n.Content[f.payload]
		}
		for _, step := range f.difference.steps {
			n = child(n, step)
		}
		text := shownWhole(f.Got)
		if n == nil || !u.set(n, text) {
			return "", f.Path + " is written over several lines, or with a comment inside; change it by hand"
		}
		all = append(all, f.Path+": "+shown(f.Got))
	}
	return strings.Join(all, ", "), ""
}

func child(n *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case string:
		if n != nil && n.Kind == yaml.MappingNode {
			_, value := entryOf(n, step)
			return value
		}
	case int:
		if n != nil && n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return n.Content[step]
		}
	}
	return nil
}

// entryOf is an entry of a mapping; nil where it has none.
func entryOf(n *yaml.Node, key string) (keyNode, value *yaml.Node) {
	for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

// caseAt is the mapping of the case or row that begins at a place.
func caseAt(n *yaml.Node, at rules.Place) *yaml.Node {
	_, list := entryOf(n, "tests")
	if list == nil {
		_, list = entryOf(n, "each")
	}
	if list == nil {
		return nil
	}
	for _, c := range list.Content {
		if c.Line == at.Line && c.Column == at.Column {
			return c
		}
		if row := caseAt(c, at); row != nil {
			return row
		}
	}
	return nil
}
