package rules

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/cel-go/interpreter"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// Matcher is a compiled rule set. It is immutable and safe for use by many
// goroutines at once.
type Matcher struct {
	version string
	rules   []*CompiledRule // all of them, in order of name

	// Only rules whose `on` fits an event's type are looked at: those that name
	// the type, found by it, and those with stars, tried one by one.
	byType   map[string][]*CompiledRule
	patterns []*CompiledRule

	pool sync.Pool
}

// CompiledRule is a rule, ready to be matched.
type CompiledRule struct {
	*Rule // read only

	condition *condition // nil: always
	exact     []string
	stars     []typePattern
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

// Match appends to into the rules that match the event or fail on it, and
// returns the result.
func (m *Matcher) Match(ev *cloudevent.Event, into []Match) []Match {
	return m.MatchOneByOne(ev, into)
}

// MatchOneByOne gives the answer of [Matcher.Match] by evaluating one rule
// after the other with CEL. It is the yardstick that Match is held against, in
// what it answers and in what it costs. The data of the event is decoded when
// the first condition asks for it, and once.
func (m *Matcher) MatchOneByOne(ev *cloudevent.Event, into []Match) []Match {
	var e *evaluation
	for _, r := range m.byType[ev.Type] {
		into, e = m.try(r, ev, into, e)
	}
	for _, r := range m.patterns {
		if r.fitsPattern(ev.Type) && !slices.Contains(r.exact, ev.Type) {
			into, e = m.try(r, ev, into, e)
		}
	}
	if e != nil {
		e.event.reset(nil)
		m.pool.Put(e)
	}
	return into
}

// try asks one rule whose `on` fits. The evaluation is made when the first
// rule with a condition needs it.
func (m *Matcher) try(r *CompiledRule, ev *cloudevent.Event, into []Match, e *evaluation) ([]Match, *evaluation) {
	if r.condition == nil {
		return append(into, Match{Rule: r}), e
	}
	if e == nil {
		e = m.evaluation(ev)
	}
	ok, err := r.condition.eval(&e.event, e.frame)
	switch {
	case err != nil:
		into = append(into, Match{Rule: r, Err: &conditionError{rule: r, cause: err}})
	case ok:
		into = append(into, Match{Rule: r})
	}
	return into, e
}

// evaluation is what the conditions of one event share.
type evaluation struct {
	event eventValue
	frame *interpreter.ExecutionFrame
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

// newFrame is what a program runs in. Making it once for all conditions of an
// event saves a third of the time of a simple one.
func newFrame(e *eventValue) *interpreter.ExecutionFrame {
	return &interpreter.ExecutionFrame{Activation: e}
}

func (r *CompiledRule) fitsPattern(eventType string) bool {
	for i := range r.stars {
		if r.stars[i].fits(eventType) {
			return true
		}
	}
	return false
}

// FitsType reports whether the rule looks at events of a type at all.
func (r *CompiledRule) FitsType(eventType string) bool {
	return slices.Contains(r.exact, eventType) || r.fitsPattern(eventType)
}

func newCompiledRule(r *Rule, c *condition) *CompiledRule {
	compiled := &CompiledRule{Rule: r, condition: c}
	for _, on := range r.On {
		if isPattern(on) {
			compiled.stars = append(compiled.stars, compileType(on))
		} else {
			compiled.exact = append(compiled.exact, on)
		}
	}
	return compiled
}

func newMatcher(version string, rules []*CompiledRule) *Matcher {
	m := &Matcher{version: version, rules: rules, byType: map[string][]*CompiledRule{}}
	for _, r := range rules {
		if !r.Enabled {
			continue
		}
		for _, on := range r.exact {
			m.byType[on] = append(m.byType[on], r)
		}
		if len(r.stars) > 0 {
			m.patterns = append(m.patterns, r)
		}
	}
	return m
}

// conditionError is the real error on which a condition failed. Its text is
// made when somebody reads it, which on a busy path nobody does.
type conditionError struct {
	rule  *CompiledRule
	cause error
}

// Error implements error.
func (e *conditionError) Error() string {
	return fmt.Sprintf("the condition of rule %q failed: %s", e.rule.Name, plainError(e.cause, e.rule.condition.calls))
}

type errNotBool struct{ got string }

func (e errNotBool) Error() string {
	return "its result is " + e.got + ", not true or false"
}

var errCost = errors.New("it takes too long on this event (more than " + fmt.Sprint(costLimit) + " steps)")
