package rules

import (
	"slices"

	"github.com/wye-events/wye/rules/index"
)

func newCompiledRule(r *Rule, c *condition) *CompiledRule {
	return &CompiledRule{Rule: r, condition: c}
}

// newMatcher makes the matcher of rules in order of name. Parts are those of
// their conditions, if they are known.
func newMatcher(version string, rules []*CompiledRule, parts []conditionParts, known *shapes) *Matcher {
	m := &Matcher{version: version, rules: rules, known: known, plain: laterPlain(rules)}
	t := newIndexer()
	m.index = index.New(func(yield func(*index.Rule) bool) {
		for i, r := range rules {
			if !r.Enabled {
				continue
			}
			var p conditionParts
			if parts != nil {
				p = parts[i]
			}
			m.byID = append(m.byID, r)
			if !yield(t.rule(uint32(len(m.byID)-1), r, p, known)) {
				return
			}
		}
	}, m.ruleTree)
	return m
}

// with makes the matcher of a set that differs from this one's in a few rules.
func (m *Matcher) with(version string, rules, removed []*CompiledRule, added []addedRule) *Matcher {
	if m.index.Worn() || len(removed)+len(added) > max(1000, len(m.byID)/10) {
		return newMatcher(version, rules, nil, m.known)
	}
	n := &Matcher{version: version, rules: rules, known: m.known, plain: laterPlain(rules), changed: true}
	n.byID = slices.Clone(m.byID)
	t := newIndexer()
	var more []*index.Rule
	for _, r := range added {
		if r.Enabled {
			n.byID = append(n.byID, r.CompiledRule)
			more = append(more, t.rule(uint32(len(n.byID)-1), r.CompiledRule, r.conditionParts, m.known))
		}
	}
	n.index = m.index.With(more, m.idsOf(removed), n.ruleTree)
	return n
}

// idsOf are the IDs of rules, as far as the index has them.
func (m *Matcher) idsOf(rules []*CompiledRule) (ids []uint32) {
	if len(rules) == 0 {
		return nil
	}
	const few = 8
	is := func(r *CompiledRule) bool { return slices.Contains(rules, r) }
	if len(rules) > few {
		wanted := make(map[*CompiledRule]bool, len(rules))
		for _, r := range rules {
			wanted[r] = true
		}
		is = func(r *CompiledRule) bool { return wanted[r] }
	}
	for id, r := range m.byID {
		if is(r) {
			ids = append(ids, uint32(id))
		}
	}
	return ids
}

// ruleTree gives the index a rule again that it has only in compiled form.
func (m *Matcher) ruleTree(id uint32, eventType string) *index.Rule {
	r := m.byID[id]
	if !r.FitsType(eventType) {
		return nil
	}
	return m.trees.get(id, func() *index.Rule { return newIndexer().rule(id, r, conditionParts{}, m.known) })
}

// rule is a rule as the index understands it.
func (t *indexer) rule(id uint32, r *CompiledRule, parts conditionParts, known *shapes) *index.Rule {
	out := &index.Rule{ID: id, On: t.on(r)}
	if r.condition == nil {
		return out
	}
	if parts.shape == nil {
		parts.shape, parts.consts, _ = known.of(r.condition.text)
	}
	if parts.shape == nil { // cannot be: the condition was checked
		out.When = &index.Expr{Op: index.Unknown}
		return out
	}
	out.When = t.condition(parts.shape, parts.consts)
	return out
}
