// Package targettest holds every kind of target to the contract of
// [github.com/wye-events/wye/targets.Target].
//
// A kind's own test says how to make its target against a real receiver in each
// of the states that a receiver can be in, and calls [Run]:
//
//	func TestHTTP(t *testing.T) {
//		targettest.Run(t, targettest.Kind{
//			Well:    func(t testing.TB) (targets.Target, targettest.Next) { ... },
//			Refuses: func(t testing.TB) targets.Target { ... },
//		})
//	}
//
// A state that the kind's receivers cannot be in is left nil, and its test says
// "not applicable". The kit brings the events, the comparisons and the
// questions; it knows no protocol.
package targettest

import (
	"context"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

// Kind makes targets of one kind. Each function makes a new target with a new
// receiver, and gives what must be taken down to t.Cleanup; the target itself
// is closed by the kit.
type Kind struct {
	// Well takes every event. Next gives what arrived.
	Well func(t testing.TB) (targets.Target, Next)
	// Refuses will never take this event.
	Refuses func(t testing.TB) targets.Target
	// Fails does not take the event now.
	Fails func(t testing.TB) targets.Target
	// Hangs holds the event and does not answer. The target gives up after
	// timeout, if the kind has one that can be set; the channel gives one value
	// for each delivery that is held.
	Hangs func(t testing.TB, timeout time.Duration) (target targets.Target, held <-chan struct{})
	// Throttles asks for a pause of all events.
	Throttles func(t testing.TB) targets.Target
	// Gone was there once and says that it will not be again.
	Gone func(t testing.TB) targets.Target
	// Unreachable has no receiver at all.
	Unreachable func(t testing.TB) targets.Target

	// Picks is for kinds that are a [targets.Batcher]: a receiver that takes every
	// event but those whose id begins with [PickyPrefix], and says so.
	Picks func(t testing.TB) (targets.Target, Next)

	// TypedExtensions says that bool and integer extensions arrive as such.
	// Otherwise they arrive as strings, as in CloudEvents binary mode.
	TypedExtensions bool
	// StoresOnce says that the receiver itself drops a repeated delivery.
	StoresOnce bool
	// Secrets are what the targets were given and no error may show.
	Secrets []string
}

// Next waits for the next event that the receiver takes.
type Next func(ctx context.Context) (Arrival, error)

// Arrival is an event as it arrived.
type Arrival struct {
	DeliveryID string // of the delivery, by which a repetition is known
	Replay     string // that repeats the event, if any
	Rules      string // the version of the rule set that decided
	Event      *cloudevent.Event
}

// Run holds the kind to the contract.
func Run(t *testing.T, k Kind) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Kind)
	}{
		{"delivers whole events", wholeEvents},
		{"delivers many at once", manyAtOnce},
		{"a repeated delivery can be known", repeated},
		{"a replay carries its mark", replayed},
		{"changes no event", changesNothing},
		{"stops with its context", stops},
		{"does not start after its context", startsNot},
		{"a refusal is permanent", refuses},
		{"a failure can be tried again", fails},
		{"a hanging receiver can be tried again", hangs},
		{"a throttling receiver gets its pause", throttles},
		{"a receiver that is gone pauses the target", gone},
		{"no receiver can be tried again", unreachable},
		{"delivers whole batches in order", wholeBatches},
		{"of a batch only the failed fail", picks},
		{"two of the same name fail together", sameNames},
		{"a batch fails as one event does", wholeFailures},
		{"a batch in a hanging receiver can be tried again", batchHangs},
		{"a batch stops with its context", batchStops},
	} {
		t.Run(c.name, func(t *testing.T) {
			LeavesNothing(t, func(t *testing.T) { c.test(t, k) })
		})
	}
}
