package lanes

import (
	"fmt"
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
)

// Row 6 of the test matrix: a target is down for longer than give_up. Every
// delivery expires, with a dead letter that counts its attempts, soon after its
// time: also those that nobody tried, and those that probed the target. What is
// in memory does not grow with what waits.
func TestExpiryOfALongOutage(t *testing.T) {
	alone(t)
	const giveUp, outage = time.Minute, 3 * time.Minute
	for _, c := range []struct {
		rate, keys int // keys 0: no order
		poison     rules.OnPoison
		pause      time.Duration // of the breaker, at most
	}{
		{rate: 2, pause: 30 * time.Second},
		{rate: 30, pause: 30 * time.Second},
		{rate: 100, pause: time.Hour},
		{rate: 10, keys: 1, poison: rules.OnPoisonPark, pause: 30 * time.Second},
		{rate: 20, keys: 20, poison: rules.OnPoisonBlock, pause: 30 * time.Second},
		{rate: 20, keys: 300, poison: rules.OnPoisonSkip, pause: time.Hour},
	} {
		t.Run(fmt.Sprintf("%d a second, %d keys, pauses up to %s", c.rate, c.keys, c.pause), func(t *testing.T) {
			policy := standard()
			policy.Retry.GiveUp, policy.Breaker.Max = giveUp, c.pause
			if c.keys > 0 {
				policy.Order = &rules.Order{OnPoison: c.poison}
			}
			p := newPlay(t, policy, 1)
			p.answer = down
			tries := map[string]int{}
			p.answer = func(j *Job) error { tries[j.ID]++; return errDown }
			first := map[string]time.Time{}
			p.every(time.Second/time.Duration(c.rate), c.rate*int(outage/time.Second), func(i int) {
				key := ""
				if c.keys > 0 {
					key = fmt.Sprint("k", i%c.keys)
				}
				p.offer(key, func(j *Job) { first[j.ID] = p.now })
			})
			p.finish(outage + giveUp + 10*time.Second)
			never, worst := 0, time.Duration(0)
			for id, e := range p.ended {
				if e.outcome != Expired || e.reason != ReasonExpired || e.tried != tries[id] {
					t.Fatalf("%s ended as %+v after %d attempts", id, e, tries[id])
				}
				if e.tried == 0 {
					never++
				}
				worst = max(worst, e.at.Sub(first[id])-giveUp)
			}
			if worst > 3*lookEvery {
				t.Errorf("the last expired %s after its time", worst)
			}
			if never < p.offered*4/5 {
				t.Errorf("only %d of %d were never tried", never, p.offered)
			}
			if p.heavy > Reservoir/2 {
				t.Errorf("%d entries in memory", p.heavy)
			}
		})
	}
}

func TestExpiryDropped(t *testing.T) {
	policy := standard()
	policy.Retry.GiveUp, policy.OnExpired = time.Minute, rules.OnExpiredDrop
	p := newPlay(t, policy, 1)
	p.answer = down
	p.every(100*time.Millisecond, 1000, func(int) { p.offer("") })
	p.finish(3 * time.Minute)
	for id, e := range p.ended {
		if e.outcome != Expired || e.reason != "" {
			t.Fatalf("%s ended as %+v, and there is to be no letter", id, e)
		}
	}
}

// While a target is paused nobody's time passes, and what it spent before the
// pause does not count; an event's own time does.
func TestExpiryNotWhilePaused(t *testing.T) {
	policy := standard()
	policy.Retry.GiveUp = time.Minute
	p := newPlay(t, policy, 1)
	p.answer = down
	p.every(100*time.Millisecond, 300, func(i int) {
		p.offer("", func(j *Job) {
			if i%3 == 0 {
				j.Expires = p.now.Add(time.Hour)
			}
		})
	})
	p.run(50 * time.Second)
	p.change(func(l *Lane) { l.SetPaused(true, p.now) })
	p.run(time.Second) // what was under way ends
	before, asked := len(p.ended), len(p.requests)
	p.run(day)
	if len(p.ended) > before || len(p.requests) > asked {
		t.Fatalf("%d ended and %d were handed over while the target was paused", len(p.ended)-before, len(p.requests)-asked)
	}
	if p.lane.late(&Job{First: dawn}, p.now) {
		t.Error("one that is read while the target is paused counts as late")
	}
	p.answer = nil
	p.change(func(l *Lane) { l.SetPaused(false, p.now) })
	p.finish(time.Minute)
	count := map[Outcome]int{}
	for _, e := range p.ended {
		count[e.outcome]++
	}
	if count[Delivered] != 200 || count[Expired] != 100 {
		t.Errorf("after the pause: %v", count)
	}
}

// An event's own time bounds its delivery too; one whose time is over when it
// comes is not tried at all, whatever the lane is doing.
func TestExpiryTime(t *testing.T) {
	for name, prepare := range map[string]func(*play){
		"straight": func(*play) {},
		"paused":   func(p *play) { p.lane.SetPaused(true, p.now) },
		"held":     func(p *play) { p.lane.breaker.hold(p.now.Add(time.Hour)); p.lane.stepAside() },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t, standard(), 1)
			prepare(p)
			for _, past := range []time.Duration{0, time.Nanosecond, time.Hour} {
				p.offer("", func(j *Job) { j.Expires = p.now.Add(-past) })
			}
			p.finish(2 * time.Second)
			for id, e := range p.ended {
				if e.outcome != Expired || e.tried != 0 || len(p.requests) > 0 {
					t.Errorf("%s ended as %+v, with %d requests", id, e, len(p.requests))
				}
			}
		})
	}
	p := newPlay(t, standard(), 1)
	p.answer = down
	for i := range watched - 4 { // of more, the last are looked at when there is room
		p.offer("", func(j *Job) { j.Expires = p.now.Add(time.Duration(i+1) * time.Second) })
	}
	p.run(2 * time.Minute)
	for i := range watched - 4 {
		e, due := p.ended[fmt.Sprintf("%06d", i+1)], dawn.Add(time.Duration(i+1)*time.Second)
		// One that would be tried again only after its time ends at once.
		if e.outcome != Expired || e.tried == 0 && e.at.Before(due) || e.at.After(due.Add(2*lookEvery)) {
			t.Errorf("%d ended as %+v, %s after its time", i+1, e, e.at.Sub(due))
		}
	}
}
