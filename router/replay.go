package router

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// EventSelection says which events of the archive a replay delivers again, and
// to whom: all that the rules in force say of them, or only what one rule says,
// or only to one target. Where nothing narrows it, All must say so.
type EventSelection struct {
	All    bool   `json:"all,omitempty"`
	Where  string `json:"where,omitempty"` // CEL over event and headers, as in a rule
	Rule   string `json:"rule,omitempty"`
	Target string `json:"target,omitempty"`
}

// Moment is a place in the archive: a sequence, or where that is 0 a time, or
// neither.
type Moment struct {
	Sequence uint64
	At       time.Time
}

// ParseMoment reads a moment: a sequence, or a time in RFC 3339.
func ParseMoment(text string) (m Moment, err error) {
	if text == "" {
		return m, nil
	}
	if m.Sequence, err = strconv.ParseUint(text, 10, 64); err == nil && m.Sequence > 0 {
		return m, nil
	}
	if m.At, err = time.Parse(time.RFC3339Nano, text); err == nil {
		return Moment{At: m.At}, nil
	}
	return Moment{}, errors.New("expected a sequence from 1 on, or a time such as 2006-01-02T15:04:05Z")
}

// ReplayRequest asks for a replay of the events from a moment up to another,
// both included. Without From nothing is replayed; To is now where it is empty.
type ReplayRequest struct {
	EventSelection
	From, To Moment
	Rate     float64 // events a second; 0 for no bound
}

// Replay begins to deliver events of the archive again, as the rules in force
// say, with delivery ids of their own and the operation's id as a mark. Events
// that come later are not touched.
func (r *Router) Replay(ctx context.Context, q ReplayRequest) (Operation, error) {
	op, err := r.replayOperation(ctx, q)
	if err != nil {
		return op, err
	}
	return r.operations.start(ctx, op)
}

// replayOperation is what is asked for, with the window's ends found.
func (r *Router) replayOperation(ctx context.Context, q ReplayRequest) (op Operation, err error) {
	narrow := q.Where != "" || q.Rule != "" || q.Target != ""
	switch {
	case q.From == Moment{}:
		return op, badRequest("say from when on events are to be replayed: from")
	case !narrow && !q.All:
		return op, badRequest("say which events are meant with where, or for which rule or target; or all")
	case narrow && q.All:
		return op, badRequest("all events for all rules and targets, or some: all goes with no where, rule or target")
	}
	if err := checkRate(q.Rate); err != nil {
		return op, err
	}
	if err := r.known(q.EventSelection); err != nil {
		return op, err
	}
	head := r.bus.Durable()
	from, err := r.sequenceOf(ctx, q.From, 0)
	if err != nil {
		return op, err
	}
	until, err := r.sequenceOf(ctx, q.To, 1)
	if err != nil {
		return op, err
	}
	if q.To == (Moment{}) {
		until = head
	}
	until = min(until, head)
	if q.To != (Moment{}) && q.From.Sequence > 0 && q.To.Sequence > 0 && q.From.Sequence > q.To.Sequence || !q.From.At.IsZero() && !q.To.At.IsZero() && q.From.At.After(q.To.At) {
		return op, badRequest("the window ends before it begins")
	}
	selection := q.EventSelection
	// Without events in the window it ends at once; Cursor never lies below From.
	return Operation{Kind: OperationReplay, Events: &selection, Rate: q.Rate, From: from, Until: until, Cursor: from - 1}, nil
}

// known refuses names that the rules in force do not have.
func (r *Router) known(s EventSelection) error {
	source := r.set.Load().source
	if s.Rule != "" {
		i := slices.IndexFunc(source.Rules, func(rule *rules.Rule) bool { return rule.Name == s.Rule })
		if i < 0 {
			names := make([]string, len(source.Rules))
			for i, rule := range source.Rules {
				names[i] = rule.Name
			}
			return notInRules("rule", s.Rule, names)
		}
		if state := source.Rules[i].State(time.Now()); state != rules.PartLive {
			return badRequest("rule %q is %s, so nothing of it is delivered", s.Rule, stateWords[state])
		}
	}
	if s.Target != "" && r.noWay(s.Target) != "" {
		return notInRules("target", s.Target, targetNames(source))
	}
	return nil
}

var stateWords = map[rules.Part]string{rules.PartShadow: "a shadow", rules.PartOver: "over"}

// notInRules refuses a name that the rules in force do not have.
func notInRules(kind, name string, known []string) error {
	text := fmt.Sprintf("%s %q is not in the rules", kind, name)
	if hint := rules.NearestName(name, known, "there are"); hint != "" {
		text += "; " + hint
	}
	return badRequest("%s", text)
}

func targetNames(source *rules.Ruleset) []string {
	names := make([]string, len(source.Targets))
	for i := range source.Targets {
		names[i] = source.Targets[i].Name
	}
	return names
}

// sequenceOf is the sequence of a moment: of the first event at it or later, or
// with before set to 1 of the last event that is not later.
func (r *Router) sequenceOf(ctx context.Context, m Moment, before int) (uint64, error) {
	if m.At.IsZero() {
		return m.Sequence, nil
	}
	if before == 0 {
		return r.bus.SequenceAt(ctx, m.At)
	}
	next, err := r.bus.SequenceAt(ctx, m.At.Add(time.Nanosecond))
	return next - 1, err
}

// eventFilter is a selection that can be asked about events.
type eventFilter struct {
	EventSelection
	where *rules.Condition
}

func (s EventSelection) filter() (*eventFilter, error) {
	f := &eventFilter{EventSelection: s}
	if s.Where == "" {
		return f, nil
	}
	var problems rules.Problems
	if f.where, problems = rules.NewCondition("where", s.Where); f.where == nil {
		return nil, &RequestError{Detail: "the condition cannot be used: " + problems[0].Message, Problems: problems}
	}
	return f, nil
}

// again is what a replay makes of one event.
type again struct {
	seq     uint64
	event   *cloudevent.Event
	matched bool // it meets the condition
	set     *ruleset
	to      []repeat
	skipped []string // why some deliveries are left
	failed  string   // why it could not be judged
}

// repeat is one delivery.
type repeat struct{ rule, target string }

// judge decides about one event of the archive with the rule set in force, as if
// it were accepted at a time: that at which the replay began.
func (f *eventFilter) judge(r *Router, rec *bus.Record, at time.Time) (a again) {
	a.seq = rec.Sequence
	ev, err := eventOf(rec)
	if err != nil {
		a.failed = "the event cannot be read back"
		return a
	}
	a.event = ev.Event
	if f.where != nil {
		held, err := f.where.Holds(a.event)
		if err != nil {
			a.failed = conditionFailed(err)
		}
		if !held {
			return a
		}
	}
	a.matched, a.set = true, r.set.Load()
	for _, m := range a.set.matcher.MatchAt(a.event, at, nil) {
		f.take(r, &a, &m)
	}
	return a
}

// take adds the deliveries of one match.
func (f *eventFilter) take(r *Router, a *again, m *rules.Match) {
	if f.Rule != "" && m.Rule.Name != f.Rule {
		return
	}
	for _, target := range m.Rule.To {
		if f.Target != "" && target != f.Target {
			continue
		}
		switch {
		case !delivers(m):
		case m.Err != nil && m.Rule.OnError == rules.OnErrorDeadLetter:
			a.skipped = append(a.skipped, "the condition of the rule "+m.Rule.Name+" failed")
		case r.noWay(target) != "":
			a.skipped = append(a.skipped, r.noWay(target))
		default:
			a.to = append(a.to, repeat{m.Rule.Name, target})
		}
	}
}

// tally is what looking at the event came to, before its deliveries are made.
func (a *again) tally() tally {
	t := tally{looked: 1, skipped: uint64(len(a.skipped)), why: a.skipped}
	if a.failed != "" {
		t.failed, t.why = 1, append(t.why, a.failed)
	}
	if a.matched {
		t.matched = 1
	}
	return t
}

const eventsAtOnce = 256

// eachEvent shows visit the events of the archive from a sequence up to another,
// in order, until it has an error. It calls lost for events that are not kept
// any more, or cannot be read.
func (r *Router) eachEvent(ctx context.Context, from, until uint64, visit func(*bus.Record) error, lost func(from, to uint64) error) error {
	for from <= until {
		got, err := r.bus.EventsFrom(ctx, from, int(min(until-from+1, eventsAtOnce)))
		if err != nil {
			return err
		}
		if len(got) == 0 {
			return lost(from, until)
		}
		for i := range got {
			rec := &got[i]
			if rec.Sequence > from {
				if err := lost(from, min(rec.Sequence-1, until)); err != nil {
					return err
				}
			}
			if rec.Sequence > until {
				return nil
			}
			if err := visit(rec); err != nil {
				return err
			}
			from = rec.Sequence + 1
		}
	}
	return nil
}
