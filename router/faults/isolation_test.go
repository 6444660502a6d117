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
	load   = 500 // events a second: what a busy machine manages under the race detector
	phase  = 1200 * time.Millisecond
	rounds = 5
)

// TestIsolation offers the same load to a well target in three kinds of
// company, by turns: alone, with two other well targets, and with one that hangs
// and one that answers 500. What it gets in bad company must be within a tenth
// of what it gets alone, as the median of the rounds: a busy machine slows all
// phases of a round.
//
// Each company is a Wye of its own, which is idle while the others have their
// turn. In one process, what a bad target holds up would hold up the well one in
// all companies, and the ratio would hide it.
func TestIsolation(t *testing.T) {
	binary := binary(t)
	never := make(chan struct{})
	hung := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: never} })
	broken := routertest.NewReceiver(t, routertest.Always(500))
	calm := routertest.NewReceiver(t, routertest.Well)
	companies := []*company{
		newCompany(t, binary, "alone"),
		newCompany(t, binary, "in good company", target("calm1", calm.URL()), target("calm2", calm.URL())),
		newCompany(t, binary, "in bad company", fmt.Sprintf("  hung: {http: {url: %q, timeout: 5m}}\n", hung.URL()), target("broken", broken.URL())),
	}
	alone, bad := companies[0], companies[2]
	var ratios []float64
	for n := range rounds {
		for _, c := range companies {
			c.run(fmt.Sprint("e", n))
		}
		ratios = append(ratios, bad.got[n].rate/alone.got[n].rate)
	}
	slices.Sort(ratios)
	for _, c := range companies {
		t.Logf("%-16s %s", c.name, median(c.got))
	}
	t.Logf("%d events/s offered, medians of %d rounds of %s; bad to alone, events/s: %.3f (%.3f to %.3f)",
		load, rounds, phase, ratios[rounds/2], ratios[0], ratios[rounds-1])
	for _, s := range bad.p.Targets() {
		t.Logf("%-7s %-8s delivered %5d, waiting %5d, under way %d", s.Name, s.State, s.Delivered, s.Waiting, s.Active)
		if s.Name != "well" && s.Waiting == 0 {
			t.Errorf("%s has no backlog: it was not in trouble", s.Name)
		}
	}
	if ratios[rounds/2] < 0.9 {
		t.Errorf("in bad company the well target gets %.2f of what it gets alone", ratios[rounds/2])
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
	c.p = routertest.NewProcess(t, binary, file(strings.Join(all, ""), rule("all", "**", names...)), t.TempDir())
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
