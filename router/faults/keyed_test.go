package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wye-events/wye/router/routertest"
)

// keyed publishes events of many keys: the i-th event of key k has the id
// "k<k>-<i>" and the subject "k<k>". Those of one key come in bursts, so that
// one that fails has others close behind it. What is not accepted is published
// again until it is.
type keyed struct {
	stop context.CancelFunc
	done chan struct{}
	sum  atomic.Int64
	took time.Duration

	each []int // events accepted of each key; to be read when done
}

func startKeyed(t *testing.T, to *routertest.Publisher, keys, most int) *keyed {
	ctx, stop := context.WithCancel(t.Context())
	k := &keyed{stop: stop, done: make(chan struct{}), each: make([]int, keys)}
	var all sync.WaitGroup
	began := time.Now()
	for n := range publishers {
		all.Go(func() {
			for i := 0; ctx.Err() == nil && (most == 0 || i < most/keys); i += burst {
				for key := n; key < keys && ctx.Err() == nil; key += publishers {
					k.publish(ctx, to, key, i)
				}
			}
		})
	}
	go func() {
		all.Wait()
		k.took = time.Since(began)
		close(k.done)
	}()
	t.Cleanup(func() {
		stop()
		<-k.done
	})
	return k
}

// policies are what may be done about an event that an ordered target refuses.
var policies = []string{"park", "block", "skip"}

// policyOf is the policy of the target that a key's events go to.
func policyOf(key int) string { return policies[key%len(policies)] }

func typeOf(key int) string { return "com.example." + policyOf(key) }

// burst is how many events of a key come at once.
const burst = 8

// publish returns when the burst is accepted; a stop leaves none half published.
func (k *keyed) publish(ctx context.Context, to *routertest.Publisher, key, i int) {
	evs := make([]routertest.Event, burst)
	for n := range evs {
		evs[n] = routertest.Event{ID: fmt.Sprintf("k%d-%d", key, i+n), Type: typeOf(key), Attributes: map[string]string{"subject": fmt.Sprint("k", key)}}
	}
	for {
		status, err := to.PostBatch(context.WithoutCancel(ctx), evs)
		if err == nil && status == http.StatusAccepted {
			k.each[key] = i + burst
			k.sum.Add(burst)
			return
		}
		<-time.After(5 * time.Millisecond)
	}
}

func (k *keyed) accepted() int { return int(k.sum.Load()) }

// await returns when so many events are accepted, or no more will be.
func (k *keyed) await(n int) {
	for k.accepted() < n {
		select {
		case <-k.done:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// taker is a receiver that fails at random and takes each key's events in order
// or tells what came out of order. It ignores repetitions of what it has.
type taker struct {
	t      *testing.T
	policy string // on_poison of its target
	r      *routertest.Receiver

	mu       sync.Mutex
	next     map[int]int // of each key, the event that must be taken next
	refusals map[[2]int]int
	came     int
	failed   int
	again    int // repetitions of what was taken
	wrong    int
}

func newTaker(t *testing.T, policy string) *taker {
	k := &taker{t: t, policy: policy, next: map[int]int{}, refusals: map[[2]int]int{}}
	k.r = routertest.NewReceiver(t, k.answer).Forgetful()
	return k
}

func (k *taker) String() string {
	return fmt.Sprintf("%d requests, %d failed at random, %d repetitions, %d out of order", k.came, k.failed, k.again, k.wrong)
}

// poisonous tells whether an event is refused: for ever, or (where it blocks its
// key) a few times.
func poisonous(key, i int) bool { return (key*31+i)%400 == 7 }

const blockedFor = 3 // requests

func (k *taker) answer(a routertest.Arrival) routertest.Reply {
	var key, i int
	if _, err := fmt.Sscanf(a.ID, "k%d-%d", &key, &i); err != nil {
		k.t.Errorf("the event %q came, which nobody published", a.ID)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.came++
	if poisonous(key, i) && (k.policy != "block" || k.refusals[[2]int{key, i}] < blockedFor) {
		k.refusals[[2]int{key, i}]++
		return routertest.Reply{Status: 400}
	}
	dice := rand.N(100)
	switch {
	case dice < 3:
		k.failed++
		return routertest.Reply{Status: 500}
	case dice < 4:
		k.failed++
		return routertest.Reply{Reset: true}
	}
	k.take(key, i)
	if dice < 5 { // and its answer is lost
		k.failed++
		return routertest.Reply{Status: 200, Reset: true}
	}
	return routertest.Reply{}
}

// take notes an event as taken; it must be the next of its key.
func (k *taker) take(key, i int) {
	want := k.skip(key, k.next[key])
	switch {
	case i < want:
		k.again++
		return
	case i > want:
		if k.wrong++; k.wrong < 10 {
			k.t.Errorf("%s: event %d of key %d was taken; expected %d", k.policy, i, key, want)
		}
	}
	k.next[key] = i + 1
}

// skip is the first event from i on that is not left out.
func (k *taker) skip(key, i int) int {
	for k.policy != "block" && poisonous(key, i) {
		i++
	}
	return i
}

// account looks whether every event came, and counts those that were refused.
func (k *taker) account(load *keyed) (poison int) {
	k.t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	missing := 0
	for key, n := range load.each {
		if policyOf(key) != k.policy {
			continue
		}
		if got := k.skip(key, k.next[key]); got < n {
			missing += n - got
		}
		for i := range n {
			if poisonous(key, i) {
				poison++
			}
		}
	}
	if missing > 0 {
		k.t.Errorf("%s: %d events did not come", k.policy, missing)
	}
	if len(k.refusals) != poison {
		k.t.Errorf("%s: %d events were refused, want %d", k.policy, len(k.refusals), poison)
	}
	return poison
}
