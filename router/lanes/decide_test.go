package lanes

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/targets"
)

// longest draws the longest wait there is, and none the shortest.
func longest(d time.Duration) time.Duration { return d }
func none(time.Duration) time.Duration      { return 0 }

const day = 24 * time.Hour

func TestDecide(t *testing.T) {
	boom := errors.New("boom")
	p := rules.Retry{Attempts: 20, First: time.Second, Max: 5 * time.Minute, Factor: 2, GiveUp: day}
	minute := func(everyone bool) error {
		return &targets.RetryAfter{Err: boom, Wait: time.Minute, Everyone: everyone}
	}
	for _, c := range []struct {
		name    string
		err     error
		attempt int
		left    time.Duration
		want    verdict
	}{
		{"delivered", nil, 1, day, verdict{action: taken}},
		{"delivered at the last moment", nil, 20, 0, verdict{action: taken}},
		{"first failure", boom, 1, day, verdict{action: again, wait: time.Second}},
		{"third failure", boom, 3, day, verdict{action: again, wait: 4 * time.Second}},
		{"the wait is bounded", boom, 15, day, verdict{action: again, wait: 5 * time.Minute}},
		{"one before the last attempt", boom, 19, day, verdict{action: again, wait: 5 * time.Minute}},
		{"attempts spent", boom, 20, day, verdict{action: bury, wait: 5 * time.Minute, reason: ReasonAttempts}},
		{"attempts spent, and its time too", boom, 20, 0, verdict{action: bury, wait: 5 * time.Minute, reason: ReasonAttempts}},
		{"time spent", boom, 2, 0, verdict{action: expire, wait: 2 * time.Second, reason: ReasonExpired}},
		{"the next attempt would be too late", boom, 1, 999 * time.Millisecond, verdict{action: expire, wait: time.Second, reason: ReasonExpired}},
		{"the next attempt is just in time", boom, 1, time.Second, verdict{action: again, wait: time.Second}},
		{"permanent", &targets.Permanent{Err: boom}, 1, day, verdict{action: bury, reason: ReasonPermanent}},
		{"permanent, when its time is up", &targets.Permanent{Err: boom}, 20, 0, verdict{action: bury, reason: ReasonPermanent}},
		{"gone", &targets.Gone{Err: boom}, 1, day, verdict{action: again, gone: true}},
		{"gone at what would be the last attempt", &targets.Gone{Err: boom}, 20, 0, verdict{action: again, gone: true}},
		{"brief, early", &targets.Brief{Err: boom}, briefAttempts - 1, day, verdict{action: again, wait: 8 * time.Second}},
		{"brief, spent", &targets.Brief{Err: boom}, briefAttempts, day, verdict{action: bury, wait: 16 * time.Second, reason: ReasonAttempts}},
		{"brief, told to wait", &targets.Brief{Err: minute(false)}, 1, day, verdict{action: again, wait: 66 * time.Second}},
		{"told to wait", minute(false), 1, day, verdict{action: again, wait: 66 * time.Second}},
		{"told to wait less than the policy", &targets.RetryAfter{Err: boom, Wait: time.Second}, 3, day, verdict{action: again, wait: 4 * time.Second}},
		{"told to wait longer than there is time", minute(false), 1, time.Minute, verdict{action: expire, wait: 66 * time.Second, reason: ReasonExpired}},
		{"told to hold the target", minute(true), 1, day, verdict{action: again, wait: 66 * time.Second, hold: 66 * time.Second, slow: true}},
		{"told to hold, and not how long", &targets.RetryAfter{Err: boom, Everyone: true}, 2, day, verdict{action: again, wait: 2 * time.Second, hold: 2 * time.Second, slow: true}},
		{"hold and spent", minute(true), 20, day, verdict{action: bury, wait: 5 * time.Minute, reason: ReasonAttempts, hold: 5 * time.Minute, slow: true}},
		{"hold and too late", minute(true), 1, 0, verdict{action: expire, wait: 66 * time.Second, reason: ReasonExpired, hold: 66 * time.Second, slow: true}},
		{"wrapped", fmt.Errorf("post: %w", &targets.Permanent{Err: boom}), 1, day, verdict{action: bury, reason: ReasonPermanent}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := decide(c.err, p, c.attempt, c.left, longest); got != c.want {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// Brief is a bound of its own: a policy of fewer attempts keeps them.
func TestDecideBriefNeverAddsAttempts(t *testing.T) {
	p := standard().Retry
	p.Attempts = 2
	if v := decide(&targets.Brief{Err: errDown}, p, 2, day, none); v.action != bury || v.reason != ReasonAttempts {
		t.Errorf("got %+v", v)
	}
}

// What a receiver asks for is kept whatever is drawn, however long it is: the
// target bounds it (retry_after_max), and nothing here does so again.
func TestDecideNeverEarlierThanTold(t *testing.T) {
	for _, asked := range []time.Duration{time.Millisecond, time.Second, time.Hour, day, 30 * day} {
		early, late := 0, 0
		for range 1000 {
			v := decide(&targets.RetryAfter{Err: errDown, Wait: asked, Everyone: true}, standard().Retry, 1, 365*day, Jitter)
			if v.wait < asked || v.hold != v.wait || v.wait > max(asked+asked/10, time.Second) {
				t.Fatalf("asked for %s: got %+v", asked, v)
			}
			if v.wait < asked+asked/20 {
				early++
			} else {
				late++
			}
		}
		if asked >= time.Minute && (early < 400 || late < 400) {
			t.Errorf("asked for %s: %d come in the first half of the jitter, %d in the second", asked, early, late)
		}
	}
}

func TestGrown(t *testing.T) {
	for _, c := range []struct {
		first, most time.Duration
		factor      float64
		n           int
		want        time.Duration
	}{
		{time.Second, time.Hour, 2, 1, time.Second},
		{time.Second, time.Hour, 2, 5, 16 * time.Second},
		{time.Second, time.Hour, 1, 100, time.Second},
		{time.Second, time.Hour, 1.5, 3, 2250 * time.Millisecond},
		{time.Second, time.Hour, 10, 4, 1000 * time.Second},
		{time.Second, time.Hour, 10, 5, time.Hour},
		{time.Hour, time.Minute, 2, 1, time.Minute},
		{time.Second, math.MaxInt64, 10, 1000, math.MaxInt64},
	} {
		if got := grown(c.first, c.most, c.factor, c.n); got != c.want {
			t.Errorf("grown(%s, %s, %g, %d) = %s, want %s", c.first, c.most, c.factor, c.n, got, c.want)
		}
	}
}

func TestJitterSpreads(t *testing.T) {
	quarters := [4]int{}
	for range 4000 {
		d := Jitter(time.Second)
		if d < 0 || d > time.Second {
			t.Fatalf("drew %s from a second", d)
		}
		quarters[min(d/(250*time.Millisecond), 3)]++
	}
	for i, n := range quarters {
		if n < 850 || n > 1150 { // five deviations from 1,000
			t.Errorf("%d of 4,000 draws are in quarter %d", n, i)
		}
	}
	if d := Jitter(-time.Second); d != 0 {
		t.Errorf("drew %s from nothing", d)
	}
}
