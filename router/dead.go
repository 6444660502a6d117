package router

import (
	"context"
	"encoding/json"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/rules"
)

// DeadLetter is a delivery that ended without being taken.
type DeadLetter struct {
	// Number names the dead letter: its place in the stream.
	Number   uint64    `json:"number"`
	Target   string    `json:"target"`
	Rule     string    `json:"rule"`
	Version  string    `json:"version"` // of the rule set that decided
	Commit   string    `json:"commit,omitempty"`
	Sequence uint64    `json:"sequence"`
	Reason   string    `json:"reason"`
	Error    string    `json:"error,omitempty"`
	First    time.Time `json:"first"` // when the delivery began
	At       time.Time `json:"at"`    // when it ended
	Tried    int       `json:"tried"`
	Attempts []Attempt `json:"attempts"`
	// Redriven is how often the delivery was taken back from the dead letters.
	// Tried then counts since the last time, and Attempts has those before too.
	Redriven int    `json:"redriven,omitempty"`
	Replay   string `json:"replay,omitempty"` // the replay that made the delivery

	EventID     string `json:"event_id"`
	EventSource string `json:"event_source"`
	EventType   string `json:"event_type"`
	// Event is the whole event in the CloudEvents JSON format, and Headers the
	// transport headers that came with it. Both only where they are asked for.
	Event   json.RawMessage   `json:"event,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
}

// DeadLetters gives up to limit dead letters from number from on, oldest first,
// of one target or ("") of all, without their events, and whether there may be
// more.
func (r *Router) DeadLetters(ctx context.Context, target string, from uint64, limit int) ([]DeadLetter, bool, error) {
	letters, next, err := r.FindDead(ctx, LetterSelection{Target: target}, from, limit)
	return letters, next > 0, err
}

// DeadLetter gives one dead letter whole; ok is false where there is none of
// that number.
func (r *Router) DeadLetter(ctx context.Context, number uint64) (d DeadLetter, ok bool, err error) {
	records, _, err := r.bus.DeadLetters(ctx, "", number, 1)
	if err != nil || len(records) == 0 || records[0].Sequence != number {
		return d, false, err
	}
	return deadLetter(openLetter(records[0]), true), true, nil
}

func deadLetter(f found, whole bool) DeadLetter {
	l, ev := &f.letter, f.event
	if f.err != nil {
		return DeadLetter{Number: f.Sequence, Target: bus.DeadTarget(f.Record), At: f.Time, Attempts: []Attempt{}, Error: "cannot be read: " + f.err.Error()}
	}
	d := DeadLetter{
		Number: f.Sequence, Target: l.Target, Rule: l.Rule, Version: l.Version, Commit: rules.CommitOf(l.Version), Sequence: l.Sequence,
		Reason: l.Reason, Error: l.Error, First: l.First, At: l.At, Tried: l.Tried, Attempts: l.Attempts,
		Redriven: l.Redriven, Replay: l.Replay,
		EventID: ev.ID, EventSource: ev.Source, EventType: ev.Type,
	}
	if d.Attempts == nil {
		d.Attempts = []Attempt{}
	}
	if whole {
		d.Event = ev.AppendStructured(nil)
		d.Headers = map[string]string{}
		for _, h := range ev.Headers {
			d.Headers[h.Name] = h.Value
		}
	}
	return d
}
