package deliverybench

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/measure"
	"github.com/wye-events/wye/cmd/wye/bench/wire"
)

// mostEvents is how many events a row can tell apart: more than two cores
// deliver in five minutes. What is not used of their memory is never touched.
const mostEvents = 1 << 22

// ledger knows of every event, by its number, when it was accepted and how often
// it has arrived. It is for many goroutines at once.
type ledger struct {
	accepted []atomic.Int64 // nanoseconds since 1970; 0: not yet
	arrivals []atomic.Uint32
	want     uint32 // arrivals of every event; 0 where it is to go nowhere

	deliveries measure.Meter     // with the time from accepted to arrived
	sent       measure.Histogram // the time from sent to arrived
	whole      atomic.Uint64     // events that have arrived as often as they are to
	repeated   atomic.Uint64

	// credits has one for each event that may be sent now. It is filled when a
	// load begins.
	credits chan struct{}
}

func newLedger(want int) *ledger {
	return &ledger{
		accepted: make([]atomic.Int64, mostEvents), arrivals: make([]atomic.Uint32, mostEvents),
		want: uint32(want), credits: make(chan struct{}, mostUnderWay),
	}
}

// beside is a ledger of the same events for another target.
func (l *ledger) beside() *ledger {
	other := newLedger(int(l.want))
	other.accepted = l.accepted
	return other
}

// accept takes note that an event was accepted now.
func (l *ledger) accept(number uint64) {
	if number < mostEvents {
		l.accepted[number].Store(time.Now().UnixNano())
	}
	if l.want == 0 {
		l.whole.Add(1)
		l.credit()
	}
}

// arrive takes note of an arrival. An event can arrive before its publisher has
// the answer; that took no time.
func (l *ledger) arrive(id []byte, now time.Time) {
	number, due, ok := wire.ParseID(id)
	if !ok || number >= mostEvents {
		l.deliveries.Failed(fmt.Errorf("unexpected event id %q", id))
		return
	}
	n := l.arrivals[number].Add(1)
	if n > l.want {
		l.repeated.Add(1)
		return
	}
	took := time.Duration(0)
	if at := l.accepted[number].Load(); at > 0 {
		took = time.Duration(now.UnixNano() - at)
	}
	l.deliveries.Done(took)
	l.sent.Record(time.Duration(now.UnixNano() - due))
	if n == l.want {
		l.whole.Add(1)
		l.credit()
	}
}

func (l *ledger) credit() {
	select {
	case l.credits <- struct{}{}:
	default: // nobody takes them at a fixed rate
	}
}

// allow has so many events be under way from now on, when none is.
func (l *ledger) allow(n int) {
	for {
		select {
		case <-l.credits:
			continue
		default:
		}
		break
	}
	for range n {
		l.credit()
	}
}

// look tells what has arrived so far.
func (l *ledger) look() sight {
	return sight{done: l.whole.Load(), latency: l.deliveries.Tally().Latency, sent: l.sent.Counts()}
}
