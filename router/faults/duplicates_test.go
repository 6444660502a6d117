package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// TestDuplicateStorm publishes the same events again and again, at the same
// time, over a restart and over a kill: each is one event, with one sequence.
func TestDuplicateStorm(t *testing.T) {
	const events, times = 40, 6 // a publisher, each time
	well := routertest.NewReceiver(t, routertest.Well)
	p := routertest.NewProcess(t, binary(t), file(target("well", well.URL()), rule("all", "**", "well")), t.TempDir())
	p.Start()
	s := &duplicates{t: t, to: p.Publisher, fresh: map[string]int{}, of: map[string]map[uint64]int{}}
	s.storm(events, times, func() {
		p.Stop()
		p.Start()
	})
	s.storm(events, times, func() {
		p.Kill()
		p.Start()
	})
	p.Drained()
	p.Ended()
	for id, sequences := range s.of {
		if len(sequences) != 1 || s.fresh[id] > 1 {
			t.Errorf("%s has the sequences %v and was stored %d times; expected one event", id, sequences, s.fresh[id])
		}
	}
	deliveries := map[string]bool{}
	for _, a := range well.Arrivals() {
		deliveries[a.DeliveryID] = true
	}
	if head := p.Status().Head; head != events || len(s.of) != events || len(deliveries) != events {
		t.Errorf("%d events are stored, %d are known to publishers, %d deliveries came; expected %d", head, len(s.of), len(deliveries), events)
	}
	t.Logf("%d requests for %d events, over a restart and a kill: %d deliveries in %d requests", s.answers, events, len(deliveries), len(well.Arrivals()))
}

// duplicates are events that many publish.
type duplicates struct {
	t  *testing.T
	to *routertest.Publisher

	mu      sync.Mutex
	answers int
	fresh   map[string]int            // answers that said the event was new
	of      map[string]map[uint64]int // answers by sequence
}

// storm lets every publisher publish every event several times, and breaks
// something when a third of that is done. What is not accepted is repeated.
func (s *duplicates) storm(events, times int, disturb func()) {
	var all sync.WaitGroup
	third := make(chan struct{}, publishers)
	for range publishers {
		all.Go(func() {
			for n := range times {
				if n == times/3 {
					third <- struct{}{}
				}
				for _, k := range rand.Perm(events) {
					s.publish(fmt.Sprint("e", k))
				}
			}
		})
	}
	<-third
	disturb()
	all.Wait()
}

func (s *duplicates) publish(id string) {
	ctx, cancel := context.WithTimeout(s.t.Context(), routertest.Patience)
	defer cancel()
	for {
		status, receipt, err := s.to.Post(ctx, routertest.Event{ID: id})
		if err == nil && status == http.StatusAccepted {
			s.answered(id, receipt)
			return
		}
		select {
		case <-ctx.Done():
			s.t.Errorf("%s was not accepted: %d, %v", id, status, err)
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func (s *duplicates) answered(id string, r router.Receipt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers++
	if s.of[id] == nil {
		s.of[id] = map[uint64]int{}
	}
	s.of[id][r.Sequence]++
	if !r.Duplicate {
		s.fresh[id]++
	}
}
