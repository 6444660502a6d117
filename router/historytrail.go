package router

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/lanes"
)

// inHand looks at what the lanes have in memory.
func (t *trail) inHand() {
	now := time.Now()
	for _, l := range t.r.allLanes() {
		l.mu.Lock()
		l.core.Each(now, func(core *lanes.Job, how lanes.Standing) {
			t.meetJob(core.Load.(*job), how)
		})
		l.mu.Unlock()
	}
}

// meetJob takes in a job, whose lane's lock is held.
func (t *trail) meetJob(j *job, how lanes.Standing) {
	d := &j.delivery
	if d.Sequence != t.p.Sequence {
		return
	}
	p := PastDelivery{Outcome: string(stateUnderWay), Attempts: j.Tried, At: j.Written.UTC(), Version: d.Version, Status: lastStatus(j.attempts), Error: lastError(j.attempts),
		First: j.First.UTC(), Redriven: j.redriven, Tries: j.attempts}
	switch how {
	case lanes.Waits:
		p.Outcome, p.Due = string(stateWaiting), j.Due.UTC()
	case lanes.Behind:
		p.Outcome, p.Reason = string(stateWaiting), ReasonKeyWaits
	}
	t.met(deliveryKey{d.Rule, d.Target, d.Replay}, p)
}

func lastStatus(attempts []Attempt) int {
	if n := len(attempts); n > 0 {
		return attempts[n-1].Status
	}
	return 0
}

func lastError(attempts []Attempt) string {
	if n := len(attempts); n > 0 {
		return attempts[n-1].Error
	}
	return ""
}

// outcomeLine is an [outcomeRecord] as it is read back.
type outcomeLine struct {
	Sequence   uint64 `json:"sequence"`
	Rule       string `json:"rule"`
	Target     string `json:"target"`
	Outcome    string `json:"outcome"`
	Attempts   int    `json:"attempts"`
	At         int64  `json:"at_ms"`
	First      int64  `json:"first_ms"`
	Version    string `json:"version"`
	Status     int    `json:"status"`
	DeadLetter uint64 `json:"dead_letter"`
	Replay     string `json:"replay"`
}

// clockSlack is how far the store's clock may have been set back since an event.
const clockSlack = time.Second

// ended reads the history of outcomes, from the event on until nothing is
// missing.
func (t *trail) ended(ctx context.Context) error {
	if t.settled() {
		return nil
	}
	t.r.outcomes.sync(ctx)
	prefix := fmt.Appendf(nil, `{"sequence":%d,`, t.p.Sequence)
	w, err := t.r.bus.WalkOutcomes(ctx, t.p.Sequence, t.p.Stored.Add(-clockSlack), func(batch []byte) bool {
		for line := range bytes.Lines(batch) {
			if bytes.HasPrefix(line, prefix) {
				t.meetLine(line)
			}
		}
		return !t.settled()
	})
	if !w.End {
		t.complete, t.until = false, w.Until
	}
	return err
}

func (t *trail) meetLine(line []byte) {
	var o outcomeLine
	if json.Unmarshal(line, &o) != nil {
		return
	}
	k := deliveryKey{o.Rule, o.Target, o.Replay}
	d, ok := t.found[k]
	if ok && (d.Outcome == string(stateUnderWay) || d.Outcome == string(stateWaiting)) {
		return // delivered before a crash, or redriven, and on its way again
	}
	at := time.UnixMilli(o.At).UTC()
	switch outcome(o.Outcome) {
	case outcomeRedriven:
		t.redriven[k]++
		delete(t.found, k)
		t.missing[k] = true
		return
	case outcomeDiscarded:
		d.Discarded, d.Outcome = at, cmp.Or(d.Outcome, string(outcomeDead))
		t.met(k, d)
		return
	}
	d = PastDelivery{
		Outcome: o.Outcome, Attempts: o.Attempts, At: at, Redriven: t.redriven[k],
		Version: o.Version, Status: o.Status, DeadLetter: o.DeadLetter,
	}
	if o.First > 0 {
		d.First = time.UnixMilli(o.First).UTC()
	}
	t.met(k, d)
}

// waiting looks into the backlogs.
func (t *trail) waiting(ctx context.Context) error {
	return t.letters(ctx, t.r.bus.Waiting, t.r.bus.WalkBacklog, func(k deliveryKey, l letter, _ uint64) {
		t.met(k, PastDelivery{
			Outcome: string(stateWaiting), Attempts: l.Tried, At: l.At.UTC(), Due: l.Due.UTC(),
			Version: l.Version, Status: lastStatus(l.Attempts), Error: lastError(l.Attempts),
			First: l.First.UTC(), Redriven: l.Redriven, Tries: l.Attempts,
		})
	})
}

// dead looks at the dead letters.
func (t *trail) dead(ctx context.Context) error {
	return t.letters(ctx, t.r.bus.DeadCounts, t.r.bus.WalkDead, func(k deliveryKey, l letter, number uint64) {
		t.met(k, PastDelivery{
			Outcome: string(outcomeDead), Attempts: l.Tried, At: l.At.UTC(),
			Version: l.Version, Status: lastStatus(l.Attempts), DeadLetter: number,
			Reason: l.Reason, Error: cmp.Or(l.Error, lastError(l.Attempts)),
			First: l.First.UTC(), Redriven: l.Redriven, Tries: l.Attempts,
		})
	})
}

type (
	countsFunc func(context.Context) (map[string]uint64, error)
	walkFunc   func(context.Context, string, time.Time, func(bus.Record) bool) (bus.Walk, error)
)

// letters walks through the letters of the targets that something is missing
// of, those of all targets where it is not known what is.
func (t *trail) letters(ctx context.Context, counts countsFunc, walk walkFunc, met func(deliveryKey, letter, uint64)) error {
	if t.done() || ctx.Err() != nil {
		return nil
	}
	stored, err := counts(ctx)
	if err != nil {
		if ctx.Err() != nil {
			t.complete, err = false, nil
		}
		return err
	}
	prefix := strconv.FormatUint(t.p.Sequence, 10) + "/"
	for _, target := range slices.Sorted(maps.Keys(stored)) {
		if !t.wants(target) {
			continue
		}
		w, err := walk(ctx, target, t.p.Stored.Add(-clockSlack), func(rec bus.Record) bool {
			if id := rec.Header[bus.IDHeader]; len(id) == 1 && strings.HasPrefix(id[0], prefix) {
				if l, _, err := readLetter(rec); err == nil {
					met(deliveryKey{l.Rule, l.Target, l.Replay}, l, rec.Sequence)
				}
			}
			return t.wants(target)
		})
		if err != nil {
			return err
		}
		t.complete = t.complete && w.End
	}
	return nil
}

// wants tells whether a delivery to a target is missing, as far as that is known.
func (t *trail) wants(target string) bool {
	if !t.expected {
		return true
	}
	for k := range t.missing {
		if k.target == target {
			return true
		}
	}
	return false
}
