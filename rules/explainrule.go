package rules

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/interpreter"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// UnknownRule is the error of asking for a rule that there is not.
type UnknownRule struct {
	Name string
	Hint string // the rule that was probably meant, or the rules that there are
}

// Error implements error.
func (e *UnknownRule) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("there is no rule %s; %s", quote(e.Name), e.Hint), "; ")
}

// named are the rules of those names, or all.
func (m *Matcher) named(names []string) ([]*CompiledRule, error) {
	if len(names) == 0 {
		return m.rules, nil
	}
	var asked []*CompiledRule
	for _, name := range names {
		at, ok := slices.BinarySearchFunc(m.rules, name, func(r *CompiledRule, name string) int { return cmp.Compare(r.Name, name) })
		if !ok {
			var known []string
			for _, r := range m.rules {
				known = append(known, r.Name)
			}
			return nil, &UnknownRule{name, hintNearest(name, known, "the rules are")}
		}
		if !slices.Contains(asked, m.rules[at]) {
			asked = append(asked, m.rules[at])
		}
	}
	return asked, nil
}

// Known says whether there are rules of these names; the error is an
// [*UnknownRule].
func (m *Matcher) Known(names ...string) error {
	_, err := m.named(names)
	return err
}

// inspection is what one worker needs to explain rules for one event. The
// event's data is decoded for each worker, since values are looked up in it.
type inspection struct {
	event    eventValue
	verdicts map[*CompiledRule]error // of the rules that match or fail, as matching gives them
	options  ExplainOptions
	files    map[string]*file // by their text, for the places of parts
	names    *eventNames
}

func newInspection(ev *cloudevent.Event, verdicts map[*CompiledRule]error, o ExplainOptions) *inspection {
	in := &inspection{verdicts: verdicts, options: o, files: map[string]*file{}, names: newEventNames()}
	in.event.reset(ev)
	return in
}

// verdicts is the answer of matching, which an explanation never changes.
func (m *Matcher) verdicts(ev *cloudevent.Event) map[*CompiledRule]error {
	all := map[*CompiledRule]error{}
	for _, match := range m.Match(ev, nil) {
		all[match.Rule] = match.Err
	}
	return all
}

// explainAll explains rules on all processors, in their order.
func explainAll(ev *cloudevent.Event, asked []*CompiledRule, verdicts map[*CompiledRule]error, o ExplainOptions) []ExplainedRule {
	const share = 64 // rules that one worker takes at a time
	all := make([]ExplainedRule, len(asked))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 1+len(asked)/share) {
		workers.Go(func() {
			in := newInspection(ev, verdicts, o)
			for from := range next {
				for i := from; i < min(from+share, len(asked)); i++ {
					all[i] = in.rule(asked[i], o.detailed())
				}
			}
		})
	}
	for from := 0; from < len(asked); from += share {
		next <- from
	}
	close(next)
	workers.Wait()
	return all
}

// rule explains one rule, in detail or only as far as its place among the
// others depends on it.
func (in *inspection) rule(r *CompiledRule, detail bool) ExplainedRule {
	x := ExplainedRule{
		Name: r.Name, Description: r.Description, On: r.On, When: r.When, To: r.To, OnError: r.OnError,
		Place: Place{File: r.Place.File, Line: r.Place.Line, Column: r.Place.Column}, Until: r.Until,
	}
	if r.Shadow() {
		x.Mode = r.Mode
	}
	if r.sampled() {
		x.Sample = r.Sample
	}
	eventType := in.event.ev.Type
	switch {
	case !r.FitsType(eventType):
		x.Outcome, x.Reason, x.Near = OutcomeWrongType, ReasonWrongType, r.nearType(eventType)
		x.Message = "it looks at " + typesWords(r.On)
		if on, ok := nearlyOf(eventType, r.exactTypes()); ok {
			x.Nearest = on
			x.Message += ", which is nearly the type of the event"
		}
	case r.condition == nil:
		x.Outcome, x.Near = OutcomeMatched, 1
	default:
		in.condition(&x, r, detail)
	}
	if !r.Enabled {
		x.WouldMatch = x.Outcome == OutcomeMatched
		x.Outcome, x.Reason, x.Message = OutcomeDisabled, ReasonDisabled, disabledWords(x)
		return x
	}
	in.rollout(&x, r)
	return x
}

// rollout tells how carefully the rule is rolled out, and what that means for the
// event.
func (in *inspection) rollout(x *ExplainedRule, r *CompiledRule) {
	if x.Outcome != OutcomeMatched && x.Outcome != OutcomeFailed {
		return
	}
	x.Part = r.Part(in.event.ev, in.options.Accepted)
	if x.Outcome == OutcomeMatched && x.Part != PartLive {
		x.Outcome, x.Reason, x.Message = OutcomeHeldBack, heldBackReasons[x.Part], heldBackWords(r.Rule, x.Part)
	}
}

var heldBackReasons = map[Part]Reason{PartShadow: ReasonShadow, PartUnsampled: ReasonUnsampled, PartOver: ReasonOver}

// typesWords lists event types, as far as a line has room for them.
func typesWords(on []string) string {
	const most = 3
	if len(on) <= most {
		return strings.Join(on, ", ")
	}
	return fmt.Sprintf("%s and %d more types", strings.Join(on[:most-1], ", "), len(on)-most+1)
}

const notMet = "its condition is not met"

func disabledWords(x ExplainedRule) string {
	switch {
	case x.WouldMatch:
		return "it is disabled; otherwise it would match"
	case x.Message == notMet:
		return "it is disabled, and would not match otherwise"
	case x.Message != "":
		return "it is disabled, and would not match otherwise: " + x.Message
	}
	return "it is disabled"
}

// condition tells the verdict of matching, and where it is no match, asks the
// parts of the condition for the reason.
func (in *inspection) condition(x *ExplainedRule, r *CompiledRule, detail bool) {
	failure, held := in.verdicts[r]
	switch {
	case held && failure == nil:
		x.Outcome, x.Near = OutcomeMatched, 1
		if !detail {
			return
		}
	case held:
		x.Outcome, x.Reason, x.Message = OutcomeFailed, ReasonError, failure.Error()
	default:
		x.Outcome, x.Reason, x.Message = OutcomeNotMatched, ReasonFalse, notMet
	}
	take := dissectRoughly
	if detail || !r.Enabled {
		take = dissect
	}
	d, ok := take(r.When)
	if !ok {
		return
	}
	e, top := newEvaluator(d), &scope{activation: &in.event}
	tooLong := failedAtCost(failure)
	if tooLong { // finding that out again, or how near it was, takes as long again
		e.known[known{d.root, top}] = reading{err: interpreter.EvalCancelledError{Cause: interpreter.CostLimitExceeded, Message: errCost.Error()}}
		if !detail {
			return
		}
	}
	if !r.Enabled && e.reading(d.root, top).isTrue() {
		x.Outcome = OutcomeMatched
	}
	if !tooLong {
		x.Near = rounded(e.near(d.root, top, true))
	}
	if detail {
		in.detail(x, r, e, top)
	}
}

// detail adds the tree of the condition, and what in it decided.
func (in *inspection) detail(x *ExplainedRule, r *CompiledRule, e *evaluator, top *scope) {
	f := in.files[r.Place.text] // rules that were kept over a change are of an older text of their file
	if f == nil {
		f = newFile(r.Place.File, []byte(r.Place.text))
		in.files[r.Place.text] = f
	}
	w := &explainer{
		evaluator: e, ev: &in.event, names: in.names, places: r.Place.inside(r.When, f),
		all: in.options.All, left: maxParts, rounds: map[known][]*scope{},
	}
	x.Condition = w.part(e.root, top, true)
	x.Condition.inFile(r.Place.File)
	if x.Outcome == OutcomeMatched {
		return
	}
	x.Decided = w.decided(x.Condition, e.root, top)
	if found := w.finding(e.root, top); found.reason != "" {
		x.Reason, x.Message, x.Nearest = found.reason, found.message, found.nearest
	}
}

// inFile writes into all places in which file they are.
func (p *ExplainedPart) inFile(name string) {
	p.Place.File = name
	for _, kid := range p.Parts {
		kid.inFile(name)
	}
	for _, e := range p.Elements {
		e.Part.inFile(name)
	}
}
