package router_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// TestReceiverPausesItsTarget lets a receiver say many times that it is gone:
// the target is paused once, loudly, also after a restart, until a person
// resumes it.
func TestReceiverPausesItsTarget(t *testing.T) {
	w := routertest.Start(t, tailRules)
	for range 20 {
		w.Router.PausedByReceiver("kept", errors.New("http://receiver answered 410: moved away"))
	}
	w.Router.PausedByReceiver("nobody", errors.New("gone"))
	w.Until("kept", "is paused", func(s router.TargetStatus) bool { return s.State == "paused" })
	first := *w.Target("kept").Paused
	if first.By != router.ByReceiver || first.Reason != "http://receiver answered 410: moved away" {
		t.Errorf("%+v", first)
	}
	if s := w.Target("also"); s.State != "straight" {
		t.Errorf("another target: %+v", s)
	}
	routertest.Until(t, "it is logged as an error", func() bool { return strings.Contains(w.Log(), "level=ERROR") }, func() any { return w.Log() })
	w.Send(t, routertest.Event{ID: "a", Type: "com.example.order", Data: `{"total": 250}`})
	w.Until("kept", "has the event waiting", func(s router.TargetStatus) bool { return s.Waiting == 1 })
	w.Restart() // which waits for it to be stored
	if p := w.Target("kept").Paused; p == nil || !p.Since.Equal(first.Since) || p.By != router.ByReceiver {
		t.Fatalf("after a restart %+v, before %+v", p, first)
	}
	if n := strings.Count(w.Log(), "level=ERROR"); n != 1 {
		t.Errorf("%d errors are logged:\n%s", n, w.Log())
	}
	if err := w.Router.ResumeTarget(t.Context(), "kept"); err != nil {
		t.Fatal(err)
	}
	w.Until("kept", "has taken it", func(s router.TargetStatus) bool { return s.Delivered == 1 && s.Waiting == 0 })
	w.Settled()
}
