package router

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// sum makes the report of what the ledger holds.
func (a *audit) sum(ctx context.Context) error {
	tally := make([][][fates]uint64, len(a.ledger.shapes)) // by shape and delivery of it
	for i, s := range a.ledger.shapes {
		tally[i] = make([][fates]uint64, len(s.deliveries))
	}
	for i, e := range a.ledger.events {
		a.event(e.shape)
		seq := a.ledger.from + uint64(i)
		if e.shape == shapeUnknown {
			a.broke(AuditBreak{Sequence: seq, Why: a.whyUnknown(seq)})
		}
		for k, d := range a.ledger.shapes[e.shape].deliveries {
			f := a.final(seq, e.at+uint32(k), d)
			tally[e.shape][k][f]++
		}
	}
	a.tables(tally)
	a.report.Replayed.Waiting = uint64(len(a.replays))
	a.report.Balanced = a.report.Broken == 0
	return a.name(ctx)
}

// event counts one event.
func (a *audit) event(shape uint32) {
	e := &a.report.Events
	if shape == shapeGone {
		return
	}
	e.Accepted++
	switch shape {
	case shapeUnmatched:
		e.Unmatched++
	case shapeUnreadable:
		e.Unreadable++
	case shapeUndecided:
		e.Undecided++
	case shapeUnknown:
		e.Unknown++
	default:
		e.Matched++
	}
}

// final is what became of a delivery in the end. What nothing was found about
// is under way if its event is above the floor, and else breaks the sum.
func (a *audit) final(seq uint64, at uint32, d deliveryKey) fate {
	f := a.ledger.fates[at]
	if f&fateDiscarded != 0 {
		a.report.Discarded++
		f &^= fateDiscarded
	}
	why := ""
	switch {
	case f&fateNoLetter != 0:
		why = fmt.Sprintf("its dead letter %d is not there, and was neither redriven nor discarded", a.ledger.letters[at])
	case f == fateRedriving: // written down a moment ago, and on its way into the backlog
		return fateWaiting
	case f == fateNone:
		if seq > a.floor {
			return fateUnderWay
		}
		why = "nothing is written down of it, and it does not wait"
	case f == fateRedriven:
		why = "it was redriven and does not wait"
	default:
		return f
	}
	a.broke(AuditBreak{Sequence: seq, Rule: d.rule, Target: d.target, Why: why})
	return fateUnaccounted
}

func (a *audit) broke(b AuditBreak) {
	if a.report.Broken++; len(a.report.Breaks) < breaksKept {
		a.report.Breaks = append(a.report.Breaks, b)
	}
}

func (a *audit) whyUnknown(seq uint64) string {
	return a.unknown[a.r.history.decided(seq)]
}

// tables makes the sums of all, of each rule and of each target.
func (a *audit) tables(tally [][][fates]uint64) {
	rules, targets := map[string]*AuditRow{}, map[string]*AuditRow{}
	row := func(of map[string]*AuditRow, name string) *AuditRow {
		if of[name] == nil {
			of[name] = &AuditRow{Name: name}
		}
		return of[name]
	}
	for i, s := range a.ledger.shapes {
		for k, d := range s.deliveries {
			a.report.Deliveries.add(&tally[i][k])
			row(rules, d.rule).add(&tally[i][k])
			row(targets, d.target).add(&tally[i][k])
		}
	}
	a.report.Rules, a.report.Targets = inOrder(rules), inOrder(targets)
}

func inOrder(of map[string]*AuditRow) []AuditRow {
	rows := make([]AuditRow, 0, len(of))
	for _, name := range slices.Sorted(maps.Keys(of)) {
		rows = append(rows, *of[name])
	}
	return rows
}

func (d *AuditDeliveries) add(n *[fates]uint64) {
	d.Delivered += n[fateDelivered]
	d.DeadLettered += n[fateDead]
	d.Expired += n[fateExpired]
	d.Dropped += n[fateDropped]
	d.Waiting += n[fateWaiting]
	d.UnderWay += n[fateUnderWay]
	d.Unaccounted += n[fateUnaccounted]
	for _, n := range n {
		d.Expected += n
	}
}

// name adds to the breaks which events they are.
func (a *audit) name(ctx context.Context) error {
	for i := range a.report.Breaks {
		b := &a.report.Breaks[i]
		if i%100 == 0 {
			a.progress(AuditProgress{"breaks", uint64(i), uint64(len(a.report.Breaks))})
		}
		rec, ok, err := a.r.bus.Event(ctx, b.Sequence)
		if err != nil {
			return err
		}
		if ev, err := eventOf(&rec); ok && err == nil {
			b.ID, b.Source = ev.ID, ev.Source
		}
	}
	return nil
}
