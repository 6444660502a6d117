package sender

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Config is how to send.
type Config struct {
	To          string // http://… or nats://…
	Mode        cloudevent.Mode
	Batch       int     // events in a request of batched mode
	Rate        float64 // events a second; 0 for as fast as it goes
	Concurrency int     // requests at once; more than 1 gives up the order
	Retry       int     // how often a request is repeated
	// Report gets every outcome, one at a time.
	Report func(Outcome, Tally)
}

// publisher hands a request with one or more events to Wye. The events of a
// request are taken or refused together: an error is a [*Refusal] or an
// [*Unreachable]. Many goroutines call it at once.
type publisher interface {
	publish(ctx context.Context, items []Item) ([]Receipt, error)
	close()
}

// Run sends the events. It ends with an error when the source has one or nobody
// answers; refused events are no error. Each event that was sent is in the
// tally, and has been reported.
func Run(ctx context.Context, cfg Config, from Source) (Tally, error) {
	p, err := dial(cfg)
	if err != nil {
		return Tally{}, err
	}
	defer p.close()
	return run(ctx, cfg, p, from)
}

func run(parent context.Context, cfg Config, p publisher, from Source) (Tally, error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	s := &sending{cfg: cfg, publisher: p, stop: cancel}
	requests := make(chan []Item)
	var workers sync.WaitGroup
	for range max(cfg.Concurrency, 1) {
		workers.Go(func() {
			for items := range requests {
				s.send(ctx, items)
			}
		})
	}
	err := s.feed(ctx, from, requests)
	close(requests)
	workers.Wait()
	if stopped := context.Cause(ctx); stopped != nil {
		err = stopped
	}
	return s.tally, err
}

// sending is one run.
type sending struct {
	cfg       Config
	publisher publisher
	stop      context.CancelCauseFunc
	answered  atomic.Bool // somebody is there

	mu    sync.Mutex
	tally Tally
}

// feed puts events together to requests and hands them out at the rate.
func (s *sending) feed(ctx context.Context, from Source, requests chan<- []Item) error {
	size := 1
	if s.cfg.Mode == cloudevent.Batched {
		size = max(s.cfg.Batch, 1)
	}
	limit := rate.Inf
	if s.cfg.Rate > 0 {
		limit = rate.Limit(s.cfg.Rate)
	}
	pace := rate.NewLimiter(limit, size)
	for items, err := range inBatches(from, size) {
		if len(items) > 0 {
			if pace.WaitN(ctx, len(items)) != nil {
				// It gives up as soon as its turn would come after the deadline.
				<-ctx.Done()
				return context.Cause(ctx)
			}
			select {
			case requests <- items:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// batchBytes keeps a batch below the size that servers take.
const batchBytes = 512 << 10

// inBatches groups events, up to size in a group. Those before an error come
// with it.
func inBatches(from Source, size int) func(func([]Item, error) bool) {
	return func(yield func([]Item, error) bool) {
		var batch []Item
		bytes := 0
		for it, err := range from {
			if err != nil {
				yield(batch, err)
				return
			}
			n := len(it.Event.Data) + 512
			if len(batch) > 0 && bytes+n > batchBytes {
				if !yield(batch, nil) {
					return
				}
				batch, bytes = nil, 0
			}
			batch, bytes = append(batch, it), bytes+n
			if len(batch) == size {
				if !yield(batch, nil) {
					return
				}
				batch, bytes = nil, 0
			}
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
	}
}

// send makes a request and reports what became of its events. A batch is taken
// as a whole or not at all, so the events of a refused one are sent again one by
// one: the good ones are taken, and each bad one gets a refusal of its own.
func (s *sending) send(ctx context.Context, items []Item) {
	receipts, err := s.publish(ctx, items)
	refusal := (*Refusal)(nil)
	switch {
	case err == nil:
		s.accepted(items, receipts)
	case errors.As(err, &refusal) && len(items) > 1 && !refusal.passing():
		for i := range items {
			s.send(ctx, items[i:i+1])
		}
	case refusal != nil:
		s.refused(items, refusal)
	default:
		s.stop(err)
	}
}

// publish makes a request, again and again while that may help.
func (s *sending) publish(ctx context.Context, items []Item) ([]Receipt, error) {
	for again := 0; ; again++ {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		receipts, err := s.publisher.publish(ctx, items)
		if !isUnreachable(err) {
			s.answered.Store(true)
		}
		wait, ok := waitBefore(err, again, s.answered.Load())
		if !ok || again >= s.cfg.Retry {
			return receipts, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

// The bounds of a wait before a request is repeated.
const (
	firstWait = 250 * time.Millisecond
	mostWait  = 30 * time.Second
)

// waitBefore says whether a request that failed is worth repeating, and when.
// A server that was never there is not waited for.
func waitBefore(err error, again int, answered bool) (time.Duration, bool) {
	wait := firstWait << min(again, 10)
	refusal := (*Refusal)(nil)
	switch {
	case errors.As(err, &refusal) && refusal.passing():
		if refusal.Wait > 0 {
			wait = refusal.Wait
		}
	case isUnreachable(err) && answered:
	default:
		return 0, false
	}
	return min(wait, mostWait), true
}

func (s *sending) accepted(items []Item, receipts []Receipt) {
	for i := range items {
		s.report(Outcome{Item: items[i], Receipt: &receipts[i]})
	}
}

func (s *sending) refused(items []Item, r *Refusal) {
	for i := range items {
		s.report(Outcome{Item: items[i], Refusal: r})
	}
}

func (s *sending) report(o Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally.add(o)
	if s.cfg.Report != nil {
		s.cfg.Report(o, s.tally)
	}
}
