package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// TestDownLongerThanGiveUp lets a target be down for longer than its policy
// waits, over a restart: each event is a dead letter that tells why.
func TestDownLongerThanGiveUp(t *testing.T) {
	t.Parallel()
	const events, giveUp = 300, 1500 * time.Millisecond
	r := routertest.NewReceiver(t, routertest.Well)
	other := routertest.NewReceiver(t, routertest.Well)
	r.Down()
	w := routertest.Start(t, file(
		target("web", r.URL(), fmt.Sprintf("retry: {first: 20ms, max: 200ms, attempts: 1000, give_up: %dms}", giveUp.Milliseconds()),
			"breaker: {first: 20ms, max: 200ms}")+target("other", other.URL()),
		rule("all", "**", "web", "other")))
	began := time.Now()
	ids := w.SendMany(t, "e", events)
	w.Restart()
	letters := w.UntilDead("web", events)
	w.Settled()
	other.UntilTaken(events)
	left := map[string]bool{}
	for _, id := range ids {
		left[id] = true
	}
	tried := 0
	for _, l := range letters {
		if !left[l.EventID] || l.Reason != router.ReasonExpired || l.Tried != len(l.Attempts) {
			t.Fatalf("dead letter %+v", l)
		}
		delete(left, l.EventID)
		if l.First.Before(began) || l.At.Sub(l.First) < giveUp-200*time.Millisecond {
			t.Errorf("%s began at %s and ended at %s, and may take %s", l.EventID, l.First, l.At, giveUp)
		}
		for _, a := range l.Attempts {
			tried++
			if a.Error == "" || a.At.Before(l.First) || a.At.After(l.At) {
				t.Errorf("%s: attempt %+v", l.EventID, a)
			}
		}
	}
	if tried == 0 {
		t.Error("no dead letter tells of an attempt")
	}
	r.Up()
	w.Send(t, routertest.Event{ID: "later"})
	r.UntilTaken(1)
	r.Once("later")
	t.Logf("%d dead letters with %d attempts", len(letters), tried)
}
