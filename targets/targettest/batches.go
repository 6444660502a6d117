package targettest

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

// PickyPrefix begins the ids of the events that the receivers of [Kind.Picks]
// do not take.
const PickyPrefix = "not-this-"

// batcher is nil, and the test skipped, where the kind takes one event at a time.
func batcher(t *testing.T, k Kind, make func(testing.TB) targets.Target) targets.Batcher {
	t.Helper()
	if k.Picks == nil || make == nil {
		t.Skip("not applicable")
	}
	target := make(t)
	b, ok := target.(targets.Batcher)
	if !ok {
		closeOnce(t, target)
		t.Fatal("the kind has Picks, and its target is no Batcher")
	}
	return b
}

func wholeBatches(t *testing.T, k Kind) {
	var next Next
	target := batcher(t, k, func(t testing.TB) (made targets.Target) {
		made, next = k.Well(t)
		return made
	})
	defer closeOnce(t, target)
	ctx, all := patient(t), Events()
	var ds []targets.Delivery
	var before []*cloudevent.Event
	for i, name := range slices.Sorted(maps.Keys(all)) {
		d := Delivery(i, all[name])
		if i%2 == 1 {
			d.ID, d.Replay = d.ID+"~r-7", "r-7"
		}
		ds, before = append(ds, d), append(before, copied(d.Event))
	}
	if errs := target.DeliverBatch(ctx, nil); errs != nil {
		t.Errorf("no events at all: %v", errs)
	}
	if errs := target.DeliverBatch(ctx, ds); errs != nil {
		t.Fatalf("deliver: %v", errs)
	}
	for i, d := range ds {
		got := arrival(t, ctx, next)
		if got.DeliveryID != d.ID || got.Replay != d.Replay || got.Rules != d.Version {
			t.Errorf("event %d: sent %q of replay %q by rules %q, arrived %q of replay %q by rules %q", i, d.ID, d.Replay, d.Version, got.DeliveryID, got.Replay, got.Rules)
		}
		k.same(t, d.Event, got.Event)
		if !reflect.DeepEqual(d.Event, before[i]) {
			t.Errorf("the event was changed:\n%+v\nbefore:\n%+v", d.Event, before[i])
		}
	}
}

// batch is n deliveries of which each third is not taken by a picky receiver.
func batch(n int) (ds []targets.Delivery) {
	for i := range n {
		e := numbered(i)
		if i%3 == 1 {
			e.ID = PickyPrefix + e.ID
		}
		ds = append(ds, Delivery(i, e))
	}
	return ds
}

func picks(t *testing.T, k Kind) {
	var next Next
	target := batcher(t, k, func(t testing.TB) (made targets.Target) {
		made, next = k.Picks(t)
		return made
	})
	defer closeOnce(t, target)
	ctx, ds := patient(t), batch(10)
	errs := target.DeliverBatch(ctx, ds)
	if len(errs) != len(ds) {
		t.Fatalf("%d errors for %d deliveries", len(errs), len(ds))
	}
	for i, d := range ds {
		if i%3 != 1 {
			if errs[i] != nil {
				t.Errorf("event %d: %v", i, errs[i])
			}
			if got := arrival(t, ctx, next); got.DeliveryID != d.ID {
				t.Errorf("event %d: delivery %q arrived", i, got.DeliveryID)
			}
			continue
		}
		if errs[i] == nil {
			t.Errorf("event %d was delivered, as it seems", i)
			continue
		}
		CheckError(t, errs[i], k.Secrets...)
		if c := classOf(errs[i]); c != (class{}) {
			t.Errorf("event %d: not an ordinary failure: %+v", i, c)
		}
	}
}

func wholeFailures(t *testing.T, k Kind) {
	for name, c := range map[string]struct {
		make func(testing.TB) targets.Target
		want class
	}{
		"refuses":     {k.Refuses, class{permanent: true}},
		"fails":       {k.Fails, class{}},
		"throttles":   {k.Throttles, class{pause: true, everyone: true}},
		"gone":        {k.Gone, class{gone: true}},
		"unreachable": {k.Unreachable, class{}},
	} {
		t.Run(name, func(t *testing.T) {
			target := batcher(t, k, c.make)
			defer closeOnce(t, target)
			everyFailure(t, k, target.DeliverBatch(patient(t), batch(5)), 5, c.want)
		})
	}
}

func everyFailure(t *testing.T, k Kind, errs []error, n int, want class) {
	t.Helper()
	if len(errs) != n {
		t.Fatalf("%d errors for %d deliveries", len(errs), n)
	}
	for i, err := range errs {
		if err == nil {
			t.Errorf("event %d was delivered, as it seems", i)
			continue
		}
		CheckError(t, err, k.Secrets...)
		if got := classOf(err); got != want {
			t.Errorf("event %d: %+v, want %+v: %v", i, got, want, err)
		}
	}
}

func batchHangs(t *testing.T, k Kind) {
	if k.Hangs == nil {
		t.Skip("not applicable")
	}
	target := batcher(t, k, func(t testing.TB) (made targets.Target) {
		made, _ = k.Hangs(t, 300*time.Millisecond)
		return made
	})
	defer closeOnce(t, target)
	everyFailure(t, k, target.DeliverBatch(patient(t), batch(5)), 5, class{})
}

func batchStops(t *testing.T, k Kind) {
	if k.Hangs == nil {
		t.Skip("not applicable")
	}
	var held <-chan struct{}
	target := batcher(t, k, func(t testing.TB) (made targets.Target) {
		made, held = k.Hangs(t, patience)
		return made
	})
	defer closeOnce(t, target)
	ctx, cancel := context.WithCancel(patient(t))
	defer cancel()
	done := make(chan []error, 1)
	go func() { done <- target.DeliverBatch(ctx, batch(5)) }()
	await(t, held)
	cancel()
	everyFailure(t, k, await(t, done), 5, class{})
}

// sameNames has one event twice in a batch, as two rules send it.
func sameNames(t *testing.T, k Kind) {
	var next Next
	target := batcher(t, k, func(t testing.TB) (made targets.Target) {
		made, next = k.Picks(t)
		return made
	})
	defer closeOnce(t, target)
	ctx, ds := patient(t), batch(3)
	again := ds[1]
	again.ID = "1/another-rule/a-target"
	errs := target.DeliverBatch(ctx, append(ds, again))
	if got, want := fmt.Sprint(isNil(errs)), "[true false true false]"; got != want {
		t.Errorf("taken: %s, want %s", got, want)
	}
	for range 2 {
		arrival(t, ctx, next)
	}
}

func isNil(errs []error) (are []bool) {
	for _, err := range errs {
		are = append(are, err == nil)
	}
	return are
}
