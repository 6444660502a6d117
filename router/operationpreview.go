package router

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/wye-events/wye/router/bus"
)

// Preview is what an operation would do, as far as was looked. Nothing is done.
type Preview struct {
	Kind   OperationKind `json:"kind"`
	DryRun bool          `json:"dry_run"` // true
	End    bool          `json:"end"`     // all was looked at
	From   uint64        `json:"from"`
	Until  uint64        `json:"until"`
	Cursor uint64        `json:"cursor"`

	// See [Operation]; Would counts dead letters, or deliveries of a replay.
	Looked  uint64            `json:"looked"`
	Matched uint64            `json:"matched"`
	Would   uint64            `json:"would"`
	Skipped uint64            `json:"skipped"`
	Failed  uint64            `json:"failed"`
	Why     map[string]uint64 `json:"why,omitempty"`

	Routes  []PreviewRoute `json:"routes"`
	Letters []DeadLetter   `json:"dead_letters,omitempty"` // the first of them
	Events  []PreviewEvent `json:"events,omitempty"`       // likewise
}

// PreviewRoute counts what goes by one rule to one target.
type PreviewRoute struct {
	Rule   string `json:"rule"`
	Target string `json:"target"`
	Count  uint64 `json:"count"`
}

// PreviewEvent is an event that would be replayed.
type PreviewEvent struct {
	Sequence uint64 `json:"sequence"`
	ID       string `json:"id"`
	Source   string `json:"source"`
	Type     string `json:"type"`
}

const (
	previewExamples = 5
	previewEvery    = 500 * time.Millisecond
	previewWithin   = 10 * time.Minute
)

// previewing is a preview that is being made.
type previewing struct {
	Preview
	routes map[PreviewRoute]uint64 // with no count
	report func(Preview) error
	last   time.Time
	until  time.Time
}

func newPreviewing(op *Operation, report func(Preview) error) *previewing {
	now := time.Now()
	return &previewing{
		Preview: Preview{Kind: op.Kind, DryRun: true, From: op.From, Until: op.Until},
		routes:  map[PreviewRoute]uint64{}, report: report, last: now, until: now.Add(previewWithin),
	}
}

// saw counts what one step would come to, and reports now and then.
func (p *previewing) saw(at uint64, t tally, would ...repeat) error {
	p.Cursor = at
	p.Looked += t.looked
	p.Matched += t.matched
	p.Skipped += t.skipped
	p.Failed += t.failed
	p.Why = countWhy(p.Why, t.why)
	p.Would += uint64(len(would))
	for _, to := range would {
		p.routes[PreviewRoute{Rule: to.rule, Target: to.target}]++
	}
	now := time.Now()
	switch {
	case now.After(p.until):
		return errEnough
	case now.Sub(p.last) < previewEvery:
		return nil
	}
	p.last = now
	return p.report(p.now())
}

// now is the preview as it stands.
func (p *previewing) now() Preview {
	v := p.Preview
	v.Why = maps.Clone(p.Why)
	v.Routes = []PreviewRoute{}
	for route, n := range p.routes {
		route.Count = n
		v.Routes = append(v.Routes, route)
	}
	slices.SortFunc(v.Routes, func(a, b PreviewRoute) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Target, b.Target))
	})
	return v
}

// end is the last report. A preview that took too long ends before its end.
func (p *previewing) end(err error) error {
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	p.End = err == nil
	if p.End {
		p.Cursor = max(p.Cursor, p.Until)
	}
	return p.report(p.now())
}

// PreviewLetters tells what a redrive or a discard would do: report is called
// with what is known from time to time, and at the end.
func (r *Router) PreviewLetters(ctx context.Context, kind OperationKind, q LettersRequest, report func(Preview) error) error {
	op, err := r.letterOperation(ctx, kind, q)
	if err != nil {
		return err
	}
	filter, err := op.Letters.filter()
	if err != nil {
		return err
	}
	p := newPreviewing(&op, report)
	return p.end(filter.each(ctx, r.bus, op.From, op.Until, func(rec bus.Record) error {
		d, selected, err := filter.judge(rec)
		t := tally{looked: 1}
		switch {
		case err != nil:
			t.failed, t.why = 1, []string{conditionFailed(err)}
		case selected:
			t.matched = 1
			if why := r.leaves(kind, &d); why != "" {
				t.skipped, t.why = 1, []string{why}
				break
			}
			if len(p.Letters) < previewExamples {
				p.Letters = append(p.Letters, deadLetter(d, false))
			}
			return p.saw(rec.Sequence, t, repeat{d.letter.Rule, bus.DeadTarget(rec)})
		}
		return p.saw(rec.Sequence, t)
	}))
}

// leaves says why a letter that is meant would be left, or nothing.
func (r *Router) leaves(kind OperationKind, d *found) string {
	switch {
	case kind == OperationDiscard:
		return ""
	case d.err != nil:
		return "the dead letter cannot be read"
	}
	return r.noWay(d.letter.Target)
}

// PreviewReplay tells what a replay would do, likewise.
func (r *Router) PreviewReplay(ctx context.Context, q ReplayRequest, report func(Preview) error) error {
	op, err := r.replayOperation(ctx, q)
	if err != nil {
		return err
	}
	filter, err := op.Events.filter()
	if err != nil {
		return err
	}
	p, now := newPreviewing(&op, report), time.Now()
	return p.end(r.eachEvent(ctx, op.From, op.Until, func(rec *bus.Record) error {
		a := filter.judge(r, rec, now)
		if len(a.to) > 0 && len(p.Events) < previewExamples {
			p.Events = append(p.Events, PreviewEvent{a.seq, a.event.ID, a.event.Source, a.event.Type})
		}
		return p.saw(a.seq, a.tally(), a.to...)
	}, func(from, to uint64) error {
		p.Skipped += to - from
		return p.saw(to, tally{skipped: 1, why: []string{lostEvent}})
	}))
}
