package routertest_test

import (
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// TestPastWhole tells of an event all that became of it: its attempts, the
// redrive after which it was taken, the letter that was discarded, the replay.
func TestPastWhole(t *testing.T) {
	mended, refuses := routertest.NewReceiver(t, routertest.Always(400)), routertest.NewReceiver(t, routertest.Always(422))
	w := routertest.Start(t, oneRule(to("mended", mended), to("refuses", refuses)))
	w.Send(t, routertest.Event{ID: "a"})
	w.UntilDead("mended", 1)
	w.UntilDead("refuses", 1)
	w.Settled()
	mended.Answer(routertest.Well)
	redrive(t, w, router.LetterSelection{Target: "mended"})
	mended.UntilTaken(1)
	w.Settled()
	op, err := w.Router.Discard(t.Context(), router.LettersRequest{LetterSelection: router.LetterSelection{Target: "refuses"}})
	if err != nil {
		t.Fatal(err)
	}
	untilOver(t, w, op)
	replayed := untilOver(t, w, replay(t, w, router.ReplayRequest{From: fromFirst, EventSelection: router.EventSelection{Target: "mended"}}))
	mended.UntilTaken(1)
	w.Settled()
	ask := func(whole bool) *router.PastEvent {
		t.Helper()
		p := past(t, w, router.EventRef{Sequence: 1, Whole: whole})
		if want := "all to mended: delivered after 1; all to refuses: dead_lettered after 1"; outcomes(p) != want || p.DeliveriesNote != "" {
			t.Fatalf("%s (%s), want %s", outcomes(p), p.DeliveriesNote, want)
		}
		return p
	}
	p := ask(true)
	if d := p.Deliveries[0]; d.Redriven != 1 || d.First.IsZero() || d.First.After(d.At) || d.DeadLetter != 0 {
		t.Errorf("%+v", d)
	}
	if d := p.Deliveries[1]; d.Discarded.IsZero() || d.Status != 422 || d.Redriven != 0 {
		t.Errorf("%+v", d)
	}
	if len(p.Replays) != 1 || p.Replays[0].Replay != replayed.ID || p.Replays[0].Outcome != "delivered" || p.Replays[0].Target != "mended" {
		t.Errorf("%+v", p.Replays)
	}
	if p := ask(false); p.Deliveries[0].Redriven != 1 || len(p.Deliveries[0].Tries) > 0 {
		t.Errorf("%+v", p)
	}
	got := audited(t, w, router.AuditRequest{})
	if want := (router.AuditDeliveries{Expected: 2, Delivered: 1, DeadLettered: 1}); got.Deliveries != want || got.Discarded != 1 || got.Replayed.Ended != 1 || !got.Balanced {
		t.Errorf("%+v", got)
	}
}
