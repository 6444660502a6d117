package targettest

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

// patience is how long the kit waits for what should happen at once: long
// enough for a busy machine under the race detector.
const patience = 20 * time.Second

func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func wholeEvents(t *testing.T, k Kind) {
	target, next := k.Well(t)
	defer closeOnce(t, target)
	n := 0
	for name, e := range Events() {
		n++
		t.Run(name, func(t *testing.T) {
			ctx := patient(t)
			d := Delivery(n, e)
			if err := target.Deliver(ctx, d); err != nil {
				t.Fatalf("deliver: %v", err)
			}
			got := arrival(t, ctx, next)
			if got.DeliveryID != d.ID {
				t.Errorf("delivery id: sent %q, arrived %q", d.ID, got.DeliveryID)
			}
			k.same(t, e, got.Event)
		})
	}
}

func arrival(t *testing.T, ctx context.Context, next Next) Arrival {
	t.Helper()
	got, err := next(ctx)
	if err != nil {
		t.Fatalf("nothing arrived: %v", err)
	}
	return got
}

func manyAtOnce(t *testing.T, k Kind) {
	const goroutines, each = 16, 12
	target, next := k.Well(t)
	defer closeOnce(t, target)
	ctx := patient(t)
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range each {
				n := g*each + i
				if err := target.Deliver(ctx, Delivery(n, numbered(n))); err != nil {
					t.Errorf("deliver %d: %v", n, err)
				}
			}
		})
	}
	arrived := map[string]int{}
	for range goroutines * each {
		got := arrival(t, ctx, next)
		arrived[got.DeliveryID]++
		if want := got.Event.ID; got.DeliveryID != want+"/a-rule/a-target" || string(got.Event.Data) != want {
			t.Errorf("mixed up: delivery %q has event %q with data %q", got.DeliveryID, want, got.Event.Data)
		}
	}
	all.Wait()
	if len(arrived) != goroutines*each {
		t.Errorf("%d deliveries arrived as %d", goroutines*each, len(arrived))
	}
}

func numbered(n int) *cloudevent.Event {
	id := fmt.Sprint(n)
	return withData(id, "text/plain", []byte(id))
}

// repeated sends one delivery twice and another after it: what arrives before
// that other one is all that there is.
func repeated(t *testing.T, k Kind) {
	target, next := k.Well(t)
	defer closeOnce(t, target)
	ctx := patient(t)
	again := Delivery(1, numbered(1))
	again.Attempt = 2
	for _, d := range []targets.Delivery{Delivery(1, numbered(1)), again, Delivery(2, numbered(2))} {
		if err := target.Deliver(ctx, d); err != nil {
			t.Fatalf("deliver %s, attempt %d: %v", d.ID, d.Attempt, err)
		}
	}
	first := arrival(t, ctx, next)
	second := arrival(t, ctx, next)
	switch {
	case k.StoresOnce && second.DeliveryID == first.DeliveryID:
		t.Errorf("delivery %q was stored twice", first.DeliveryID)
	case !k.StoresOnce && second.DeliveryID != first.DeliveryID:
		t.Errorf("the repetition of %q came as %q: the receiver cannot know it", first.DeliveryID, second.DeliveryID)
	}
}

// replayed sends an event for the first time, and then as a replay does.
func replayed(t *testing.T, k Kind) {
	target, next := k.Well(t)
	defer closeOnce(t, target)
	ctx := patient(t)
	again := Delivery(1, numbered(1))
	again.ID, again.Replay = again.ID+"~r-7", "r-7"
	for _, d := range []targets.Delivery{Delivery(1, numbered(1)), again} {
		if err := target.Deliver(ctx, d); err != nil {
			t.Fatalf("deliver %s: %v", d.ID, err)
		}
		if got := arrival(t, ctx, next); got.DeliveryID != d.ID || got.Replay != d.Replay || got.Rules != d.Version {
			t.Errorf("sent %q of replay %q by rules %q, arrived %q of replay %q by rules %q", d.ID, d.Replay, d.Version, got.DeliveryID, got.Replay, got.Rules)
		}
	}
}

func changesNothing(t *testing.T, k Kind) {
	target, next := k.Well(t)
	defer closeOnce(t, target)
	ctx := patient(t)
	e := Events()["every attribute"]
	before := copied(e)
	if err := target.Deliver(ctx, Delivery(1, e)); err != nil {
		t.Fatalf("deliver: %v", err)
	}
	arrival(t, ctx, next)
	if !reflect.DeepEqual(e, before) {
		t.Errorf("the event was changed:\n%+v\nbefore:\n%+v", e, before)
	}
}

func closeOnce(t *testing.T, target targets.Target) {
	t.Helper()
	if err := target.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
