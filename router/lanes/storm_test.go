package lanes

import (
	"math"
	"slices"
	"testing"
	"time"
)

// Row 10 of the test matrix: a thousand targets fail at once, stay down for an
// hour while their events come, and come back together.
//
// What is held is that the probes of a thousand lanes are as spread as if each
// lane threw dice, not what the dice of one hour fell like: 44 probes a second,
// each at a time of its own, scatter by √44 = 6.7, so that in an hour of seconds
// some see 1.5 times the mean by chance alone, and would with any jitter. Hence
//
//   - in five seconds there are 222 probes, and half as many more would be seven
//     deviations: no seed in a million comes there, and a lockstep of even a third
//     of the lanes does at once;
//   - in seconds, and in tenths of them, the variance is held against the mean,
//     which are the same for independent probes, give or take 0.025 over an hour:
//     1.15 is six deviations, and any second that the lanes prefer shows.
//
// The lanes do not know of each other, so they are played one after the other.
func TestStorm(t *testing.T) {
	alone(t)
	const (
		tenth   = time.Second / 10
		lanes   = 1000
		outage  = time.Hour
		steady  = 2 * time.Minute // by then every lane has had its longest pause twice
		every   = 2 * time.Second // each lane's events
		longest = 30 * time.Second
	)
	fine := make([]int, outage/tenth)
	firsts := make([]int, longest/time.Second+5)
	events := 0
	for n := range lanes {
		policy := standard()
		policy.Concurrency = 1 // so every request after the first five is a probe
		p := newPlay(t, policy, uint64(n))
		p.delay, p.lazy, p.answer = 0, true, down
		p.every(30*every, int(outage/(30*every)), func(int) {
			for range 30 {
				p.offer("")
			}
		})
		p.run(outage)
		if p.most != 1 {
			t.Fatalf("lane %d has %d probes at once", n, p.most)
		}
		events += p.offered
		for _, r := range p.requests {
			fine[min(r.at.Sub(dawn), outage-1)/tenth]++
		}
		before := len(p.requests)
		p.answer, p.took = nil, time.Minute
		p.run(longest + time.Second)
		if len(p.requests) == before {
			t.Fatalf("lane %d asks nothing for %s after the outage", n, longest)
		}
		firsts[p.requests[before].at.Sub(dawn.Add(outage))/time.Second]++
	}

	late, inSeconds := fine[steady/tenth:], []int{}
	for second := range slices.Chunk(late, 10) {
		inSeconds = append(inSeconds, sum(second))
	}
	total := sum(late)
	if load := float64(total) / (float64(events) * float64(outage-steady) / float64(outage)); load > 0.10 {
		t.Errorf("the probes are %.1f %% of the events", 100*load)
	}
	if ratio := peak(late, 50) / mean(late); ratio > 1.5 {
		t.Errorf("in five seconds there are up to %.2f times the mean of %.0f probes a second", ratio, mean(inSeconds))
	}
	if d, f := dispersion(inSeconds), dispersion(late); d > 1.15 || f > 1.15 {
		t.Errorf("the variance of the probes is %.2f of their mean in seconds, %.2f in tenths", d, f)
	}
	t.Logf("peak/mean %.2f in 5 s, %.2f in 1 s; variance/mean %.2f, %.2f in 0.1 s; %d probes, %d events; first requests peak/mean %.2f", peak(late, 50)/mean(late),
		peak(inSeconds, 1)/mean(inSeconds), dispersion(inSeconds), dispersion(late), total, events, peak(firsts[:30], 5)/mean(firsts[:30]))
	// The pauses are 15 to 30 seconds. So the first requests come evenly for 15,
	// and then ever fewer: 1.33 times the mean at first, and chance again.
	if ratio := peak(firsts[:30], 5) / mean(firsts[:30]); ratio > 1.33*1.5 || sum(firsts[30:]) > 0 {
		t.Errorf("when the targets are back, in five seconds there are %.2f times the mean of first requests: %v", ratio, firsts)
	}
}

func sum(all []int) (n int) {
	for _, v := range all {
		n += v
	}
	return n
}

func mean(all []int) float64 { return float64(sum(all)) / float64(len(all)) }

// peak is the largest mean of some seconds in a row.
func peak(all []int, width int) (most float64) {
	for i := range len(all) - width + 1 {
		most = max(most, mean(all[i:i+width]))
	}
	return most
}

func dispersion(all []int) float64 {
	m, squares := mean(all), 0.0
	for _, v := range all {
		squares += math.Pow(float64(v)-m, 2)
	}
	return squares / float64(len(all)) / m
}
