package routertest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// TestFollowersOfABlockedKeyWait: what comes behind an event that is to be tried
// again much later waits too, and is shown so, in the past and in the target's state.
func TestFollowersOfABlockedKeyWait(t *testing.T) {
	web := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
		if a.ID == "head" {
			return routertest.Reply{Status: 400}
		}
		return routertest.Reply{}
	})
	w := routertest.Start(t, oneRule(to("web", web, "order: {by: event.subject, on_poison: block}", seldom)))
	key := map[string]string{"subject": "k"}
	seqs := []uint64{w.Send(t, routertest.Event{ID: "head", Attributes: key}).Sequence}
	w.Until("web", "holds the key", func(s router.TargetStatus) bool { return s.Waiting == 1 && s.Active == 0 })
	for i := range 5 {
		seqs = append(seqs, w.Send(t, routertest.Event{ID: fmt.Sprint("behind", i), Attributes: key}).Sequence)
	}
	w.Send(t, routertest.Event{ID: "other", Attributes: map[string]string{"subject": "other"}})
	web.UntilTaken(1)
	w.Until("web", "holds all of the key", func(s router.TargetStatus) bool { return s.Waiting == 6 && s.Active == 0 })
	look := func() {
		t.Helper()
		for i, seq := range seqs {
			var d router.PastDelivery
			routertest.Until(t, "it is told where it is", func() bool {
				p, err := w.Router.Past(t.Context(), router.EventRef{Sequence: seq, Whole: true})
				if err != nil || len(p.Deliveries) != 1 {
					t.Fatalf("%+v, %v", p, err)
				}
				d = p.Deliveries[0]
				return d.Outcome == "waiting" && (i == 0 || d.Reason == router.ReasonKeyWaits)
			}, func() any { return d })
			if i > 0 && !d.Due.IsZero() || i == 0 && (d.Reason != "" || d.Due.Before(time.Now())) {
				t.Errorf("%d: %+v", i, d)
			}
		}
	}
	look()
	w.Restart() // all of them are read back from the backlog then
	w.Until("web", "holds all of the key", func(s router.TargetStatus) bool { return s.Waiting == 6 && s.Active == 0 })
	look()
}
