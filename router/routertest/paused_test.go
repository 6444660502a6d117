package routertest_test

import (
	"errors"
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

func paused(s router.TargetStatus) bool { return s.State == "paused" }

func pause(t *testing.T, w *routertest.Wye, name, reason string) {
	t.Helper()
	if err := w.Router.PauseTarget(t.Context(), name, router.ByPerson, reason); err != nil {
		t.Fatal(err)
	}
}

func resume(t *testing.T, w *routertest.Wye, name string) {
	t.Helper()
	if err := w.Router.ResumeTarget(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// TestPausedTargetAccruesItsBacklog pauses one of two targets over a restart and
// a reload that sets it differently: it gets nothing, the other everything, and
// when it is resumed it gets all that came meanwhile.
func TestPausedTargetAccruesItsBacklog(t *testing.T) {
	r, other := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r), to("other", other)))
	before := w.SendMany(t, "before", 20)
	r.UntilTaken(20)
	w.Settled()

	pause(t, w, "web", "the disk is being replaced")
	ids := w.SendMany(t, "first", 200)
	w.Until("web", "has a backlog", func(s router.TargetStatus) bool { return s.Waiting == 200 })
	w.Floored()

	w.Restart()
	st := w.Target("web")
	if !paused(st) || st.Paused.By != router.ByPerson || st.Paused.Reason != "the disk is being replaced" || st.Paused.Since.IsZero() {
		t.Fatalf("after a restart: %+v, pause %+v", st, st.Paused)
	}
	ids = append(ids, w.SendMany(t, "second", 200)...)
	w.Floored()
	w.Loaded(oneRule(to("web", r, "concurrency: 3"), to("other", other)))
	ids = append(ids, w.SendMany(t, "third", 100)...)
	w.Floored()
	other.UntilTaken(520)
	w.Until("web", "is paused with all of it", func(s router.TargetStatus) bool { return paused(s) && s.Waiting == 500 })
	if n := len(r.Arrivals()); n != 20 {
		t.Errorf("%d requests to the paused target", n-20)
	}

	resume(t, w, "web")
	r.UntilTaken(520)
	w.Settled()
	r.Once(append(ids, before...)...)
	w.Restart()
	if st := w.Target("web"); paused(st) {
		t.Errorf("resumed, and after a restart %+v", st)
	}
}

// TestPauseKeepsSinceAndTakesTheNewReason pauses twice.
func TestPauseKeepsSinceAndTakesTheNewReason(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)))
	pause(t, w, "web", "first")
	since := w.Target("web").Paused.Since
	pause(t, w, "web", "second")
	if p := w.Target("web").Paused; !p.Since.Equal(since) || p.Reason != "second" {
		t.Errorf("%+v, paused first at %s", p, since)
	}
	resume(t, w, "web")
	resume(t, w, "web")
	if st := w.Target("web"); paused(st) || st.Paused != nil {
		t.Errorf("%+v", st)
	}
}

// TestPauseLetsWhatIsUnderWayEnd pauses while requests are open: what they come
// to counts.
func TestPauseLetsWhatIsUnderWayEnd(t *testing.T) {
	end := make(chan struct{})
	r := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: end} })
	w := routertest.Start(t, oneRule(to("web", r, "concurrency: 4")))
	ids := w.SendMany(t, "e", 10)
	r.UntilOpen(4)
	pause(t, w, "web", "")
	w.Until("web", "has put aside what was not under way", func(s router.TargetStatus) bool { return s.Waiting >= 6 })
	close(end)
	w.Until("web", "is done with what was under way", func(s router.TargetStatus) bool { return s.Delivered == 4 && s.Active == 0 && s.Waiting == 6 })
	resume(t, w, "web")
	r.UntilTaken(10)
	w.Settled()
	r.Once(ids...)
}

// TestPauseGoesWithItsTarget takes a paused target out of the rules: what waits
// becomes dead letters, and a target of that name that comes later is not paused.
func TestPauseGoesWithItsTarget(t *testing.T) {
	r, other := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	both, one := oneRule(to("web", r), to("other", other)), oneRule(to("other", other))
	for name, gone := range map[string]func(*routertest.Wye){
		"while it runs":     func(w *routertest.Wye) { w.Loaded(one) },
		"while it is down":  func(w *routertest.Wye) { w.Stop(routertest.Patience); w.WriteRules(one); w.Start() },
		"and at once again": func(w *routertest.Wye) { w.Loaded(one); w.Restart() },
	} {
		t.Run(name, func(t *testing.T) {
			w := routertest.Start(t, both)
			pause(t, w, "web", "")
			w.SendMany(t, "e", 5)
			w.Floored()
			gone(w)
			w.UntilDead("web", 5)
			w.Until("web", "is forgotten", func(s router.TargetStatus) bool { return s.Name == "" })
			w.Restart()
			w.Loaded(both)
			if st := w.Target("web"); st.State != "straight" {
				t.Errorf("%+v", st)
			}
		})
	}
}

func TestPauseOfNoTarget(t *testing.T) {
	w := routertest.Start(t, oneRule(to("web", routertest.NewReceiver(t, routertest.Well))))
	var none *router.NoTargetError
	if err := w.Router.PauseTarget(t.Context(), "wbe", router.ByPerson, ""); !errors.As(err, &none) || none.Target != "wbe" {
		t.Errorf("pause: %v", err)
	}
	if err := w.Router.ResumeTarget(t.Context(), "wbe"); !errors.As(err, &none) {
		t.Errorf("resume: %v", err)
	}
}
