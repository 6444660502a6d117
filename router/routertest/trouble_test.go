package routertest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// firstTime answers an event's first request with reply, and takes it then.
func firstTime(reply routertest.Reply) routertest.Script {
	return func(a routertest.Arrival) routertest.Reply {
		if a.Nth == 1 {
			return reply
		}
		return routertest.Reply{}
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, status := range []int{429, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			r := routertest.NewReceiver(t, firstTime(routertest.Reply{Status: status, RetryAfter: "1"}))
			w := routertest.Start(t, oneRule(to("web", r, quickly)))
			w.Send(t, routertest.Event{ID: "a"})
			r.UntilTaken(1)
			w.Settled()
			got := r.Arrivals()
			if wait := got[1].At.Sub(got[0].At); len(got) != 2 || wait < time.Second {
				t.Errorf("%d requests, the second %s after the first", len(got), wait)
			}
		})
	}
}

// TestTooManyHoldsTheTarget answers one event with 429: the others wait too.
func TestTooManyHoldsTheTarget(t *testing.T) {
	r := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
		if a.ID == "first" && a.Nth == 1 {
			return routertest.Reply{Status: 429, RetryAfter: "1"}
		}
		return routertest.Reply{}
	})
	w := routertest.Start(t, oneRule(to("web", r, quickly)))
	w.Send(t, routertest.Event{ID: "first"})
	w.Until("web", "is held", func(s router.TargetStatus) bool { return s.State == "held" })
	ids := w.SendMany(t, "then", 20)
	w.Floored() // they are durable in the backlog, and the event that was refused too
	r.UntilTaken(21)
	w.Settled()
	r.Once(append(ids, "first")...)
	got := r.Arrivals()
	for _, a := range got[1:] {
		if wait := a.At.Sub(got[0].At); wait < time.Second {
			t.Errorf("%s came %s after the 429 that asked for a second", a.ID, wait)
		}
	}
}

// TestTooManyHoldsDespiteALateAnswer lets a request that was under way end well
// after another was answered with 429: the pause holds.
func TestTooManyHoldsDespiteALateAnswer(t *testing.T) {
	late := make(chan struct{})
	r := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
		switch {
		case a.ID == "late":
			return routertest.Reply{After: late}
		case a.ID == "refused" && a.Nth == 1:
			return routertest.Reply{Status: 429, RetryAfter: "1"}
		}
		return routertest.Reply{}
	})
	w := routertest.Start(t, oneRule(to("web", r, quickly)))
	w.Send(t, routertest.Event{ID: "late"})
	r.UntilOpen(1)
	w.Send(t, routertest.Event{ID: "refused"})
	w.Until("web", "is held", func(s router.TargetStatus) bool { return s.State == "held" })
	told := r.Arrivals()[1].At
	close(late)
	w.Until("web", "has taken the late one", func(s router.TargetStatus) bool { return s.Delivered == 1 })
	w.Send(t, routertest.Event{ID: "next"})
	r.UntilTaken(3)
	for _, a := range r.Arrivals()[2:] {
		if wait := a.At.Sub(told); wait < time.Second {
			t.Errorf("%s came %s after the 429 that asked for a second", a.ID, wait)
		}
	}
	w.Settled()
	r.Once("late", "refused", "next")
}

// TestGonePausesTheTarget answers with 410: nothing is lost, nothing is sent, and
// correcting the target lets everything through.
func TestGonePausesTheTarget(t *testing.T) {
	gone, moved := routertest.NewReceiver(t, routertest.Always(410)), routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", gone, quickly)))
	w.Send(t, routertest.Event{ID: "first"})
	w.Until("web", "is paused", func(s router.TargetStatus) bool { return s.State == "paused" && s.Waiting == 1 && s.Paused != nil })
	if by := w.Target("web").Paused.By; by != router.ByReceiver {
		t.Errorf("paused by %q", by)
	}
	ids := w.SendMany(t, "then", 20)
	w.Floored()
	if n := len(gone.Arrivals()); n != 1 {
		t.Errorf("%d requests to a target that is gone", n)
	}
	if letters := w.Dead(""); len(letters) > 0 {
		t.Errorf("dead letters: %+v", letters)
	}
	w.Loaded(oneRule(to("web", moved, quickly)))
	moved.UntilTaken(21)
	w.Settled()
	moved.Once(append(ids, "first")...)
}

func TestTargetDownAndUp(t *testing.T) {
	r, other := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	r.Down()
	w := routertest.Start(t, oneRule(to("web", r, "retry: {first: 1ms, max: 50ms, attempts: 1000}"), to("other", other)))
	ids := w.SendMany(t, "down", 500)
	w.Floored()
	w.Until("web", "has a backlog", func(s router.TargetStatus) bool { return s.Waiting == 500 })
	other.UntilTaken(500)
	r.Up()
	r.UntilTaken(500)
	w.Settled()
	r.Once(ids...)
	other.Once(ids...)
	w.Until("web", "is used straight", func(s router.TargetStatus) bool { return s.State == "straight" })
	routertest.Until(t, "the backlog is empty", func() bool { return w.Backlog("web") == 0 }, func() any { return w.Backlog("web") })
}

// TestHangingTarget lets a target take hold of as many deliveries as it may have
// and then answer them well.
func TestHangingTarget(t *testing.T) {
	const concurrency, events = 8, 600
	end := make(chan struct{})
	hung := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: end} })
	other := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("hung", hung, fmt.Sprint("concurrency: ", concurrency)), to("other", other)))
	ids := w.SendMany(t, "e", events)
	other.UntilTaken(events)
	hung.UntilOpen(concurrency)
	w.Floored() // what hangs is lent to the backlog, what is behind it spilled
	if s := w.Target("hung"); s.Active != concurrency || s.Waiting != events {
		t.Errorf("%+v", s)
	}
	close(end)
	hung.UntilTaken(events)
	w.Settled()
	hung.Once(ids...)
	other.Once(ids...)
}

// TestHangingTargetThatFailsThen hangs and then refuses: each delivery is tried
// again, and still taken once.
func TestHangingTargetThatFailsThen(t *testing.T) {
	end := make(chan struct{})
	hung := routertest.NewReceiver(t, firstTime(routertest.Reply{After: end, Status: 500}))
	w := routertest.Start(t, oneRule(to("hung", hung, "concurrency: 4", quickly)))
	ids := w.SendMany(t, "e", 40)
	hung.UntilOpen(4)
	w.Floored()
	close(end)
	hung.UntilTaken(40)
	w.Settled()
	hung.Once(ids...)
}

// TestTimeoutIsRetried lets an answer's body stay away: the attempt ends by the
// target's timeout, and the next one delivers.
func TestTimeoutIsRetried(t *testing.T) {
	r := routertest.NewReceiver(t, firstTime(routertest.Reply{After: make(chan struct{})}))
	w := routertest.Start(t, oneRule(fmt.Sprintf("web: {http: {url: %q, timeout: 200ms}, %s}", r.URL(), quickly)))
	ids := w.SendMany(t, "e", 10)
	r.UntilTaken(10)
	w.Settled()
	r.Once(ids...)
}

// TestLongHang lets one target hang while many times more events arrive than
// its concurrency (in the long form: than the window holds): the other target
// gets all of them.
func TestLongHang(t *testing.T) {
	events := 2000
	if routertest.Long() {
		events = 10_000
	}
	hung := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: make(chan struct{})} })
	other := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("hung", hung), to("other", other)))
	w.SendMany(t, "e", events)
	other.UntilTaken(events)
	w.Floored()
	w.Until("hung", "has what it did not take in its backlog", func(s router.TargetStatus) bool { return s.Waiting >= events })
	w.Stop(time.Millisecond)
}

// TestPoisonedEventsDoNotBlockTheirTarget keeps many events of one kind waiting
// for their next attempt: what the target would take gets through meanwhile.
func TestPoisonedEventsDoNotBlockTheirTarget(t *testing.T) {
	t.Parallel()          // it mostly waits
	const poisoned = 2100 // more than a lane keeps in memory
	hold := make(chan struct{})
	r := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
		var n int
		if _, err := fmt.Sscanf(a.ID, "e%d", &n); err == nil && n%4 != 0 { // never many failures in a row
			return routertest.Reply{Status: 500}
		}
		if a.ID == "slow" {
			return routertest.Reply{After: hold}
		}
		return routertest.Reply{}
	})
	w := routertest.Start(t, oneRule(to("web", r, "concurrency: 1", "retry: {first: 1h, max: 1h}", "breaker: {ratio: 0, failures: 1000}")))
	for i := range poisoned * 4 / 3 {
		w.Send(t, routertest.Event{ID: fmt.Sprint("e", i)})
	}
	w.Floored()
	w.Send(t, routertest.Event{ID: "slow"}) // and now the lane is stuck for a moment
	ids := w.SendMany(t, "well", 50)
	w.Floored()
	close(hold)
	r.Until("the good ones are taken", func(taken, _, _ int) bool { return taken >= len(ids)+1+poisoned/3 })
}
