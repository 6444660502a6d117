package router

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wye-events/wye/rules"
)

// States of a delivery that has no outcome, beside the outcomes themselves.
const (
	stateWaiting  outcome = "waiting"   // in the backlog
	stateUnderWay outcome = "under_way" // in memory: in a queue, in the target's hands, on its way into a store
	stateUnknown  outcome = "unknown"   // it ended, or waits, and nothing was found about it
)

// PastDelivery is what is known of one delivery of an event.
type PastDelivery struct {
	Rule   string `json:"rule"`
	Target string `json:"target"`
	// Outcome is "delivered", "dead_lettered", "expired" or "dropped"; where there
	// is none yet, "under_way" or "waiting"; "unknown" where nothing was found.
	Outcome  string `json:"outcome"`
	Attempts int    `json:"attempts"`
	// First is when it began, since it was redriven last if it was.
	First time.Time `json:"first,omitzero"`
	// At is when it ended; of one that waits, when it was put to wait.
	At  time.Time `json:"at,omitzero"`
	Due time.Time `json:"due,omitzero"` // of one that waits: its next attempt
	// Status is the receiver's answer to the last attempt that failed.
	Status int `json:"status,omitempty"`
	// Error is why it was not delivered, the last time that it was tried.
	// Reason is why it was given up, of a dead letter; of one that waits, the state
	// of its target: "target_paused", or where it was not tried yet "key_waits" (the
	// first of its key is to be tried again first), "target_held" or "target_aside".
	Error      string `json:"error,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Version    string `json:"version,omitempty"` // of the rule set that decided it
	Commit     string `json:"commit,omitempty"`
	DeadLetter uint64 `json:"dead_letter,omitempty"`
	// Redriven is how often it was taken back from the dead letters, and Discarded
	// when its dead letter was done away with.
	Redriven  int       `json:"redriven,omitempty"`
	Discarded time.Time `json:"discarded,omitzero"`
	Replay    string    `json:"replay,omitempty"` // the replay that repeated the event
	// Tries are the attempts that failed, as far as they are kept. Only where an
	// event is asked for whole.
	Tries []Attempt `json:"tries,omitempty"`
}

// deliveryKey names a delivery of one event.
type deliveryKey struct{ rule, target, replay string }

// lookWithin bounds the search for what became of an event's deliveries.
const lookWithin = 3 * time.Second

// whatBecame fills in the deliveries of an event.
func (r *Router) whatBecame(ctx context.Context, p *PastEvent, whole bool) error {
	p.Deliveries = []PastDelivery{}
	if p.Sequence > r.read.Load() {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	// A delivery that changes its place during a search can be missed by it; the
	// second finds it.
	t := newTrail(r, p, whole)
	err := t.search(within)
	if err == nil && len(t.missing) > 0 && t.complete {
		t = newTrail(r, p, whole)
		err = t.search(within)
	}
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	all := t.all()
	r.whyDead(within, all)
	r.whyWaiting(all)
	for _, d := range all {
		d.Commit = rules.CommitOf(d.Version)
		if !whole {
			d.Tries = nil
		}
		if d.Replay == "" {
			p.Deliveries = append(p.Deliveries, d)
		} else {
			p.Replays = append(p.Replays, d)
		}
	}
	p.DeliveriesNote = t.note()
	return nil
}

// whyDead adds to deliveries that the history knows to be dead letters what only
// the letters tell. One that is not kept any more tells nothing.
func (r *Router) whyDead(ctx context.Context, all []PastDelivery) {
	for i := range all {
		d := &all[i]
		if d.DeadLetter == 0 || d.Reason != "" {
			continue
		}
		if letter, ok, err := r.DeadLetter(ctx, d.DeadLetter); err == nil && ok {
			d.Tries, d.Reason, d.Error = letter.Attempts, letter.Reason, cmp.Or(letter.Error, lastError(letter.Attempts))
		}
	}
}

// whyWaiting tells of deliveries that wait what keeps them: a pause of their target
// and, of those that were never tried, another state of it.
func (r *Router) whyWaiting(all []PastDelivery) {
	states := map[string]string{}
	for i := range all {
		d := &all[i]
		if d.Outcome != string(stateWaiting) {
			continue
		}
		if len(states) == 0 {
			for _, t := range r.Targets() {
				states[t.Name] = t.State
			}
		}
		switch state := states[d.Target]; {
		case state == "paused", d.Attempts == 0 && d.Reason == "" && (state == "held" || state == "aside"):
			d.Reason = "target_" + state
		}
	}
}

// trail is the search for the deliveries of one event. It looks at the places
// where one can be in the order in which it goes through them backwards: in
// hand, ended, in the backlog, dead.
type trail struct {
	r        *Router
	p        *PastEvent
	whole    bool // also what came after the outcomes, such as replays
	expected bool // whether it is known which deliveries there must be
	missing  map[deliveryKey]bool
	found    map[deliveryKey]PastDelivery
	redriven map[deliveryKey]int // how often, by the history
	complete bool
	until    time.Time // of the history, where the search did not come to its end
}

func newTrail(r *Router, p *PastEvent, whole bool) *trail {
	t := &trail{r: r, p: p, whole: whole, redriven: map[deliveryKey]int{}, missing: map[deliveryKey]bool{}, found: map[deliveryKey]PastDelivery{}}
	if p.Then == nil {
		return t
	}
	t.expected = true
	for _, k := range deliveriesOf(p.Then.MatchAt(p.Event, p.Accepted, nil)) {
		t.missing[k] = true
	}
	return t
}

// done tells that there is nothing left to look for.
func (t *trail) done() bool { return t.expected && len(t.missing) == 0 }

// settled tells that nothing newer can be written down either of what was found:
// a dead letter may have been redriven.
func (t *trail) settled() bool {
	if t.whole || !t.done() {
		return false
	}
	for _, d := range t.found {
		if d.Outcome == string(outcomeDead) || d.Outcome == string(outcomeExpired) {
			return false
		}
	}
	return true
}

// met takes in what was found of a delivery. What was found before it in this
// search stands: it was nearer to the present.
func (t *trail) met(k deliveryKey, d PastDelivery) {
	d.Rule, d.Target, d.Replay = k.rule, k.target, k.replay
	t.found[k] = d
	if d.Version == "" || d.Version == t.p.Version || !t.expected {
		delete(t.missing, k)
	}
}

// search looks in all places.
func (t *trail) search(ctx context.Context) error {
	t.complete = true
	t.inHand()
	if err := t.ended(ctx); err != nil {
		return err
	}
	if t.done() {
		return nil
	}
	if err := t.waiting(ctx); err != nil {
		return err
	}
	return t.dead(ctx)
}

// all are the deliveries in order. What was not found is under way if the event
// is not settled.
func (t *trail) all() []PastDelivery {
	floor, _ := t.r.window.state()
	for k := range t.missing {
		if _, ok := t.found[k]; ok {
			continue
		}
		d := PastDelivery{Rule: k.rule, Target: k.target, Replay: k.replay, Outcome: string(stateUnknown), Version: t.p.Version}
		if t.p.Sequence > floor {
			d.Outcome = string(stateUnderWay)
		}
		t.found[k] = d
	}
	all := slices.AppendSeq(make([]PastDelivery, 0, len(t.found)), maps.Values(t.found))
	slices.SortFunc(all, func(a, b PastDelivery) int {
		return cmp.Or(cmp.Compare(a.Replay, b.Replay), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Target, b.Target))
	})
	return all
}

// note says what may be missing.
func (t *trail) note() string {
	switch {
	case !t.complete && t.until.IsZero():
		return fmt.Sprintf("not all was looked through within %s", lookWithin)
	case !t.complete:
		return fmt.Sprintf("not all was looked through within %s: the history of outcomes up to %s", lookWithin, t.until.UTC().Format(time.RFC3339))
	case !t.expected:
		return "which deliveries there must be is not known without the rule set that decided; these were found"
	}
	return ""
}
