package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/router/routertest"
)

const (
	load   = 200 // events a second: well below what a busy machine manages under the race detector
	phase  = 1200 * time.Millisecond
	rounds = 5
)

// TestIsolation offers the same load to a well target in three kinds of
// company, by turns: alone, with two that answer too slowly (one hangs, one sends
// its answer byte by byte), and with one that hangs for minutes and one that
// answers 500. What it gets in such company must be within a tenth of what it
// gets alone, as the median of the rounds: a busy machine slows all phases of a
// round. Its p99 must be within twice, but that is told by a quiet machine only.
//
// Each company is a Wye of its own, which is idle while the others have their
// turn. In one process, what a bad target holds up would hold up the well one in
// all companies, and the ratio would hide it.
func TestIsolation(t *testing.T) {
	binary := binary(t)
	end := make(chan struct{})
	hangs := func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: end} }
	hung, late := routertest.NewReceiver(t, hangs), routertest.NewReceiver(t, hangs)
	dripping := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply { return routertest.Reply{Drip: 20 * time.Millisecond} })
	broken := routertest.NewReceiver(t, routertest.Always(500))
	alone := newCompany(t, binary, "alone")
	slow := newCompany(t, binary, "in slow company", timed("late", late.URL(), slowest, patient), timed("dripping", dripping.URL(), slowest, patient))
	bad := newCompany(t, binary, "in bad company", timed("hung", hung.URL(), 5*time.Minute), target("broken", broken.URL()))
	before := slow.p.Goroutines()
	for n := range rounds {
		for _, c := range []*company{alone, slow, bad} {
			c.run(fmt.Sprint("e", n))
		}
	}
	t.Logf("%d events/s offered, medians of %d rounds of %s", load, rounds, phase)
	t.Logf("%-15s %s", alone.name, median(alone.got))
	slow.compare(alone)
	bad.compare(alone)
	slow.timedOut("late", "dripping")
	close(end)
	dripping.Answer(routertest.Well)
	slow.p.Drained()
	routertest.Until(t, "the goroutines of slow deliveries end", func() bool { return slow.p.Goroutines() < before+goroutinesMore },
		func() any { return []int{before, slow.p.Goroutines()} })
	t.Logf("goroutines in slow company: %d before, %d when all was delivered", before, slow.p.Goroutines())
}

const (
	// slowest is how long an answer may take in slow company.
	slowest = 300 * time.Millisecond
	// patient has many attempts time out: no breaker opens.
	patient = "concurrency: 8, breaker: {failures: 1000, ratio: 0}"
	// goroutinesMore allows for connections that are kept. Far more attempts than
	// that time out.
	goroutinesMore = 100
)

// compare holds what the well target got against what it gets alone.
func (c *company) compare(alone *company) {
	c.t.Helper()
	var rate, p99 []float64
	for n, got := range c.got {
		rate = append(rate, got.rate/alone.got[n].rate)
		p99 = append(p99, float64(got.p99)/float64(alone.got[n].p99))
	}
	slices.Sort(rate)
	slices.Sort(p99)
	c.t.Logf("%-15s %s; to alone: events/s %.3f (%.3f to %.3f), p99 %.2f (%.2f to %.2f)", c.name, median(c.got),
		rate[rounds/2], rate[0], rate[rounds-1], p99[rounds/2], p99[0], p99[rounds-1])
	for _, s := range c.p.Targets() {
		c.t.Logf("%-8s %-8s delivered %5d, waiting %5d, under way %d, failed %d", s.Name, s.State, s.Delivered, s.Waiting, s.Active, s.Retried)
		if s.Name != "well" && s.Waiting == 0 {
			c.t.Errorf("%s has no backlog: it was not in trouble", s.Name)
		}
	}
	if rate[rounds/2] < 0.9 {
		c.t.Errorf("%s the well target gets %.2f of what it gets alone", c.name, rate[rounds/2])
	}
	if routertest.Long() && p99[rounds/2] > 2 { // on a machine that has nothing else to do
		c.t.Errorf("%s the well target's p99 is %.2f of what it is alone", c.name, p99[rounds/2])
	}
}

// timedOut looks for what the history tells of attempts that took too long.
func (c *company) timedOut(names ...string) {
	c.t.Helper()
	for _, name := range names {
		said := ""
		for seq := uint64(1); seq <= 200 && !strings.Contains(said, "timeout after "+slowest.String()); seq += 10 {
			for _, d := range c.p.Past(seq).Deliveries {
				if d.Target == name {
					said = d.Error
				}
			}
		}
		if !strings.Contains(said, "timeout after "+slowest.String()) {
			c.t.Errorf("the deliveries to %s tell of no timeout but say %q", name, said)
		}
		if n := c.p.Target(name).Retried; n < 2*goroutinesMore {
			c.t.Errorf("only %d attempts of %s timed out: too few to see whether they leave something behind", n, name)
		}
	}
}

// company is a Wye with a well target and others.
type company struct {
	t    *testing.T
	name string
	p    *routertest.Process
	well *routertest.Receiver
	sum  int // events so far
	seen int // arrivals so far
	got  []result
}

func newCompany(t *testing.T, binary, name string, others ...string) *company {
	t.Helper()
	c := &company{t: t, name: name, well: routertest.NewReceiver(t, routertest.Well)}
	all := append([]string{target("well", c.well.URL())}, others...)
	var names []string
	for _, text := range all {
		one, _, _ := strings.Cut(strings.TrimSpace(text), ":")
		names = append(names, one)
	}
	c.p = routertest.NewProcess(t, binary, file(strings.Join(all, ""), rule("all", "**", names...)), t.TempDir(), "--pprof")
	c.p.Start()
	for n := range 100 { // connections, code
		c.p.Send(t, routertest.Event{ID: fmt.Sprint("warm", n)})
	}
	c.sum, c.seen = 100, 100
	c.well.UntilTaken(c.sum)
	return c
}

// result is what the well target got in one phase: events a second from the
// first event offered to the last one taken, and the time from offered to
// arrived.
type result struct {
	rate     float64
	p50, p99 time.Duration
}

func (r result) String() string {
	return fmt.Sprintf("%6.0f events/s, p50 %s, p99 %s", r.rate, r.p50.Round(10*time.Microsecond), r.p99.Round(10*time.Microsecond))
}

func median(all []result) result {
	return result{
		rate: middle(all, func(r result) float64 { return r.rate }),
		p50:  middle(all, func(r result) time.Duration { return r.p50 }),
		p99:  middle(all, func(r result) time.Duration { return r.p99 }),
	}
}

func middle[T float64 | time.Duration](all []result, of func(result) T) T {
	var values []T
	for _, r := range all {
		values = append(values, of(r))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// run offers one phase of load and waits until the well target has all of it.
func (c *company) run(prefix string) {
	c.t.Helper()
	began := time.Now()
	sent := pace{to: c.p.Publisher, rate: load, prefix: prefix, most: int(load * phase.Seconds()), within: 8 * phase}.run(c.t.Context())
	if sent.refused > 0 {
		c.t.Fatalf("%s: %d of %d events were not accepted", c.name, sent.refused, len(sent.at))
	}
	at := sent.at
	c.sum += len(at)
	c.well.UntilTaken(c.sum)
	arrivals := c.well.Arrivals()[c.seen:]
	c.seen += len(arrivals)
	var took []time.Duration
	last := began
	for _, a := range arrivals {
		if sent, ok := at[a.ID]; ok {
			took = append(took, a.At.Sub(sent))
			if a.At.After(last) {
				last = a.At
			}
		}
	}
	slices.Sort(took)
	c.got = append(c.got, result{
		rate: float64(len(took)) / last.Sub(began).Seconds(),
		p50:  took[len(took)/2], p99: took[len(took)*99/100],
	})
}
