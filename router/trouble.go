package router

import (
	"time"

	"github.com/wye-events/wye/rules"
)

// trouble is what a lane knows of its target's health: after some failures in
// a row the target is left alone for a while, then probed with one delivery.
// It holds no clock.
type trouble struct {
	failures int // in a row
	trips    int // in a row
	until    time.Time
}

// holding tells whether the target is left alone now.
func (t *trouble) holding(now time.Time) bool { return now.Before(t.until) }

// tripped tells whether the target is probed rather than used.
func (t *trouble) tripped() bool { return t.failures >= tripAfter || !t.until.IsZero() }

// limit is how many deliveries may be under way of a target that allows full.
func (t *trouble) limit(now time.Time, full int) int {
	switch {
	case t.holding(now):
		return 0
	case t.tripped():
		return 1
	}
	return full
}

// note takes in what an attempt came to.
func (t *trouble) note(v verdict, p rules.Retry, now time.Time) {
	switch {
	case v.hold > 0:
		t.failures++
		t.until = later(t.until, now.Add(v.hold))
	case v.action == actRetry, v.reason == ReasonAttempts, v.reason == ReasonGaveUp:
		if t.failures++; t.failures >= tripAfter && !t.holding(now) {
			t.trips++
			pause := backoff(rules.Retry{First: p.First, Max: min(p.Max, longestTrip)}, t.trips)
			t.until = now.Add(pause/2 + jitter(pause/2))
		}
	case t.holding(now): // under way since before the pause; the pause stays
	default: // it answered: delivered, or refused for good
		*t = trouble{}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
