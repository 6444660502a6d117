package rules

import (
	"errors"
	"fmt"
	"sync"

	"github.com/google/cel-go/interpreter"

	"github.com/wye-events/wye/rules/index"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// evaluation is what the conditions of one event share.
type evaluation struct {
	finder index.Finder
	event  eventValue
	frame  *interpreter.ExecutionFrame
}

// evaluations are used again for one event after the other. The zero value is
// ready.
type evaluations struct{ pool sync.Pool }

// of is an evaluation for an event, to be released.
func (p *evaluations) of(ev *cloudevent.Event) *evaluation {
	e, ok := p.pool.Get().(*evaluation)
	if !ok {
		e = &evaluation{}
		e.frame = newFrame(&e.event)
	}
	e.event.reset(ev)
	return e
}

func (p *evaluations) release(e *evaluation) {
	e.event.reset(nil)
	p.pool.Put(e)
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
