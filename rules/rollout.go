package rules

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Mode says what a rule's matches come to.
type Mode string

const (
	ModeLive   Mode = "live"   // deliveries; the default
	ModeShadow Mode = "shadow" // they are counted, and nothing is delivered
)

// Part is the part that a rule plays for an event that it fits.
type Part string

const (
	PartLive      Part = "live"      // the event goes to its targets
	PartShadow    Part = "shadow"    // the match is counted, and nothing is delivered
	PartUnsampled Part = "unsampled" // no match: the event is not in the rule's sample
	PartOver      Part = "over"      // no match: the rule's until had passed when the event was accepted
)

// Matches tells whether a rule that plays this part matches at all: live, or
// only to be counted.
func (p Part) Matches() bool { return p == PartLive || p == PartShadow }

// Part is the part that the rule plays for an event that was accepted at that
// time, should its condition hold. It depends on nothing else, so whoever asks
// again, after a crash or a year later, gets the same answer.
func (r *Rule) Part(ev *cloudevent.Event, accepted time.Time) Part {
	switch {
	case !r.Until.IsZero() && !accepted.Before(r.Until):
		return PartOver
	case r.sampled() && !inSample(lotOf(ev.Source, ev.ID), r.Sample):
		return PartUnsampled
	case r.Shadow():
		return PartShadow
	}
	return PartLive
}

// MatchAt is [Matcher.Match] for an event that was accepted at that time: without
// the rules that are over by then and those whose sample does not have the event.
// What is left is live, or a shadow (see [Rule.Shadow]).
func (m *Matcher) MatchAt(ev *cloudevent.Event, accepted time.Time, into []Match) []Match {
	from := len(into)
	into = m.Match(ev, into)
	kept := into[:from]
	for _, found := range into[from:] {
		if found.Rule.Part(ev, accepted).Matches() {
			kept = append(kept, found)
		}
	}
	return kept
}

// Shadow tells whether the rule's matches are counted and deliver nothing.
func (r *Rule) Shadow() bool { return r.Mode == ModeShadow }

// State is the part that the rule plays at a time for the events of its sample:
// live, shadow or over.
func (r *Rule) State(at time.Time) Part {
	switch {
	case !r.Until.IsZero() && !at.Before(r.Until):
		return PartOver
	case r.Shadow():
		return PartShadow
	}
	return PartLive
}

// sampled tells whether the rule takes only a share of its events.
func (r *Rule) sampled() bool { return r.Sample > 0 && r.Sample < 1 }

// lotOf is the lot of an event: the first 8 bytes, as a big-endian number, of the
// SHA-256 of its source, a NUL and its id. docs/rules.md tells it, so that others
// can compute it; it never changes.
func lotOf(source, id string) uint64 {
	var room [256]byte
	text := append(append(append(room[:0], source...), 0), id...)
	sum := sha256.Sum256(text)
	return binary.BigEndian.Uint64(sum[:8])
}

// inSample tells whether a lot is among the smallest, the share of all that is
// asked for. A larger share has all that a smaller one has.
func inSample(lot uint64, share float64) bool {
	if share >= 1 {
		return true
	}
	return lot < uint64(math.Ceil(math.Ldexp(share, 64)))
}
