package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wye-events/wye/rules/index"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// Matcher is a compiled rule set. It is immutable and safe for use by many
// goroutines at once.
type Matcher struct {
	version string
	rules   []*CompiledRule // all of them, in order of name
	known   *shapes         // of their conditions

	// index has the enabled rules, each under its place in byID. They are there
	// in order of name, unless the matcher was made from another.
	index   *index.Index
	byID    []*CompiledRule
	changed bool
	trees   trees

	orders map[string]*Key // by target

	spare evaluations

	plain func() *plain
}

// CompiledRule is a rule, ready to be matched.
type CompiledRule struct {
	*Rule // read only

	condition *condition // nil: always
}

// Match is what one rule says of an event: that it matches, or, with Err, that
// its condition failed with a real error (see [OnError] for what that means).
type Match struct {
	Rule *CompiledRule
	Err  error
}

// Version is that of the [Ruleset].
func (m *Matcher) Version() string { return m.version }

// Rules are all rules of the set in order of name, disabled ones included.
func (m *Matcher) Rules() []*CompiledRule { return m.rules }

// Match appends to into the rules that match the event or fail on it, in order
// of name, and returns the result.
func (m *Matcher) Match(ev *cloudevent.Event, into []Match) []Match {
	e := m.spare.of(ev)
	hits, ok := m.index.Find(&e.finder, ev)
	if !ok { // the data is not what it says it is
		m.spare.release(e)
		from := len(into)
		into = m.MatchOneByOne(ev, into)
		slices.SortFunc(into[from:], func(a, b Match) int { return strings.Compare(a.Rule.Name, b.Rule.Name) })
		return into
	}
	m.sort(hits)
	for _, h := range hits {
		into = m.take(into, h, e)
	}
	m.spare.release(e)
	return into
}

// sort puts rules in order of name.
func (m *Matcher) sort(hits []index.Hit) {
	if m.changed {
		slices.SortFunc(hits, func(a, b index.Hit) int { return strings.Compare(m.byID[a.ID].Name, m.byID[b.ID].Name) })
		return
	}
	slices.SortFunc(hits, func(a, b index.Hit) int { return cmp.Compare(a.ID, b.ID) })
}

// take adds what the index found, once it is known for certain.
func (m *Matcher) take(into []Match, h index.Hit, e *evaluation) []Match {
	r := m.byID[h.ID]
	switch {
	case h.Ask:
		return e.try(r, into)
	case h.Stopped:
		return append(into, Match{Rule: r, Err: &conditionError{rule: r, cause: errCost}})
	case h.Failed:
		return append(into, Match{Rule: r, Err: &conditionError{rule: r, event: e.event.ev}})
	}
	return append(into, Match{Rule: r})
}

// MatchOneByOne gives the answer of [Matcher.Match], in the order of the rules'
// event types, by evaluating one rule after the other with CEL. It is the
// yardstick that Match is held against, in what it answers and in what it
// costs. The data of the event is decoded when the first condition asks for it,
// and once.
func (m *Matcher) MatchOneByOne(ev *cloudevent.Event, into []Match) []Match {
	e := m.spare.of(ev)
	into = m.plain().match(e, into)
	m.spare.release(e)
	return into
}

// Candidates is how many rules [Matcher.Match] looks at one by one for an event.
func (m *Matcher) Candidates(ev *cloudevent.Event) int {
	e := m.spare.of(ev)
	defer m.spare.release(e)
	m.index.Find(&e.finder, ev)
	return e.finder.Looked
}

// IndexInfo describes the index of a [Matcher].
type IndexInfo struct {
	Rules      int      // enabled ones
	NotIndexed int      // those that are evaluated for every event that their `on` fits
	Unindexed  []string // names of the first of them
	Bytes      int64    // of memory, beside the rules themselves
}

// Index describes the index.
func (m *Matcher) Index() IndexInfo {
	const names = 100
	info := IndexInfo{Bytes: m.index.Bytes()}
	for _, r := range m.unindexed(names) {
		info.Unindexed = append(info.Unindexed, r.Name)
	}
	for _, r := range m.rules {
		if r.Enabled {
			info.Rules++
		}
	}
	m.index.Loose(func(uint32) { info.NotIndexed++ })
	return info
}

// unindexed are the first of the rules that only the type of an event selects.
func (m *Matcher) unindexed(most int) (rules []*CompiledRule) {
	m.index.Loose(func(id uint32) {
		if len(rules) < most {
			rules = append(rules, m.byID[id])
		}
	})
	return rules
}

// FitsType reports whether the rule looks at events of a type at all.
func (r *CompiledRule) FitsType(eventType string) bool {
	for _, on := range r.On {
		if on == eventType || isPattern(on) && compileType(on).fits(eventType) {
			return true
		}
	}
	return false
}

// exactTypes are the event types of its `on` that have no stars.
func (r *CompiledRule) exactTypes() (exact []string) {
	for _, on := range r.On {
		if !isPattern(on) {
			exact = append(exact, on)
		}
	}
	return exact
}
