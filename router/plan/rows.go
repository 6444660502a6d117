package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wye-events/wye/rules"
)

// Kind says what became of a rule or of a target.
type Kind string

const (
	Unchanged Kind = "unchanged"
	Added     Kind = "added"
	Removed   Kind = "removed"
	Changed   Kind = "changed"
	Renamed   Kind = "renamed" // only rules, that are otherwise as they were
)

// row is one rule, as it is in both sets.
type row struct {
	kind     Kind
	old, new *rules.CompiledRule // nil where the rule is added, or removed

	// judge is the rule that the matcher has for both sides, nil where each
	// side has its own.
	judge *rules.CompiledRule

	oldTo, newTo []int32 // targets
	sameTo       bool    // both lead to the same targets
	reformed     []int32 // targets of both sides that get events in another form now
}

// name is what the rule is called, in the new set where it is there.
func (r *row) name() string {
	if r.new != nil {
		return r.new.Name
	}
	return r.old.Name
}

// pair finds out which rule is which in the other set. The rows are in order of
// name.
func pair(old, new []*rules.CompiledRule) (rows []row) {
	var gone, come []*rules.CompiledRule
	byName := func(r, other *rules.CompiledRule) int { return cmp.Compare(r.Name, other.Name) }
	for _, r := range old {
		if _, there := slices.BinarySearchFunc(new, r, byName); !there {
			gone = append(gone, r)
		}
	}
	for _, n := range new {
		if at, there := slices.BinarySearchFunc(old, n, byName); there {
			rows = append(rows, newRow(old[at], n))
		} else {
			come = append(come, n)
		}
	}
	rows = append(rows, renamed(gone, come)...)
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.name(), b.name()), cmp.Compare(a.kind, b.kind))
	})
	return rows
}

// renamed are the rows of rules that only one set has: where one that is gone
// says just what one that has come says, it has another name now.
func renamed(gone, come []*rules.CompiledRule) (rows []row) {
	bySaying := map[string][]*rules.CompiledRule{}
	for _, r := range gone {
		key := saying(r.Rule)
		bySaying[key] = append(bySaying[key], r)
	}
	was := map[*rules.CompiledRule]bool{}
	for _, n := range come {
		before := bySaying[saying(n.Rule)]
		if len(before) == 0 {
			rows = append(rows, row{kind: Added, new: n})
			continue
		}
		bySaying[saying(n.Rule)] = before[1:]
		was[before[0]] = true
		r := newRow(before[0], n)
		r.kind = Renamed
		rows = append(rows, r)
	}
	for _, r := range gone {
		if !was[r] {
			rows = append(rows, row{kind: Removed, old: r})
		}
	}
	return rows
}

// newRow is the row of a rule that both sets have.
func newRow(old, new *rules.CompiledRule) row {
	r := row{kind: Unchanged, old: old, new: new}
	if len(ruleSettings(old.Rule, new.Rule)) > 0 {
		r.kind = Changed
	}
	if old.SameCondition(new.Rule) {
		r.judge = old
	}
	return r
}

// saying is all that a rule does, as a text that is the same for rules that do
// the same.
func saying(r *rules.Rule) string {
	var b strings.Builder
	for _, s := range settingsOf(r) {
		b.WriteString(s.name + "\x00" + s.value + "\x00")
	}
	return b.String()
}
