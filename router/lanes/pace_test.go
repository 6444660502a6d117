package lanes

import (
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/targets"
)

// A rate is kept in every second, wherever it begins, and used up while there is
// something to hand over.
func TestPaceKeepsTheRate(t *testing.T) {
	alone(t)
	for _, c := range []struct {
		name    string
		rate    rules.Rate
		batch   *rules.Batch
		minutes int
	}{
		{"as by default", rules.Rate{PerSecond: 20, Burst: 20}, nil, 1},
		{"no burst", rules.Rate{PerSecond: 60, Burst: 1}, nil, 1},
		{"a large burst", rules.Rate{PerSecond: 2, Burst: 100}, nil, 2},
		{"a part of an event", rules.Rate{PerSecond: 7.3, Burst: 3}, nil, 2},
		{"less than one a second", rules.Rate{PerSecond: 0.2, Burst: 1}, nil, 5},
		{"one a minute", rules.Rate{PerSecond: 1.0 / 60, Burst: 1}, nil, 60},
		{"with batches", rules.Rate{PerSecond: 20, Burst: 40}, &rules.Batch{MaxEvents: 25, MaxBytes: 1 << 20, MaxWait: 100 * time.Millisecond}, 1},
		{"with batches larger than the burst", rules.Rate{PerSecond: 20, Burst: 10}, &rules.Batch{MaxEvents: 25, MaxBytes: 1 << 20, MaxWait: 100 * time.Millisecond}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			policy := standard()
			policy.Rate, policy.Batch, policy.Retry.GiveUp = &c.rate, c.batch, 100*day
			p := newPlay(t, policy, 1)
			p.run(time.Hour) // what was not used is not saved
			for range int(c.rate.PerSecond*60*float64(c.minutes)) + 2*c.rate.Burst {
				p.offer("")
			}
			p.run(time.Duration(c.minutes) * time.Minute)
			events := 0
			for i, r := range p.requests {
				events += len(r.jobs)
				second := 0
				for _, next := range p.requests[i:] {
					if next.at.Sub(r.at) >= time.Second {
						break
					}
					second += len(next.jobs)
				}
				if float64(second) > c.rate.PerSecond+float64(c.rate.Burst) {
					t.Fatalf("%d events in the second from %s on", second, r.at.Sub(dawn))
				}
			}
			if want := c.rate.PerSecond * 60 * float64(c.minutes); float64(events) < 0.98*want || float64(events) > want+float64(c.rate.Burst)+1 {
				t.Errorf("%d events in %d minutes", events, c.minutes)
			}
		})
	}
}

// atSpeed gives a pace whose target took so many events in each of two seconds.
func atSpeed(n int, rate *rules.Rate) (pace, time.Time) {
	var p pace
	p.set(rate, dawn)
	p.take(n, dawn)
	p.take(n, dawn.Add(time.Second))
	return p, dawn.Add(1900 * time.Millisecond)
}

// After a 429 the speed is halved, grows by a twentieth each second, and is free
// again at four times what was too fast, or at the target's rate.
func TestPaceHalvesAndGrows(t *testing.T) {
	for _, c := range []struct {
		name  string
		rate  *rules.Rate
		after []int         // seconds
		want  []float64     // events/s; 0: free
		pause time.Duration // that it asked for
	}{
		{"no rate", nil, []int{0, 1, 10, 69, 70}, []float64{50, 55, 100, 395, 0}, 0},
		{"with a rate", &rules.Rate{PerSecond: 200, Burst: 200}, []int{0, 1, 29, 30}, []float64{50, 55, 195, 200}, 0},
		{"it does not grow in the pause", nil, []int{0, 60, 61, 70}, []float64{50, 50, 55, 100}, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, now := atSpeed(100, c.rate)
			p.tooFast(now, now, c.pause)
			for i, s := range c.after {
				at := now.Add(time.Duration(s) * time.Second)
				p.room(1, at)
				if got, _ := p.rate(); got != c.want[i] {
					t.Errorf("after %ds: %g events/s, want %g", s, got, c.want[i])
				}
			}
		})
	}
}

// Answers to what was under way at a cut do not cut again, however late; a 429
// to what was sent after it does, down to one a second and no further.
func TestPaceCutsAgain(t *testing.T) {
	p, now := atSpeed(100, nil)
	p.tooFast(now, now, 0)
	for _, late := range []time.Duration{time.Millisecond, 2 * time.Second, time.Minute} {
		p.tooFast(now.Add(-time.Second), now.Add(late), 0)
		if p.slowed != 50 {
			t.Fatalf("a 429 %s after the cut, to what was sent before it: %g events/s", late, p.slowed)
		}
	}
	for _, want := range []float64{25, 12.5, 6.25, 3.125, 1.5625, 1, 1} {
		now = now.Add(2 * time.Second)
		p.take(int(p.slowed+0.5), now)
		p.tooFast(now, now, 0)
		if p.slowed > want*1.1 || p.slowed < slowest {
			t.Errorf("%g events/s, want about %g", p.slowed, want)
		}
	}
}

// A receiver that takes 40 a second, and says so, gets about that in the long
// run; when it can take all it gets all.
func TestPaceFindsTheSpeed(t *testing.T) {
	alone(t)
	p := newPlay(t, standard(), 1)
	second, n, most := dawn, 0, 40
	p.answer = func(*Job) error {
		if p.now.Sub(second) >= time.Second {
			second, n = p.now, 0
		}
		if n++; n > most {
			return &targets.RetryAfter{Err: errDown, Wait: time.Second, Everyone: true}
		}
		return nil
	}
	p.every(15*time.Millisecond, 3_600, func(int) { p.offer("") })
	p.run(10 * time.Second)
	before := len(p.requests)
	p.run(40 * time.Second)
	if speed := (len(p.requests) - before) / 40; speed < 20 || speed > 44 {
		t.Errorf("%d events a second to a receiver that takes 40", speed)
	}
	most = 1_000_000
	p.finish(10 * time.Minute)
	p.run(2 * time.Minute)
	if s := p.lane.State(p.now); s.Slowed || s.Rate != 0 {
		t.Errorf("minutes after the last 429 it is %+v", s)
	}
}

// A receiver of many slow requests that answers 429 to all of them, one after the
// other, is slowed once: not again by each, to one event a second.
func TestPaceOfSlowAnswers(t *testing.T) {
	p := newPlay(t, standard(), 1)
	p.took = 100 * time.Millisecond
	p.every(5*time.Millisecond, 2000, func(int) { p.offer("") })
	p.run(5 * time.Second)
	p.answer = func(j *Job) error {
		return &targets.RetryAfter{Err: errDown, Wait: 20 * time.Second, Everyone: true}
	}
	p.run(time.Second)
	p.answer = nil
	p.run(30 * time.Second)
	if s := p.lane.State(p.now); s.Slowed && s.Rate < 90 {
		t.Errorf("at 200 events/s it said once that this is too fast: now %+v", s)
	}
	p.finish(2 * time.Minute)
}

// A target that was told to be slowed is shown as free again when its time has
// come, also if it gets nothing meanwhile.
func TestStateOfASlowedTarget(t *testing.T) {
	l := New(&rules.Target{}, 0, Jitter, dawn)
	l.pace.tooFast(dawn, dawn, 0)
	if s := l.State(dawn); !s.Slowed || s.Rate != slowest {
		t.Errorf("at once: %+v", s)
	}
	if s := l.State(dawn.Add(10 * time.Second)); !s.Slowed || s.Rate <= slowest {
		t.Errorf("after 10 s: %+v", s)
	}
	if s := l.State(dawn.Add(2 * time.Minute)); s.Slowed || s.Rate != 0 {
		t.Errorf("after two minutes: %+v", s)
	}
}
