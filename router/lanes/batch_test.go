package lanes

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/targets"
)

func inBatches(events, bytes int, wait time.Duration) *rules.Target {
	policy := standard()
	policy.Concurrency = 1
	policy.Batch = &rules.Batch{MaxEvents: events, MaxBytes: bytes, MaxWait: wait}
	return policy
}

func TestBatchBounds(t *testing.T) {
	const wait = time.Second
	for _, c := range []struct {
		name          string
		events, bytes int
		sizes         []int
		want          []int // how many events each request has
	}{
		{"full", 3, 1000, []int{1, 1, 1, 1, 1, 1}, []int{3, 3}},
		{"a rest", 3, 1000, []int{1, 1, 1, 1}, []int{3, 1}},
		{"alone", 3, 1000, []int{1}, []int{1}},
		{"as many bytes as may be", 9, 1000, []int{500, 500, 500, 400, 100, 1}, []int{2, 3, 1}},
		{"one byte more", 9, 1000, []int{500, 501, 499, 1}, []int{1, 2, 1}},
		{"a larger one goes alone", 9, 1000, []int{5000, 1, 1}, []int{1, 2}},
		{"a larger one behind others", 9, 1000, []int{1, 1, 5000, 1}, []int{2, 1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlay(t, inBatches(c.events, c.bytes, 100*time.Millisecond), 1)
			for _, size := range c.sizes {
				p.offer("", func(j *Job) { j.Size = size })
			}
			p.finish(wait)
			var got []int
			for _, r := range p.requests {
				got = append(got, len(r.jobs))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("requests of %v events, want %v", got, c.want)
			}
		})
	}
}

// An event waits for others no longer than max_wait, whether somebody is at work
// or not, and a full batch does not wait at all.
func TestBatchWaits(t *testing.T) {
	policy := inBatches(10, 1<<20, 300*time.Millisecond)
	policy.Concurrency = 4
	p := newPlay(t, policy, 1)
	p.took = 2 * time.Second
	came := map[string]time.Time{}
	p.every(70*time.Millisecond, 300, func(i int) {
		for range 1 + i%2*i%7 {
			p.offer("", func(j *Job) { came[j.ID] = p.now })
		}
	})
	p.run(5 * time.Second)
	p.took = 5 * time.Millisecond
	p.finish(time.Minute)
	for _, r := range p.requests {
		waited := r.at.Sub(came[r.jobs[0]])
		if r.at.Sub(dawn) > 10*time.Second && waited > 330*time.Millisecond {
			t.Errorf("%s waited for %s", r.jobs[0], waited)
		}
	}
	p = newPlay(t, inBatches(10, 1<<20, time.Minute), 1)
	for range 20 {
		p.offer("")
	}
	p.run(100 * time.Millisecond)
	if len(p.requests) != 2 {
		t.Errorf("%d requests of two full batches", len(p.requests))
	}
}

// A batch holds one event of a key at most, and all of them go in order.
func TestBatchOnePerKey(t *testing.T) {
	policy := inBatches(10, 1<<20, 20*time.Millisecond)
	policy.Order, policy.Concurrency = &rules.Order{OnPoison: rules.OnPoisonPark}, 8
	p := newPlay(t, policy, 1)
	p.every(time.Millisecond, 2000, func(i int) { p.offer(fmt.Sprint("k", i%7)) })
	p.finish(5 * time.Minute) // the play sees two of a key at once
	for _, r := range p.requests {
		if len(r.jobs) > 7 {
			t.Fatalf("%d events of seven keys in one request", len(r.jobs))
		}
	}
}

// What has failed twice goes alone: an event that makes its whole batch fail
// takes no others with it for long.
func TestBatchFailedTwiceGoesAlone(t *testing.T) {
	policy := inBatches(10, 1<<20, 100*time.Millisecond)
	policy.Breaker.Failures, policy.Breaker.Ratio = 1000, 0
	policy.Retry.Attempts = 4
	p := newPlay(t, policy, 1)
	poison := func(id string) bool { return strings.HasSuffix(id, "03") }
	p.answer = func(*Job) error {
		for _, id := range p.requests[len(p.requests)-1].jobs {
			if poison(id) {
				return errDown
			}
		}
		return nil
	}
	tried := map[string]int{}
	p.every(50*time.Millisecond, 100, func(int) {
		for range 20 {
			p.offer("")
		}
	})
	p.finish(time.Minute)
	for _, r := range p.requests {
		for _, id := range r.jobs {
			if tried[id] >= aloneAfter && len(r.jobs) > 1 {
				t.Errorf("%s had failed %d times and went with %d others", id, tried[id], len(r.jobs)-1)
			}
			tried[id]++
		}
	}
	for id, e := range p.ended {
		if want := map[bool]Outcome{true: DeadLettered, false: Delivered}[poison(id)]; e.outcome != want || e.tried > 4 {
			t.Errorf("%s ended as %+v", id, e)
		}
	}
}

// A target that was left alone is probed with one event, not with a batch.
func TestBatchProbesAlone(t *testing.T) {
	for name, err := range map[string]error{
		"down":     errDown,
		"too fast": &targets.RetryAfter{Err: errDown, Wait: 10 * time.Second, Everyone: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t, inBatches(10, 1<<20, 100*time.Millisecond), 1)
			p.answer = func(*Job) error { return err }
			for range 100 {
				p.offer("")
			}
			p.run(5 * time.Minute)
			for _, r := range p.requests[1:] {
				if len(r.jobs) > 1 {
					t.Errorf("a probe of %d events", len(r.jobs))
				}
			}
			p.answer = nil
			asked := len(p.requests)
			p.finish(15 * time.Minute)
			if n := len(p.requests[asked].jobs); n > 1 || len(p.requests) < 3 {
				t.Errorf("a probe of %d events", n)
			}
		})
	}
}
