package lanes

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/targets"
)

// Draw draws a time between nothing and d.
type Draw func(d time.Duration) time.Duration

// Jitter draws evenly from 0 to d, so that what failed together does not come
// back together (full jitter).
func Jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d + 1)
}

// action is what to do after an attempt.
type action int

const (
	taken  action = iota // delivered
	again                // once more, after verdict.wait
	bury                 // a dead letter, because of verdict.reason
	expire               // its time is over
)

// verdict is a decision about one delivery after one attempt.
type verdict struct {
	action action
	wait   time.Duration
	reason string
	// hold is how long the receiver asked the whole target to be left alone.
	hold time.Duration
	slow bool // the receiver asked for fewer events
	gone bool // the receiver was taken away
}

// failed tells whether the attempt says something bad of the target, not only
// of the event.
func (v verdict) failed() bool {
	return v.action == again || v.action == expire || v.reason == ReasonAttempts
}

// briefAttempts is how often a failure that may pass soon or never is tried in all.
const briefAttempts = 5

// decide says what follows from err, the result of the attempt-th attempt (from
// 1) of a delivery that may be tried for left from now on. It reads no clock and
// changes nothing.
func decide(err error, p rules.Retry, attempt int, left time.Duration, draw Draw) verdict {
	if err == nil {
		return verdict{action: taken}
	}
	v := verdict{action: again, wait: draw(grown(p.First, p.Max, p.Factor, attempt))}
	limit := p.Attempts
	var (
		permanent *targets.Permanent
		brief     *targets.Brief
		after     *targets.RetryAfter
		gone      *targets.Gone
	)
	switch {
	case errors.As(err, &permanent):
		return verdict{action: bury, reason: ReasonPermanent}
	case errors.As(err, &gone):
		return verdict{action: again, gone: true} // no attempt is spent on a target that is not there
	}
	if errors.As(err, &brief) {
		limit = min(limit, briefAttempts)
	}
	if errors.As(err, &after) {
		// Jitter is added to what was asked for, never taken from it.
		v.wait = max(v.wait, after.Wait+draw(after.Wait/10))
		if after.Everyone {
			v.hold, v.slow = v.wait, true
		}
	}
	switch {
	case attempt >= limit:
		v.action, v.reason = bury, ReasonAttempts
	case v.wait > left:
		v.action, v.reason = expire, ReasonExpired
	}
	return v
}

// grown is the longest wait after the n-th attempt: first, times factor for
// every attempt before it, at most most.
func grown(first, most time.Duration, factor float64, n int) time.Duration {
	d := float64(first) * math.Pow(factor, float64(n-1))
	if d < float64(most) {
		return time.Duration(d)
	}
	return most
}
