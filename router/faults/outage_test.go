package faults

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// TestOutage lets a target be down while many times more events arrive for it
// than a consumer may have unacknowledged: the other target gets all of them at
// once, and this one when it is back.
func TestOutage(t *testing.T) {
	const events = 20_000
	o := newOutage(t, plain(t), "down")
	o.fill(events)
	o.untilCame("well", events)
	o.p.Floored()
	if s := o.p.Target("down"); s.Waiting != events {
		t.Errorf("%d events wait, and %d were published: %+v", s.Waiting, events, s)
	}
	o.down.r.Up()
	o.untilCame("down", events)
	o.p.Drained()
	if got := o.p.Ended().Deliveries; got.Delivered != 2*events {
		t.Errorf("of %d deliveries: %+v", 2*events, got)
	}
}

const (
	outageRate    = 1000 // events a second that arrive meanwhile
	outageBacklog = 1_000_000
	outageGrowth  = 200 * mib
	outageRounds  = 7
	outageRound   = 3 * time.Second
	outageLimit   = 2000 // events a second that the target allows, in the second case
	outageSlow    = 10 * time.Minute
)

// TestLongOutage has a million events wait for a target that is down: neither
// the memory nor the other target's times may tell, and when it is back the
// backlog is drained faster than events arrive, or as fast as the target allows.
//
// The million come some ten times as fast as 1,000 a second, so ids are
// remembered for a tenth of the usual time: as many of them as in an hour of
// that. What the memory grew by is looked at when they wait, and 1,000 a second
// arrive; what it takes to take them in so fast is told beside it.
func TestLongOutage(t *testing.T) {
	if !routertest.Long() {
		t.Skip("has a million events wait, about ten minutes; set WYE_LONG=1")
	}
	binary := plain(t)
	alone, o := newOutage(t, binary), newOutage(t, binary, "down")
	compareOutage(t, "the outage begins", alone, o)
	before := o.p.Memory()
	busy, peak := alone.fillTo(outageBacklog), o.fillTo(outageBacklog)
	t.Logf("while they came the memory grew by %d MiB, and by %d MiB where nothing waits", peak/mib, busy/mib)
	if s := o.p.Target("down"); s.Waiting < outageBacklog {
		t.Errorf("only %d events wait", s.Waiting)
	}
	compareOutage(t, "a million wait", alone, o)
	grown := int(o.p.Memory()) - int(before)
	t.Logf("with a million waiting and %d events/s arriving, the memory is %d MiB more than before", outageRate, grown/mib)
	if grown > outageGrowth {
		t.Errorf("the memory is %d MiB more than before the backlog; at most %d were to be", grown/mib, outageGrowth/mib)
	}
	t.Run("drain", func(t *testing.T) {
		rate := o.drain(t, "drain")
		if rate < 3*outageRate {
			t.Errorf("%.0f events a second drained while %d arrived; expected %d", rate, outageRate, 3*outageRate)
		}
	})
	t.Run("drain at the target's limit", func(t *testing.T) {
		o.down.r.Down()
		o.p.Reload(o.rules(fmt.Sprint("rate: ", outageLimit)))
		o.fill(30 * outageLimit)
		o.p.Floored()
		rate := o.drain(t, "limited")
		if rate < 0.9*outageLimit || rate > 1.1*outageLimit {
			t.Errorf("%.0f events a second drained; the target allows %d", rate, outageLimit)
		}
	})
	o.untilCame("down", o.filled+o.paced)
	o.p.Drained()
	o.p.Ended()
}

// compareOutage offers the same load to a Wye with a target that is down and to
// one without, by turns, and compares what their well targets get.
func compareOutage(t *testing.T, when string, alone, o *outage) {
	t.Helper()
	var ratios []float64
	var without, with []result
	for range outageRounds {
		prefix := fmt.Sprint("at", o.paced)
		a, b := alone.round(prefix), o.round(prefix)
		without, with = append(without, a), append(with, b)
		ratios = append(ratios, float64(b.p99)/float64(a.p99))
	}
	slices.Sort(ratios)
	ratio := ratios[outageRounds/2]
	t.Logf("%s, %d waiting; %d events/s offered, medians of %d rounds of %s\nalone            %s\nbeside the outage %s\np99 beside the outage to alone: %.2f (%.2f to %.2f)",
		when, o.p.Target("down").Waiting, outageRate, outageRounds, outageRound, median(without), median(with), ratio, ratios[0], ratios[outageRounds-1])
	if ratio > 1.1 {
		t.Errorf("%s: the well target's p99 is %.2f of what it is alone", when, ratio)
	}
}

// outage is a Wye with a well target and, it may be, one that is down.
type outage struct {
	t             *testing.T
	p             *routertest.Process
	well, down    *counter
	filled, paced int // events published
}

func newOutage(t *testing.T, binary string, down ...string) *outage {
	o := &outage{t: t, well: newCounter(t)}
	if len(down) > 0 {
		o.down = newCounter(t)
		o.down.r.Down()
	}
	o.p = routertest.NewProcess(t, binary, o.rules(), t.TempDir(), "--duplicate-window", "30s")
	o.p.Start()
	return o
}

func (o *outage) rules(more ...string) string {
	text, to := target("well", o.well.r.URL()), []string{"well"}
	if o.down != nil {
		text += target("down", o.down.r.URL(), append(more, "retry: {first: 100ms, max: 1s, attempts: 1000}", "breaker: {first: 100ms, max: 1s}")...)
		to = append(to, "down")
	}
	return file(text, rule("all", "**", to...))
}

// fill publishes n events as fast as they are taken.
func (o *outage) fill(n int) {
	o.t.Helper()
	const atOnce = 100
	next := make(chan int, n/atOnce)
	for i := range n / atOnce {
		next <- o.filled + i*atOnce
	}
	close(next)
	o.filled += n
	var all sync.WaitGroup
	for range publishers {
		all.Go(func() {
			for from := range next {
				evs := make([]routertest.Event, atOnce)
				for i := range evs {
					evs[i] = routertest.Event{ID: fmt.Sprint("fill-", from+i)}
				}
				for {
					if status, err := o.p.PostBatch(o.t.Context(), evs); err == nil && status == 202 {
						break
					}
					select {
					case <-o.t.Context().Done():
						return
					case <-time.After(10 * time.Millisecond):
					}
				}
			}
		})
	}
	all.Wait()
}

// fillTo publishes until so many are published in all, and gives by how many
// bytes the memory grew meanwhile.
func (o *outage) fillTo(n int) (grown int) {
	o.t.Helper()
	before, most, began := o.p.Memory(), uint64(0), time.Now()
	for o.filled < n {
		o.fill(10_000)
		most = max(most, o.p.Memory())
	}
	o.untilCame("well", o.filled+o.paced)
	o.p.Floored()
	most = max(most, o.p.Memory())
	o.t.Logf("%d events published in %s: %d wait; memory %d MiB before, at most %d MiB, %d MiB now",
		o.filled, time.Since(began).Round(time.Second), o.p.Target("down").Waiting, before/mib, most/mib, o.p.Memory()/mib)
	return int(most) - int(before)
}

// round offers a paced load and gives what the well target got.
func (o *outage) round(prefix string) result {
	o.t.Helper()
	began := time.Now()
	sent := pace{to: o.p.Publisher, rate: outageRate, prefix: prefix, most: int(outageRate * outageRound.Seconds())}.run(o.t.Context())
	if sent.refused > 0 {
		o.t.Errorf("%d events were refused", sent.refused)
	}
	o.paced += len(sent.at)
	o.untilCame("well", o.filled+o.paced)
	return o.well.times(began, sent.at)
}

// drain lets the target be up again while events arrive, and gives how many
// events a second it gets until the backlog is gone.
func (o *outage) drain(t *testing.T, prefix string) float64 {
	t.Helper()
	waiting, came := o.p.Target("down").Waiting, o.down.came()
	stop := pace{to: o.p.Publisher, rate: outageRate, prefix: prefix}.start(t)
	o.down.r.Up()
	began := time.Now()
	var s router.TargetStatus
	routertest.UntilWithin(t, outageSlow, "the backlog is drained", func() bool {
		<-time.After(100 * time.Millisecond)
		s = o.p.Target("down")
		return s.Waiting < outageRate/10 || s.State == "straight"
	}, func() any { return s })
	rate := float64(o.down.came()-came) / time.Since(began).Seconds()
	took := time.Since(began)
	sent := stop()
	o.paced += len(sent.at)
	t.Logf("%d events waited; drained in %s while %d a second arrived: %.0f events/s to the target", waiting, took.Round(100*time.Millisecond), outageRate, rate)
	if sent.refused > 0 {
		t.Errorf("%d events were refused", sent.refused)
	}
	return rate
}

func (o *outage) untilCame(name string, n int) {
	o.t.Helper()
	c := map[string]*counter{"well": o.well, "down": o.down}[name]
	routertest.UntilWithin(o.t, outageSlow, "events come to "+name, func() bool { return c.came() >= n },
		func() any { return []any{c.came(), n, o.p.Targets()} })
}

// counter is a receiver that takes everything and keeps only when each event
// came first.
type counter struct {
	t  *testing.T
	r  *routertest.Receiver
	mu sync.Mutex
	at map[string]time.Time
}

func newCounter(t *testing.T) *counter {
	c := &counter{t: t, at: map[string]time.Time{}}
	c.r = routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.at[a.ID].IsZero() {
			c.at[a.ID] = a.At
		}
		return routertest.Reply{}
	}).Forgetful()
	return c
}

// came is how many different events came.
func (c *counter) came() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.at)
}

// times is how long events took that were sent from began on.
func (c *counter) times(began time.Time, sent map[string]time.Time) result {
	c.mu.Lock()
	defer c.mu.Unlock()
	var took []time.Duration
	last := began
	for id, at := range sent {
		arrived := c.at[id]
		if arrived.IsZero() {
			c.t.Fatalf("the event %s did not come", id)
		}
		took = append(took, arrived.Sub(at))
		if arrived.After(last) {
			last = arrived
		}
	}
	slices.Sort(took)
	return result{rate: float64(len(took)) / last.Sub(began).Seconds(), p50: took[len(took)/2], p99: took[len(took)*99/100]}
}
