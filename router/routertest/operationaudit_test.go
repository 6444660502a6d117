package routertest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// TestAccountsOfOperations audits again and again while dead letters are
// redriven, to a target that refuses some of them once more, and discarded, and
// events are replayed: the account always balances.
func TestAccountsOfOperations(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(400))
	w := routertest.Start(t, oneRule(to("web", r)))
	const events = 300
	w.SendMany(t, "a", events)
	w.UntilDead("web", events)
	w.Settled()
	r.Answer(func(a routertest.Arrival) routertest.Reply {
		if strings.HasSuffix(a.ID, "7") {
			return routertest.Reply{Status: 422}
		}
		return routertest.Reply{}
	})
	balanced := func(when string) *router.AuditReport {
		t.Helper()
		got := audited(t, w, router.AuditRequest{})
		if !got.Balanced {
			t.Fatalf("%s: %d breaks, the first: %+v\n%+v", when, got.Broken, got.Breaks[0], got.Deliveries)
		}
		return got
	}
	over := func(op router.Operation) bool {
		now, err := w.Router.Operation(op.ID)
		return err != nil || now.State != router.OperationRunning
	}
	start := func(op router.Operation, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		audits := 0
		for ; !over(op); audits++ {
			balanced(string(op.Kind))
		}
		t.Logf("%s: %d audits meanwhile", op.Kind, audits)
		w.Settled()
		balanced("after the " + string(op.Kind))
	}
	start(w.Router.Redrive(t.Context(), router.LettersRequest{LetterSelection: router.LetterSelection{All: true}, Rate: 600}))
	routertest.Until(t, "those refused again are dead again", func() bool { return len(w.Dead("web")) == events/10 }, func() any { return len(w.Dead("web")) })
	start(w.Router.Discard(t.Context(), router.LettersRequest{LetterSelection: router.LetterSelection{Where: `event.id.startsWith("a1")`}}))
	start(w.Router.Replay(t.Context(), router.ReplayRequest{EventSelection: router.EventSelection{Where: `event.id.startsWith("a2")`}, From: fromFirst, Rate: 300}))
	w.Restart()
	got := balanced("at the end")
	discarded := 0
	for i := range events {
		if id := fmt.Sprint("a", i); strings.HasPrefix(id, "a1") && strings.HasSuffix(id, "7") {
			discarded++
		}
	}
	if d := got.Deliveries; d.Delivered != events-events/10 || d.DeadLettered != events/10 || got.Discarded != uint64(discarded) || got.Replayed.Ended != 111 {
		t.Errorf("%+v, %d discarded, %+v", d, got.Discarded, got.Replayed)
	}
}
