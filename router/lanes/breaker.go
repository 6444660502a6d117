package lanes

import (
	"time"

	"github.com/wye-events/wye/rules"
)

// breaker is what a lane knows of its target's health: after some failures in a
// row, or when too many of its attempts fail, the target is left alone for a
// while (open), then probed with one delivery (half open). It holds no clock.
type breaker struct {
	failures int // in a row
	trips    int // in a row
	until    time.Time

	// Attempts and failures of the present window and of the one before.
	began      time.Time
	tries, bad [2]int
}

// ratioFrom is from how many attempts on their ratio of failures means something.
const ratioFrom = 100

// holding tells whether the target is left alone now.
func (b *breaker) holding(now time.Time) bool { return now.Before(b.until) }

// probing tells whether the target is probed rather than used, once it is not
// left alone any more.
func (b *breaker) probing() bool { return !b.until.IsZero() }

// failed takes in a failed attempt that began at a time. One that was under way
// before the pause says nothing new, whether it ends in the pause or after it.
func (b *breaker) failed(p rules.Breaker, began, now time.Time, draw Draw) {
	b.failures++
	b.count(p, now, 1)
	if began.Before(b.until) {
		return
	}
	if b.failures >= p.Failures || b.probing() || b.tooMany(p) {
		b.trips++
		pause := grown(p.First, p.Max, 2, b.trips)
		b.until = now.Add(pause/2 + draw(pause/2))
	}
}

// answered takes in an attempt that got an answer: taken, or refused for good.
func (b *breaker) answered(p rules.Breaker, now time.Time) {
	if b.holding(now) {
		return // under way since before the pause; the pause stays
	}
	if b.probing() {
		*b = breaker{} // what was before says nothing of a target that is back
	}
	b.failures, b.trips = 0, 0
	b.count(p, now, 0)
}

// hold leaves the target alone because it asked for that.
func (b *breaker) hold(until time.Time) {
	if until.After(b.until) {
		b.until = until
	}
}

func (b *breaker) count(p rules.Breaker, now time.Time, bad int) {
	if age := now.Sub(b.began); age >= p.Over || b.began.IsZero() {
		b.tries[1], b.bad[1] = b.tries[0], b.bad[0]
		if age >= 2*p.Over {
			b.tries[1], b.bad[1] = 0, 0
		}
		b.began, b.tries[0], b.bad[0] = now, 0, 0
	}
	b.tries[0]++
	b.bad[0] += bad
}

func (b *breaker) tooMany(p rules.Breaker) bool {
	tries, bad := b.tries[0]+b.tries[1], b.bad[0]+b.bad[1]
	return p.Ratio > 0 && tries >= ratioFrom && float64(bad) >= p.Ratio*float64(tries)
}
