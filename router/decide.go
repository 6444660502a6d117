package router

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/targets"
)

// action is what to do after an attempt.
type action int

const (
	actDone  action = iota // delivered
	actRetry               // again, after verdict.wait
	actBury                // a dead letter, because of verdict.reason
)

// Reasons of dead letters.
const (
	ReasonPermanent = "permanent" // the receiver will never take this event
	ReasonAttempts  = "attempts"  // the policy's attempts are spent
	ReasonGaveUp    = "gave_up"   // the policy's time is spent
	ReasonOrphaned  = "orphaned"  // the target is not in the rules any more
	ReasonRuleError = "rule_error"
)

// verdict is a decision about one delivery after one attempt.
type verdict struct {
	action action
	wait   time.Duration
	reason string
	// hold is how long the receiver asked the whole target to be left alone.
	hold time.Duration
}

// briefAttempts is how often a failure that may pass soon or never is tried in all.
const briefAttempts = 5

// goneWait is how long a target that says it was taken away is left alone.
const goneWait = time.Hour

// decide says what follows from err, the result of the attempt-th attempt
// (from 1) of a delivery that is age old. It reads no clock and changes nothing.
func decide(err error, p rules.Retry, attempt int, age time.Duration, draw func(time.Duration) time.Duration) verdict {
	if err == nil {
		return verdict{action: actDone}
	}
	v := verdict{action: actRetry, wait: draw(backoff(p, attempt))}
	limit := p.Attempts
	var (
		permanent *targets.Permanent
		brief     *targets.Brief
		after     *targets.RetryAfter
	)
	if errors.As(err, &permanent) {
		return verdict{action: actBury, reason: ReasonPermanent}
	}
	if gone := (*targets.Gone)(nil); errors.As(err, &gone) {
		v.wait, v.hold = goneWait, goneWait
	}
	if errors.As(err, &brief) {
		limit = min(limit, briefAttempts)
	}
	if errors.As(err, &after) {
		v.wait = max(v.wait, after.Wait)
		if after.Everyone {
			v.hold = v.wait
		}
	}
	switch {
	case attempt >= limit:
		return verdict{action: actBury, reason: ReasonAttempts, hold: v.hold}
	case age+v.wait > p.GiveUp:
		return verdict{action: actBury, reason: ReasonGaveUp, hold: v.hold}
	}
	return v
}

// backoff is the longest wait after the attempt-th attempt: First doubled for
// every attempt before it, at most Max.
func backoff(p rules.Retry, attempt int) time.Duration {
	d := p.First
	for i := 1; i < attempt && d < p.Max; i++ {
		d *= 2
	}
	return min(d, p.Max)
}

// jitter draws evenly from 0 to d, so that what failed together does not come
// back together (full jitter).
func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d + 1)
}
