package routertest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Publishers publish without a pause, each its own events one after the other,
// and remember what was acknowledged. What was not is published again with the
// same id, also over a restart of Wye, until it is.
type Publishers struct {
	to   *Publisher
	stop context.CancelFunc
	all  sync.WaitGroup

	mu    sync.Mutex
	acked map[string]bool
	// next is closed, and made anew, at every acknowledgement.
	next       chan struct{}
	retried    int // events that took more than one request
	duplicates int // of these, answered as duplicates
}

// StartPublishers starts n publishers.
func StartPublishers(to *Publisher, n int) *Publishers {
	ctx, stop := context.WithCancel(context.Background())
	p := &Publishers{to: to, stop: stop, acked: map[string]bool{}, next: make(chan struct{})}
	for i := range n {
		p.all.Go(func() {
			for k := 0; ctx.Err() == nil; k++ {
				p.publish(ctx, fmt.Sprintf("p%d-%d", i, k))
			}
		})
	}
	return p
}

// retryEvery is the pause of a publisher whose Wye is down.
const retryEvery = 5 * time.Millisecond

func (p *Publishers) publish(ctx context.Context, id string) {
	for tries := 1; ; tries++ {
		status, receipt, err := p.to.Post(ctx, Event{ID: id})
		if err == nil && status == http.StatusAccepted {
			p.acknowledged(id, tries, receipt.Duplicate)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retryEvery):
		}
	}
}

func (p *Publishers) acknowledged(id string, tries int, duplicate bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acked[id] = true
	if tries > 1 {
		p.retried++
		if duplicate {
			p.duplicates++
		}
	}
	close(p.next)
	p.next = make(chan struct{})
}

// Next is closed when the next event is acknowledged.
func (p *Publishers) Next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next
}

// Acked are the ids acknowledged so far.
func (p *Publishers) Acked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids := make([]string, 0, len(p.acked))
	for id := range p.acked {
		ids = append(ids, id)
	}
	return ids
}

// Counts is how many events were acknowledged, how many of them took more than
// one request, and how many of these had been stored by an earlier one.
func (p *Publishers) Counts() (acked, retried, duplicates int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.acked), p.retried, p.duplicates
}

// Stop stops the publishers. What they have not had acknowledged by then counts
// for nothing.
func (p *Publishers) Stop() {
	p.stop()
	p.all.Wait()
}
