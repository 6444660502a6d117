package rules

import (
	"cmp"
	"slices"
)

// Beside is a matcher of m's rules and of others too, which may be of another
// set and may have the names of rules of m: [Match.Rule] tells them apart. So an
// event is matched against two rule sets that have most rules in common in one
// go, and its data is read once. It shares the large part of m's index, as
// [Loader] does for a set of which little has changed, and leaves m as it is.
//
// It is for matching alone: its version, the keys of its orders and what it
// explains are those of m.
func (m *Matcher) Beside(others []*CompiledRule) *Matcher {
	all := slices.Concat(m.rules, others)
	slices.SortStableFunc(all, func(a, b *CompiledRule) int { return cmp.Compare(a.Name, b.Name) })
	added := make([]addedRule, len(others))
	for i, r := range others {
		added[i].CompiledRule = r
	}
	n := m.with(m.version, all, nil, added)
	n.orders = m.orders
	return n
}

// SameCondition tells whether two rules match the same events and fail on the
// same ones: their types of events and their conditions are written alike, and
// both are enabled or both are not. What becomes of the events may differ.
func (r *Rule) SameCondition(other *Rule) bool {
	return r.When == other.When && r.Enabled == other.Enabled && slices.Equal(r.On, other.On)
}
