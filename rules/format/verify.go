package format

import (
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/wye-events/wye/rules"
)

// same tells whether two documents say the same and have the same comments.
func same(before, after *document) bool {
	return slices.Equal(before.comments(), after.comments()) && sameTree(before.tree, after.tree, rules.FileLayout())
}

// sameTree compares two trees, of which the second has its keys in order.
func sameTree(a, b *yaml.Node, l *rules.Layout) bool {
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	if l == nil {
		l = &rules.Layout{}
	}
	switch a.Kind {
	case yaml.ScalarNode:
		if a.ShortTag() != b.ShortTag() {
			return false
		}
		return a.Value == b.Value || l.Expression && sameConditions(a.Value, b.Value)
	case yaml.SequenceNode:
		for i := range a.Content {
			if !sameTree(a.Content[i], b.Content[i], l.Each) {
				return false
			}
		}
		return true
	}
	pairs := inOrder(a, l)
	for i, p := range inOrder(b, l) {
		layout := l.Under[p.key.Value]
		if len(l.Keys) == 0 {
			layout = l.Each
		}
		if !sameTree(pairs[i].key, p.key, nil) || !sameTree(pairs[i].value, p.value, layout) {
			return false
		}
	}
	return true
}

type pair struct{ key, value *yaml.Node }

// inOrder are the pairs of a mapping with the known keys in their order.
func inOrder(n *yaml.Node, l *rules.Layout) []pair {
	all := make([]pair, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		all = append(all, pair{n.Content[i], n.Content[i+1]})
	}
	if len(l.Keys) > 0 {
		slices.SortStableFunc(all, func(a, b pair) int { return rank(l, a.key.Value) - rank(l, b.key.Value) })
	}
	return all
}
