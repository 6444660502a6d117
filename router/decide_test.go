package router

import (
	"errors"
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/targets"
)

var policy = rules.Retry{Attempts: 20, First: time.Second, Max: 5 * time.Minute, GiveUp: 24 * time.Hour}

// longest draws the longest wait that the policy allows.
func longest(d time.Duration) time.Duration { return d }

func TestDecide(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name    string
		err     error
		attempt int
		age     time.Duration
		want    verdict
	}{
		{"delivered", nil, 1, 0, verdict{action: actDone}},
		{"first failure", boom, 1, 0, verdict{action: actRetry, wait: time.Second}},
		{"third failure", boom, 3, 0, verdict{action: actRetry, wait: 4 * time.Second}},
		{"the wait is bounded", boom, 15, 0, verdict{action: actRetry, wait: 5 * time.Minute}},
		{"attempts spent", boom, 20, 0, verdict{action: actBury, reason: ReasonAttempts}},
		{"one before the last attempt", boom, 19, 0, verdict{action: actRetry, wait: 5 * time.Minute}},
		{"time spent", boom, 2, 24 * time.Hour, verdict{action: actBury, reason: ReasonGaveUp}},
		{"the next attempt would be too late", boom, 1, 24*time.Hour - 500*time.Millisecond, verdict{action: actBury, reason: ReasonGaveUp}},
		{"permanent", &targets.Permanent{Err: boom}, 1, 0, verdict{action: actBury, reason: ReasonPermanent}},
		{"brief, early", &targets.Brief{Err: boom}, briefAttempts - 1, 0, verdict{action: actRetry, wait: 8 * time.Second}},
		{"brief, spent", &targets.Brief{Err: boom}, briefAttempts, 0, verdict{action: actBury, reason: ReasonAttempts}},
		{"brief, told to wait", &targets.Brief{Err: &targets.RetryAfter{Err: boom, Wait: time.Minute}}, 1, 0, verdict{action: actRetry, wait: time.Minute}},
		{"told to wait", &targets.RetryAfter{Err: boom, Wait: time.Minute}, 1, 0, verdict{action: actRetry, wait: time.Minute}},
		{"told to wait less than the policy", &targets.RetryAfter{Err: boom, Wait: time.Second}, 3, 0, verdict{action: actRetry, wait: 4 * time.Second}},
		{"told to hold the target", &targets.RetryAfter{Err: boom, Wait: time.Minute, Everyone: true}, 1, 0, verdict{action: actRetry, wait: time.Minute, hold: time.Minute}},
		{"hold and spent", &targets.RetryAfter{Err: boom, Wait: time.Minute, Everyone: true}, 20, 0, verdict{action: actBury, reason: ReasonAttempts, hold: 5 * time.Minute}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := decide(c.err, policy, c.attempt, c.age, longest); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestBackoffNeverOverflows(t *testing.T) {
	p := rules.Retry{First: time.Hour, Max: 1 << 62}
	for attempt := 1; attempt < 200; attempt++ {
		if d := backoff(p, attempt); d < time.Hour || d > p.Max {
			t.Fatalf("attempt %d waits %s", attempt, d)
		}
	}
}

func TestJitterSpreads(t *testing.T) {
	low, high := 0, 0
	for range 1000 {
		switch d := jitter(time.Second); {
		case d < 0 || d > time.Second:
			t.Fatalf("drew %s from a second", d)
		case d < time.Second/2:
			low++
		default:
			high++
		}
	}
	if low < 400 || high < 400 {
		t.Errorf("%d draws in the lower half, %d in the upper", low, high)
	}
}

func TestTrouble(t *testing.T) {
	now := time.Unix(1000, 0)
	var tr trouble
	fail := verdict{action: actRetry}
	for i := range tripAfter - 1 {
		tr.note(fail, policy, now)
		if tr.holding(now) || tr.limit(now, 32) != 32 {
			t.Fatalf("held after %d failures", i+1)
		}
	}
	tr.note(fail, policy, now)
	if !tr.holding(now) || tr.limit(now, 32) != 0 {
		t.Fatalf("not held after %d failures: %+v", tripAfter, tr)
	}
	first := tr.until
	for range 30 { // those that were under way fail too, and do not prolong the pause
		tr.note(fail, policy, now)
	}
	if tr.until != first {
		t.Errorf("failures during the pause moved its end by %s", tr.until.Sub(first))
	}
	now = first
	if tr.limit(now, 32) != 1 {
		t.Errorf("%d deliveries at once probe the target", tr.limit(now, 32))
	}
	for range 20 {
		tr.note(fail, policy, now)
		if pause := tr.until.Sub(now); pause <= 0 || pause > longestTrip {
			t.Fatalf("pause of %s after a failed probe", pause)
		}
		now = tr.until
	}
	tr.note(verdict{action: actDone}, policy, now)
	if tr.limit(now, 32) != 32 {
		t.Error("still probing after a success")
	}
	for range tripAfter {
		tr.note(verdict{action: actBury, reason: ReasonAttempts}, policy, now)
	}
	if !tr.holding(now) {
		t.Error("a target that spends every policy counts as well")
	}
	now = tr.until
	tr.note(verdict{action: actBury, reason: ReasonPermanent}, policy, now)
	if tr.limit(now, 32) != 32 {
		t.Error("a target that refuses for good has answered, and is still probed")
	}
	tr.note(verdict{action: actRetry, hold: time.Hour}, policy, now)
	if tr.limit(now.Add(59*time.Minute), 32) != 0 {
		t.Error("a target that asked for an hour is not held for it")
	}
}
