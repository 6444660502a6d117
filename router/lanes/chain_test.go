package lanes

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/targets"
)

func inOrderOf(poison rules.OnPoison) *rules.Target {
	policy := standard()
	policy.Order = &rules.Order{OnPoison: poison}
	return policy
}

// Whatever happens to a target, the deliveries of a key go one at a time and in
// order, which the play sees.
func TestOrderIsKept(t *testing.T) {
	const keys = 5
	for name, trouble := range map[string]func(p *play){
		"well":      func(*play) {},
		"slow":      func(p *play) { p.took = 700 * time.Millisecond }, // stuck: falls to the backlog
		"very slow": func(p *play) { p.took = 3 * time.Second },        // lent
		"down":      func(p *play) { p.answer = down },
		"flaky": func(p *play) {
			p.answer = func(*Job) error { return []error{nil, nil, errDown}[p.rand.IntN(3)] }
		},
		"slow and down": func(p *play) { p.took, p.answer = 2*time.Second, down }, // lent, and tried again
		"too fast": func(p *play) {
			p.answer = func(*Job) error {
				if p.rand.IntN(20) > 0 {
					return nil
				}
				return &targets.RetryAfter{Err: errDown, Wait: 500 * time.Millisecond, Everyone: true}
			}
		},
		"paused": func(p *play) {
			p.lane.SetPaused(true, p.now)
			p.in(3*time.Second, func() { p.change(func(l *Lane) { l.SetPaused(false, p.now) }) })
		},
		"set anew": func(p *play) { p.lane.SetPolicy(inOrderOf(rules.OnPoisonBlock), p.now) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t, inOrderOf(rules.OnPoisonPark), 1)
			p.every(10*time.Millisecond, 800, func(i int) { p.offer(fmt.Sprint("k", i%keys)) })
			p.in(2*time.Second, func() { p.change(func(*Lane) { trouble(p) }) })
			p.run(8 * time.Second)
			p.answer, p.took = nil, 5*time.Millisecond
			p.finish(20 * time.Minute)
			for id, e := range p.ended {
				if e.outcome != Delivered {
					t.Fatalf("%s ended as %+v", id, e)
				}
			}
		})
	}
}

// What becomes of an event that is not taken, and of those behind it.
func TestOrderOnPoison(t *testing.T) {
	for _, c := range []struct {
		poison  rules.OnPoison
		outcome Outcome
		reason  string
		waits   bool // its key, until it expires
	}{
		{rules.OnPoisonPark, DeadLettered, ReasonPermanent, false},
		{rules.OnPoisonSkip, Dropped, "", false},
		{rules.OnPoisonBlock, Expired, ReasonExpired, true},
	} {
		t.Run(string(c.poison), func(t *testing.T) {
			policy := inOrderOf(c.poison)
			policy.Retry.GiveUp = time.Hour
			p := newPlay(t, policy, 1)
			p.answer = func(j *Job) error {
				if j.ID == "000001" {
					return &targets.Permanent{Err: errDown}
				}
				return nil
			}
			p.every(20*time.Millisecond, 100, func(i int) {
				p.offer(fmt.Sprint("k", i%2), func(j *Job) { j.First = j.First.Add(time.Duration(i) * time.Hour) })
			})
			p.run(time.Minute)
			if got, want := len(p.ended), map[bool]int{true: 50, false: 100}[c.waits]; got != want {
				t.Errorf("%d have ended after a minute, want %d", got, want)
			}
			p.finish(2 * time.Hour)
			if e := p.ended["000001"]; e.outcome != c.outcome || e.reason != c.reason || e.tried > 1 != c.waits {
				t.Errorf("it ended as %+v", e)
			}
			if e := p.ended["000003"]; e.outcome != Delivered || c.waits && e.at.Sub(dawn) < 50*time.Minute {
				t.Errorf("the next ended as %+v", e)
			}
		})
	}
}

// The head of a chain that comes from the backlog is tried again where it is:
// nothing is stored anew, and a straight one is stored once, before its followers.
func TestOrderRetriesInPlace(t *testing.T) {
	p := newPlay(t, inOrderOf(rules.OnPoisonPark), 1)
	p.answer = func(j *Job) error {
		if j.Key == "k0" {
			return errDown
		}
		return nil
	}
	p.every(10*time.Millisecond, 600, func(i int) { p.offer(fmt.Sprint("k", i%20)) })
	p.run(time.Hour)
	if tried := len(p.requests) - 570; len(p.backlog) > 100 || tried < 10 {
		t.Fatalf("%d entries were stored for the 30 of a key that failed %d times", len(p.backlog), tried)
	}
	if first := p.backlog[slices.IndexFunc(p.backlog, func(e *entry) bool { return e.job.Key == "k0" })]; first.job.ID != "000001" {
		t.Errorf("%s was stored before the head", first.job.ID)
	}
	p.answer = nil
	p.finish(20 * time.Minute)
}

// 100,000 deliveries wait behind one that is not taken. Others flow meanwhile;
// of those that wait only a few are in memory whole, also when the order is taken
// away; and all come in their order when the head goes.
func TestOrderOfAHundredThousand(t *testing.T) {
	alone(t)
	for _, dissolved := range []bool{false, true} {
		t.Run(fmt.Sprint("dissolved ", dissolved), func(t *testing.T) {
			policy := inOrderOf(rules.OnPoisonBlock)
			policy.Retry.GiveUp = 1000 * time.Hour
			p := newPlay(t, policy, 1)
			p.delay, p.took = 0, time.Millisecond
			blocked, at := true, map[string]time.Time{}
			p.answer = func(j *Job) error {
				if blocked && j.ID == "000001" {
					return &targets.Permanent{Err: errDown}
				}
				return nil
			}
			const many = 100_000
			come := func(j *Job) { at[j.ID] = p.now }
			p.every(10*time.Millisecond, many/100, func(int) {
				for range 100 {
					p.offer("k")
				}
				p.offer("", come)
				p.offer(fmt.Sprint("k", p.offered%50), come)
			})
			p.run(time.Duration(many/100)*10*time.Millisecond + 5*time.Second)
			for id, came := range at {
				if e := p.ended[id]; e.outcome != Delivered || e.at.Sub(came) > 2*time.Second {
					t.Fatalf("%s, of another key, ended as %+v after %s", id, e, e.at.Sub(came))
				}
			}
			if got := p.lane.Waiting(); got != many || p.heavy > fetchBatch {
				t.Errorf("%d wait, and %d entries are in memory", got, p.heavy)
			}
			blocked = false
			if dissolved {
				p.change(func(l *Lane) { l.SetPolicy(standard(), p.now) })
			}
			p.most = 0
			p.finish(20 * time.Minute)
			if dissolved && p.most != policy.Concurrency {
				t.Errorf("without an order %d go at once", p.most)
			}
			if p.heavy > 2*Reservoir {
				t.Errorf("%d entries were in memory", p.heavy)
			}
		})
	}
}

// What waits for a worker when the order comes is in it: all of it is stored and
// read again, with its keys.
func TestOrderComesWhileSomeWait(t *testing.T) {
	policy := standard()
	policy.Concurrency = 1
	p := newPlay(t, policy, 1)
	p.took = 100 * time.Millisecond
	p.offer("")
	for range 5 {
		p.offer("k")
	}
	p.change(func(l *Lane) { l.SetPolicy(inOrderOf(rules.OnPoisonPark), p.now) })
	p.offer("k")
	p.finish(10 * time.Second)
}

// A reload takes the order away and brings it back, while much waits: nothing is
// lost, and from then on there is order again, of what waited too.
func TestOrderReloaded(t *testing.T) {
	const keys = 5
	for _, start := range []*rules.Target{inOrderOf(rules.OnPoisonPark), standard()} {
		p := newPlay(t, start, 1)
		p.answer, p.loose = down, true
		p.every(3*time.Millisecond, 5000, func(i int) { p.offer(fmt.Sprint("k", i%keys)) })
		p.run(10 * time.Second)
		p.answer = func(*Job) error { return []error{nil, nil, nil, errDown}[p.rand.IntN(4)] }
		for _, policy := range []*rules.Target{standard(), inOrderOf(rules.OnPoisonPark), standard(), inOrderOf(rules.OnPoisonPark)} {
			policy.Breaker.Ratio, policy.Breaker.Failures = 0, 1000
			p.change(func(l *Lane) { l.SetPolicy(policy, p.now) })
			p.under = map[string]int{} // what is under way goes as it went
			p.run(300 * time.Millisecond)
		}
		from := len(p.requests)
		p.answer = nil
		p.finish(20 * time.Minute)
		latest, seen := map[string]string{}, map[string]bool{}
		for i, r := range p.requests {
			for _, id := range r.jobs {
				if key := p.keys[id]; i >= from && !seen[id] {
					if id < latest[key] {
						t.Fatalf("request %d has %s for the first time, after %s of the same key", i, id, latest[key])
					}
					latest[key] = id
				}
				seen[id] = true
			}
		}
	}
}
