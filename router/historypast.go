package router

import (
	"context"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// PastEvent is an event of the archive and what became of it.
type PastEvent struct {
	Sequence uint64
	Stored   time.Time
	Accepted time.Time // what the rules' until is compared with
	Event    *cloudevent.Event

	// Version is the rule set that decided the event, and Then that rule set
	// compiled. Where either is not to be had (Version empty, Then nil), ThenNote
	// says why. Now is the rule set in force; it is Then itself where that is
	// still the one.
	Version  string
	Then     *rules.Matcher
	ThenNote string
	Now      *rules.Matcher

	// Deliveries are in order of rule and target. DeliveriesNote says what may be
	// missing or could not be found out, if anything.
	Deliveries     []PastDelivery
	Replays        []PastDelivery // where the event was asked for whole: those of replays
	DeliveriesNote string
}

// Shadows are the names of the shadow rules that matched the event, which deliver
// nothing; none where the rule set that decided it is not to be had.
func (p *PastEvent) Shadows() (names []string) {
	if p.Then == nil {
		return nil
	}
	for _, found := range p.Then.MatchAt(p.Event, p.Accepted, nil) {
		if found.Rule.Shadow() && found.Err == nil {
			names = append(names, found.Rule.Name)
		}
	}
	return names
}

// EventRef names an event of the archive: by its sequence, or, where that is 0,
// by its id and, if not empty, its source. Of several the newest is meant.
type EventRef struct {
	Sequence   uint64
	ID, Source string
	// Before, if not 0, says that only events of lower sequences are meant: to
	// look further back than an earlier call did.
	Before uint64
	// Whole asks for all that is known: the attempts of each delivery, and what
	// replays of the event became. It takes longer where much came after the event.
	Whole bool
}

// Past finds an event and tells what decided it and what became of it. Where
// there is no such event the error is a [*NoEventError].
func (r *Router) Past(ctx context.Context, ref EventRef) (*PastEvent, error) {
	archive, err := r.bus.Archive(ctx)
	if err != nil {
		return nil, err
	}
	seq := ref.Sequence
	if seq == 0 {
		if seq, err = r.findByID(ctx, ref, archive); err != nil {
			return nil, err
		}
	}
	p, err := r.pastEvent(ctx, ref, archive, seq)
	if err != nil {
		return nil, err
	}
	if err := r.decidedBy(ctx, p); err != nil {
		return nil, err
	}
	return p, r.whatBecame(ctx, p, ref.Whole)
}

// pastEvent reads one event.
func (r *Router) pastEvent(ctx context.Context, ref EventRef, archive bus.Archive, seq uint64) (*PastEvent, error) {
	none := &NoEventError{EventRef: ref, First: archive.First, Last: archive.Last, FirstAt: archive.FirstAt}
	switch {
	case seq > archive.Last:
		none.Why = NotYet
		return nil, none
	case seq < archive.First:
		none.Why = Removed
		return nil, none
	}
	rec, ok, err := r.bus.Event(ctx, seq)
	if err != nil {
		return nil, err
	}
	ev, err := eventOf(&rec)
	if !ok || err != nil {
		none.Why = Unreadable
		return nil, none
	}
	return &PastEvent{Sequence: seq, Stored: rec.Time.UTC(), Accepted: ev.at, Event: ev.Event}, nil
}

// decidedBy finds the rule set that decided the event.
func (r *Router) decidedBy(ctx context.Context, p *PastEvent) (err error) {
	now := r.set.Load()
	p.Now = now.matcher
	if p.Sequence > r.read.Load() {
		p.ThenNote = "no rule set has decided this event yet; it waits to be read"
		return nil
	}
	p.Version = r.history.decided(p.Sequence)
	switch p.Version {
	case "":
		p.ThenNote = "which rule set decided this event is not known: it was decided before that was noted, or the note is gone"
	case now.version:
		p.Then = now.matcher
	default:
		p.Then, p.ThenNote, err = r.history.matcher(ctx, p.Version)
	}
	return err
}
