package lanes

import (
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/targets"
)

func TestBreakerOpens(t *testing.T) {
	p := standard().Breaker
	type row struct {
		attempts string // f and . a moment apart, and ~ for a window's length
		times    int
	}
	const never = 1000
	for _, c := range []struct {
		name     string
		failures int // in a row that open it
		rows     []row
		open     bool
	}{
		{"one failure less", 5, []row{{"f", 4}}, false},
		{"failures in a row", 5, []row{{"f", 5}}, true},
		{"an answer between", 5, []row{{"ffff.", 20}}, false},
		{"set to one", 1, []row{{"f", 1}}, true},
		{"all of 99", never, []row{{"f", 99}}, false},
		{"all of 100", never, []row{{"f", 100}}, true},
		{"half of 98", never, []row{{".f", 49}}, false},
		{"half of 100", never, []row{{".f", 50}}, true},
		{"less than half, of many", never, []row{{".", 101}, {".f", 49}}, false},
		{"what was in the window before counts", never, []row{{".", 120}, {"~", 1}, {"f", 100}}, false},
		{"what was before that does not", never, []row{{".", 120}, {"~", 2}, {"f", 100}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b breaker
			p.Failures = c.failures
			now := dawn
			for _, r := range c.rows {
				for _, what := range strings.Repeat(r.attempts, r.times) {
					switch now = now.Add(p.Over / 300); what {
					case '~':
						now = now.Add(p.Over)
					case 'f':
						b.failed(p, now, now, longest)
					default:
						b.answered(p, now)
					}
				}
			}
			if b.holding(now) != c.open {
				t.Errorf("open is %v: %+v", !c.open, b)
			}
		})
	}
	var b breaker
	p.Failures, p.Ratio = 1000, 0
	for range 999 {
		b.failed(p, dawn, dawn, longest)
	}
	if b.holding(dawn) {
		t.Error("open by a ratio of 0, which is never")
	}
}

// The pause doubles with every probe that fails, up to the longest, and is drawn
// from its second half; an answer to the probe ends all of it.
func TestBreakerPauses(t *testing.T) {
	p := standard().Breaker
	for name, draw := range map[string]Draw{"longest": longest, "shortest": none} {
		var b breaker
		now := dawn
		for range p.Failures {
			b.failed(p, now, now, draw)
		}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
			want *= time.Second
			if name == "shortest" {
				want /= 2
			}
			if got := b.until.Sub(now); got != want {
				t.Errorf("%s: a pause of %s, want %s", name, got, want)
			}
			now = b.until
			if b.holding(now) || !b.probing() {
				t.Errorf("%s: after the pause it is not probed: %+v", name, b)
			}
			b.failed(p, now, now, draw)
		}
		now = b.until
		b.answered(p, now)
		if b.probing() || b.trips != 0 || b.failures != 0 || b.tries[0]+b.tries[1] > 1 {
			t.Errorf("%s: after an answer it still has %+v", name, b)
		}
	}
}

// What was under way when the target was left alone neither prolongs the pause
// nor counts as a probe, whether it ends in the pause or long after it.
func TestBreakerLateAnswers(t *testing.T) {
	p := standard().Breaker
	var b breaker
	for range p.Failures {
		b.failed(p, dawn, dawn, longest)
	}
	until := b.until
	for _, late := range []time.Duration{0, time.Millisecond, time.Second, time.Minute} {
		b.failed(p, dawn, dawn.Add(late), longest)
		if b.until != until || b.trips != 1 {
			t.Errorf("a failure %s after the opening changed it to %+v", late, b)
		}
	}
	b.answered(p, dawn.Add(time.Millisecond))
	if b.until != until {
		t.Error("an answer to what was under way ended the pause")
	}
}

// A target of 32 at once fails with all of them, and stays down: after that it
// gets one request at a time, and when it is back its backlog at full width.
func TestBreakerProbesOneAtATime(t *testing.T) {
	p := newPlay(t, standard(), 1)
	p.took, p.answer = 3*time.Second, down
	p.every(time.Millisecond, 500, func(int) { p.offer("") })
	p.run(4 * time.Second)
	first := len(p.requests)
	if p.most != 32 || p.atOnce > 4 {
		t.Fatalf("%d at once, and then %d: four were answered before it opened", p.most, p.atOnce)
	}
	p.run(3 * time.Second)
	p.most, p.newest = p.atOnce, 0
	p.run(10 * time.Minute)
	if p.newest > 1000 {
		t.Errorf("%d plans in ten minutes in which the target was left alone", p.newest)
	}
	probes := p.requests[first:]
	if p.most > 1 || len(probes) < 20 || len(probes) > 40 {
		t.Errorf("%d probes in ten minutes, %d at once", len(probes), p.most)
	}
	for i, r := range probes[1:] {
		if gap := r.at.Sub(probes[i].at); i > 6 && (gap < 18*time.Second || gap > 33*time.Second+planAgain) {
			t.Errorf("a probe %s after the one before", gap)
		}
	}
	p.took, p.answer, p.most = 5*time.Millisecond, nil, 0
	p.finish(10 * time.Minute)
	if p.most != 32 {
		t.Errorf("a target that is back gets %d at once", p.most)
	}
}

// Events that fail for their own sake must not be what tells of the target's
// health: with many of them due again and again, one that never failed gets through with
// the first probe.
func TestBreakerProbesWithTheLeastTried(t *testing.T) {
	p := newPlay(t, standard(), 1)
	p.lane.policy.Retry.Max = 10 * time.Second
	p.answer = func(j *Job) error {
		if j.Key == "poison" {
			return errDown
		}
		return nil
	}
	for range 80 {
		p.offer("poison")
	}
	p.run(time.Hour) // each has failed at least once
	for round := range 20 {
		p.run(5 * time.Minute)
		if !p.lane.breaker.probing() {
			t.Fatal("the target is not left alone; the test means nothing")
		}
		before := len(p.requests)
		p.offer("good")
		p.run(2 * time.Minute)
		if len(p.requests) == before || p.keys[p.requests[before].jobs[0]] != "good" {
			t.Fatalf("round %d: the first of %d probes was one that had failed before", round, len(p.requests)-before)
		}
	}
}

// Refusals are answers: they open nothing and end a pause.
func TestBreakerRefusals(t *testing.T) {
	p := newPlay(t, standard(), 1)
	p.answer = func(*Job) error { return &targets.Permanent{Err: errDown} }
	p.every(time.Millisecond, 1000, func(int) { p.offer("") })
	p.finish(3 * time.Second)
	if len(p.requests) != 1000 {
		t.Errorf("%d requests", len(p.requests))
	}
}

// Row 8: after a 429 the whole target is left alone for as long as it asked.
func TestBreakerHoldsAfter429(t *testing.T) {
	for _, asked := range []time.Duration{time.Second, time.Minute, time.Hour} {
		p := newPlay(t, standard(), 1)
		var until time.Time
		p.answer = func(*Job) error {
			if len(p.requests) < 100 || !until.IsZero() {
				return nil
			}
			until = p.now.Add(asked)
			return &targets.RetryAfter{Err: errDown, Wait: asked, Everyone: true}
		}
		p.every(10*time.Millisecond, 500, func(int) { p.offer("") })
		p.finish(asked + asked/5 + time.Minute)
		inside, probed := 0, time.Time{}
		for _, r := range p.requests {
			if r.at.After(until.Add(-asked)) && r.at.Before(until) {
				inside++
			}
			if probed.IsZero() && !r.at.Before(until) {
				probed = r.at
			}
		}
		if inside > 0 || probed.After(until.Add(asked/10+planAgain)) {
			t.Errorf("asked for %s: %d requests in the window, the first %s after it", asked, inside, probed.Sub(until))
		}
	}
}
