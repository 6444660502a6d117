package router

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// TailLine is one line of a tail. It is an event or one of the other things;
// an event's members are the line's own.
type TailLine struct {
	*TailEvent
	Outcome *TailOutcome `json:"outcome,omitempty"`
	// Missed counts what would have stood here, and was left out because the
	// watcher was slow. Whether it met the condition is not known.
	Missed uint64       `json:"missed,omitempty"`
	Failed *TailFailure `json:"where_failed,omitempty"`
}

// TailEvent is an event and where it goes. Rules are in order of name.
type TailEvent struct {
	Sequence uint64    `json:"sequence"`
	At       time.Time `json:"at"` // when it was routed
	Type     string    `json:"type"`
	Source   string    `json:"source"`
	ID       string    `json:"id"`
	Subject  string    `json:"subject,omitempty"`
	Time     string    `json:"time,omitempty"` // the event's own
	Version  string    `json:"rules_version"`
	Commit   string    `json:"rules_commit,omitempty"`

	Matched []TailRoute `json:"matched"`
	// DeadLettered are the rules that failed on the event and make a dead
	// letter of it for each of their targets.
	DeadLettered []TailRoute `json:"dead_lettered,omitempty"`
	// Shadow are the shadow rules that match it, or that failed and count that as a
	// match. They deliver nothing.
	Shadow []TailRoute `json:"shadow,omitempty"`
	// Errors says of each rule that failed why, whatever follows from it.
	Errors map[string]string `json:"errors,omitempty"`
}

// TailRoute is one rule and the targets to which it sends an event.
type TailRoute struct {
	Rule string   `json:"rule"`
	To   []string `json:"to"`
}

// TailOutcome is how a delivery ended.
type TailOutcome struct {
	Sequence uint64    `json:"sequence"`
	At       time.Time `json:"at"`
	Rule     string    `json:"rule"`
	Target   string    `json:"target"`
	Outcome  string    `json:"outcome"`
	Attempts int       `json:"attempts"`
}

// TailFailure tells the first event on which the tail's own condition failed.
// Such events are not shown.
type TailFailure struct {
	Sequence uint64 `json:"sequence"`
	Error    string `json:"error"`
}

// Unmatched tells whether no rule does anything with the event.
func (e *TailEvent) Unmatched() bool { return len(e.Matched)+len(e.DeadLettered) == 0 }

func newTailEvent(set *ruleset, seq uint64, ev *cloudevent.Event, found []rules.Match, now time.Time) *TailEvent {
	e := &TailEvent{
		Sequence: seq, At: now.UTC(), Type: ev.Type, Source: ev.Source, ID: ev.ID, Subject: ev.Subject, Time: ev.Time,
		Version: set.version, Commit: rules.CommitOf(set.version), Matched: make([]TailRoute, 0, len(found)),
	}
	for i := range found {
		m := &found[i]
		route := TailRoute{m.Rule.Name, m.Rule.To}
		if m.Err != nil {
			if e.Errors == nil {
				e.Errors = map[string]string{}
			}
			e.Errors[route.Rule] = m.Why()
		}
		selected := m.Err == nil || m.Rule.OnError == rules.OnErrorMatch
		switch {
		case selected && m.Rule.Shadow():
			e.Shadow = append(e.Shadow, route)
		case selected:
			e.Matched = append(e.Matched, route)
		case delivers(m):
			e.DeadLettered = append(e.DeadLettered, route)
		}
	}
	byRule := func(a, b TailRoute) int { return strings.Compare(a.Rule, b.Rule) }
	slices.SortFunc(e.Matched, byRule)
	slices.SortFunc(e.DeadLettered, byRule)
	slices.SortFunc(e.Shadow, byRule)
	return e
}

func newTailOutcome(j *job, how outcome) *TailOutcome {
	d := &j.delivery
	return &TailOutcome{
		Sequence: d.Sequence, At: time.Now().UTC(), Rule: d.Rule, Target: d.Target, Outcome: string(how), Attempts: j.Tried,
	}
}

// sizeOf is about how much memory an event takes.
func sizeOf(ev *cloudevent.Event) int {
	const own = 512
	n := own + len(ev.ID) + len(ev.Source) + len(ev.Type) + len(ev.Subject) + len(ev.DataSchema) + len(ev.Data)
	for _, x := range ev.Extensions {
		if text, ok := x.Value.(string); ok {
			n += len(text)
		}
	}
	for _, h := range ev.Headers {
		n += len(h.Value)
	}
	return n
}

// ownCopy is the event with data of its own.
func ownCopy(ev *cloudevent.Event) *cloudevent.Event {
	own := *ev
	own.Data = bytes.Clone(ev.Data)
	return &own
}

// passed remembers the newest events that were shown, so that only their
// outcomes are.
type passed struct {
	known map[uint64]bool
	order []uint64 // a ring
	next  int
}

const passedMost = 16 << 10

func (p *passed) add(seq uint64) {
	if p.known == nil {
		p.known = map[uint64]bool{}
	}
	if len(p.order) < passedMost {
		p.order = append(p.order, seq)
	} else {
		delete(p.known, p.order[p.next])
		p.order[p.next] = seq
		p.next = (p.next + 1) % passedMost
	}
	p.known[seq] = true
}

func (p *passed) has(seq uint64) bool { return p.known[seq] }
