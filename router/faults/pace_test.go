package faults

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wye-events/wye/router/routertest"
)

// pace publishes events at a rate that does not depend on the answers.
type pace struct {
	to     *routertest.Publisher
	rate   int    // events a second
	prefix string // of their ids: "<prefix>-0" and so on
	most   int    // how many; 0: until it is stopped
	within time.Duration
}

// paceEvery is the interval at which what is due is published.
const paceEvery = 5 * time.Millisecond

// offered is what a pace published: when each event was offered, and how many
// of them were not accepted.
type offered struct {
	at      map[string]time.Time
	refused int64
}

// run publishes until it is done or ctx is.
func (p pace) run(ctx context.Context) offered {
	events := make(chan routertest.Event, 1<<16)
	var (
		all     sync.WaitGroup
		refused atomic.Int64
	)
	posting, cancel := context.WithCancel(context.Background())
	defer cancel()
	for range publishers {
		all.Go(func() {
			for ev := range events {
				if status, _, err := p.to.Post(posting, ev); err != nil || status != http.StatusAccepted {
					refused.Add(1)
				}
			}
		})
	}
	at := p.offer(ctx, events)
	close(events)
	if p.within > 0 {
		defer time.AfterFunc(p.within, cancel).Stop()
	}
	all.Wait()
	return offered{at, refused.Load()}
}

func (p pace) offer(ctx context.Context, events chan<- routertest.Event) map[string]time.Time {
	at := map[string]time.Time{}
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	for began := time.Now(); p.most == 0 || len(at) < p.most; {
		var now time.Time
		select {
		case <-ctx.Done():
			return at
		case now = <-tick.C:
		}
		due := int(now.Sub(began).Seconds() * float64(p.rate))
		if p.most > 0 {
			due = min(due, p.most)
		}
		for len(at) < due {
			id := fmt.Sprint(p.prefix, "-", len(at))
			at[id] = now
			events <- routertest.Event{ID: id}
		}
	}
	return at
}

// start publishes until the test calls what it gives.
func (p pace) start(t *testing.T) (stop func() offered) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan offered, 1)
	go func() { done <- p.run(ctx) }()
	stop = sync.OnceValue(func() offered {
		cancel()
		return <-done
	})
	t.Cleanup(func() { stop() })
	return stop
}
