package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/interpreter"

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

	pool sync.Pool // of *evaluation

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
	e := m.evaluation(ev)
	hits, ok := m.index.Find(&e.finder, ev)
	if !ok { // the data is not what it says it is
		m.release(e)
		from := len(into)
		into = m.MatchOneByOne(ev, into)
		slices.SortFunc(into[from:], func(a, b Match) int { return strings.Compare(a.Rule.Name, b.Rule.Name) })
		return into
	}
	m.sort(hits)
	for _, h := range hits {
		into = m.take(into, h, e)
	}
	m.release(e)
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
	e := m.evaluation(ev)
	into = m.plain().match(e, into)
	m.release(e)
	return into
}

// Candidates is how many rules [Matcher.Match] looks at one by one for an event.
func (m *Matcher) Candidates(ev *cloudevent.Event) int {
	e := m.evaluation(ev)
	defer m.release(e)
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

// evaluation is what the conditions of one event share.
type evaluation struct {
	finder index.Finder
	event  eventValue
	frame  *interpreter.ExecutionFrame
}

func (m *Matcher) evaluation(ev *cloudevent.Event) *evaluation {
	e, ok := m.pool.Get().(*evaluation)
	if !ok {
		e = &evaluation{}
		e.frame = newFrame(&e.event)
	}
	e.event.reset(ev)
	return e
}

func (m *Matcher) release(e *evaluation) {
	e.event.reset(nil)
	m.pool.Put(e)
}

// newFrame is what a program runs in. Making it once for all conditions of an
// event saves a third of the time of a simple one.
func newFrame(e *eventValue) *interpreter.ExecutionFrame {
	return &interpreter.ExecutionFrame{Activation: e}
}

// try asks one rule whose `on` fits.
func (e *evaluation) try(r *CompiledRule, into []Match) []Match {
	if r.condition == nil {
		return append(into, Match{Rule: r})
	}
	ok, err := r.condition.eval(&e.event, e.frame)
	switch {
	case err != nil:
		return append(into, Match{Rule: r, Err: &conditionError{rule: r, cause: err}})
	case ok:
		return append(into, Match{Rule: r})
	}
	return into
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

// conditionError is the real error on which a condition failed. Its text is
// made when somebody reads it, which on a busy path nobody does.
type conditionError struct {
	rule  *CompiledRule
	cause error             // or nil: evaluating the condition
	event *cloudevent.Event // for this event tells
}

// Error implements error.
func (e *conditionError) Error() string {
	cause := e.cause
	if cause == nil {
		v := eventValue{}
		v.reset(e.event)
		if _, cause = e.rule.condition.eval(&v, newFrame(&v)); cause == nil {
			cause = errNoMore
		}
	}
	return fmt.Sprintf("the condition of rule %q failed: %s", e.rule.Name, plainError(cause, e.rule.condition.compiled().calls))
}

// errNoMore cannot be, as long as an index and CEL agree.
var errNoMore = errors.New("it did not, when it was evaluated again")

type errNotBool struct{ got string }

func (e errNotBool) Error() string {
	return "its result is " + e.got + ", not true or false"
}

var errCost = errors.New("it takes too long on this event (more than " + fmt.Sprint(costLimit) + " steps)")
