package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

const poisonEvents = 200

// TestPoison puts one event among others that its receiver breaks the
// connection on, or that a rule's condition fails on: only that one is affected.
func TestPoison(t *testing.T) {
	for name, c := range map[string]struct {
		reply  routertest.Reply // to the poison event
		data   string           // of the poison event
		reason string
		tried  int
	}{
		"connection broken": {routertest.Reply{Reset: true}, `{"total": 1}`, router.ReasonAttempts, 4},
		"endless answer":    {routertest.Reply{Drip: 10 * time.Millisecond}, `{"total": 1}`, router.ReasonAttempts, 4},
		"refused":           {routertest.Reply{Status: 422}, `{"total": 1}`, router.ReasonPermanent, 1},
		"condition fails":   {routertest.Reply{}, `{"total": "one"}`, router.ReasonRuleError, 0},
		"division by zero":  {routertest.Reply{}, `{"total": 0}`, router.ReasonRuleError, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
				if a.ID == "poison" {
					return c.reply
				}
				return routertest.Reply{}
			})
			other := routertest.NewReceiver(t, routertest.Well)
			w := routertest.Start(t, file(
				fmt.Sprintf("  web: {http: {url: %q, timeout: 300ms}, retry: {attempts: 4, first: 1ms, max: 5ms}}\n", r.URL())+target("other", other.URL()),
				"  picky: {on: \"**\", when: 100 / event.data.total > 0, on_error: dead_letter, to: web}\n"+rule("all", "**", "other")))
			ids := sendAround(t, w, poisonEvents, routertest.Event{ID: "poison", Data: c.data})
			letters := w.UntilDead("web", 1)
			w.Settled()
			r.Once(ids...)
			other.Once(append(ids, "poison")...)
			if l := letters[0]; l.EventID != "poison" || l.Reason != c.reason || l.Tried != c.tried || len(l.Attempts) != c.tried {
				t.Errorf("dead letter %+v", l)
			}
			if all := w.Dead(""); len(all) != 1 {
				t.Errorf("%d dead letters, want one: %+v", len(all), all)
			}
		})
	}
}

// sendAround publishes n events and in their middle the poison one, and gives
// the ids of the others.
func sendAround(t *testing.T, w *routertest.Wye, n int, poison routertest.Event) (ids []string) {
	t.Helper()
	for i := range n {
		if i == n/2 {
			w.Send(t, poison)
		}
		ids = append(ids, fmt.Sprint("e", i))
		w.Send(t, routertest.Event{ID: ids[i], Data: `{"total": 3}`})
	}
	return ids
}
