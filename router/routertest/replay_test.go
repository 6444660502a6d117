package routertest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// replay starts a replay.
func replay(t *testing.T, w *routertest.Wye, q router.ReplayRequest) router.Operation {
	t.Helper()
	op, err := w.Router.Replay(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

var fromFirst = router.Moment{Sequence: 1}

// TestReplay delivers a part of the archive again: the events of the window that
// meet the condition, by one rule, to one target, with ids and a mark of their own.
func TestReplay(t *testing.T) {
	r, other := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	text := "version: 1\ntargets:\n  " + to("web", r) + "\n  " + to("next", other) +
		"\nrules:\n  all: {on: \"**\", to: [web, next]}\n  large: {on: \"**\", when: event.data.n > 5, to: [web]}\n"
	w := routertest.Start(t, text)
	for i := range 10 {
		w.Send(t, routertest.Event{ID: fmt.Sprint("e", i), Data: fmt.Sprintf(`{"n":%d}`, i)})
	}
	w.Settled()
	before, toOther := len(r.Arrivals()), len(other.Arrivals())
	op := untilOver(t, w, replay(t, w, router.ReplayRequest{
		EventSelection: router.EventSelection{Where: "event.data.n % 2 == 0", Rule: "all", Target: "web"},
		From:           router.Moment{Sequence: 3}, To: router.Moment{Sequence: 9},
	}))
	if op.State != router.OperationDone || op.From != 3 || op.Until != 9 || op.Looked != 7 || op.Matched != 4 || op.Done != 4 {
		t.Errorf("%+v", op)
	}
	w.Settled()
	got := r.Arrivals()[before:]
	if len(got) != 4 || len(other.Arrivals()) != toOther {
		t.Fatalf("%d deliveries, %d to the other target", len(got), len(other.Arrivals())-toOther)
	}
	slices.SortFunc(got, func(a, b routertest.Arrival) int { return strings.Compare(a.ID, b.ID) })
	for i, a := range got {
		seq := 3 + 2*i
		if a.ID != fmt.Sprint("e", seq-1) || a.DeliveryID != fmt.Sprintf("%d/all/web~%s", seq, op.ID) || a.Header.Get("Wye-Replay") != op.ID || a.Attempt != 1 {
			t.Errorf("%d: %s came as %s, marked %q", i, a.ID, a.DeliveryID, a.Header.Get("Wye-Replay"))
		}
	}
}

// TestReplayWindows tries ends of windows, by sequence and by time.
func TestReplayWindows(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)))
	w.SendMany(t, "a", 4)
	w.Settled()
	middle := time.Now()
	w.SendMany(t, "b", 3)
	w.Settled()
	for _, tt := range []struct {
		from, to router.Moment
		want     uint64
	}{
		{fromFirst, router.Moment{}, 7},
		{router.Moment{Sequence: 7}, router.Moment{}, 1},
		{router.Moment{Sequence: 8}, router.Moment{}, 0},
		{fromFirst, router.Moment{Sequence: 100}, 7},
		{router.Moment{At: middle}, router.Moment{}, 3},
		{fromFirst, router.Moment{At: middle}, 4},
		{router.Moment{At: middle.Add(-time.Hour)}, router.Moment{At: middle}, 4},
		{router.Moment{At: middle.Add(time.Hour)}, router.Moment{}, 0},
		{fromFirst, router.Moment{At: middle.Add(-time.Hour)}, 0},
	} {
		op := untilOver(t, w, replay(t, w, router.ReplayRequest{EventSelection: router.EventSelection{All: true}, From: tt.from, To: tt.to}))
		if op.State != router.OperationDone || op.Done != tt.want {
			t.Errorf("%+v to %+v: %+v, want %d", tt.from, tt.to, op, tt.want)
		}
	}
	w.Settled()
}

// TestReplayNowDecides: the rules of now say where events of before go, and
// events that come after the replay began are not among them.
func TestReplayNowDecides(t *testing.T) {
	r, late := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)))
	ids := w.SendMany(t, "a", 50)
	w.Settled()
	w.Loaded(oneRule(to("late", late)))
	op := untilOver(t, w, replay(t, w, router.ReplayRequest{EventSelection: router.EventSelection{All: true}, From: fromFirst}))
	late.UntilTaken(len(ids))
	w.Settled()
	late.Once(ids...)
	r.Once(ids...)
	if op.Done != uint64(len(ids)) {
		t.Errorf("%+v", op)
	}
}

// TestReplayStopResume stops a replay and resumes it, over a restart too: every
// event arrives, and none twice.
func TestReplayStopResume(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)))
	ids := w.SendMany(t, "a", 300)
	w.Settled()
	op := replay(t, w, router.ReplayRequest{EventSelection: router.EventSelection{All: true}, From: fromFirst, Rate: 200})
	r.UntilCame(350)
	op, err := w.Router.StopOperation(t.Context(), op.ID)
	if err != nil || op.State != router.OperationStopped || !op.Begun.IsZero() || op.Cursor == 0 || op.Cursor >= 300 {
		t.Fatalf("%+v, %v", op, err)
	}
	w.Settled()
	if came := len(r.Arrivals()); came != 300+int(op.Cursor) {
		t.Errorf("%d came of %d when it was stopped", came-300, op.Cursor)
	}
	w.Restart()
	if again, err := w.Router.Operation(op.ID); err != nil || again.State != router.OperationStopped || again.Cursor != op.Cursor || again.Done != op.Done {
		t.Errorf("after a restart: %+v, %v", again, err)
	}
	if _, err := w.Router.ResumeOperation(t.Context(), op.ID); err != nil {
		t.Fatal(err)
	}
	r.UntilCame(300 + int(op.Cursor) + 20)
	w.Restart() // and it goes on by itself
	op = untilOver(t, w, op)
	w.Settled()
	if op.State != router.OperationDone || op.Done != 300 || op.Looked != 300 {
		t.Errorf("%+v", op)
	}
	for _, id := range ids {
		if n := r.Taken()[id]; n != 2 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
}

// TestReplayRate: a rate is kept.
func TestReplayRate(t *testing.T) {
	t.Parallel() // it mostly waits
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)))
	w.SendMany(t, "a", 100)
	w.Settled()
	began := time.Now()
	untilOver(t, w, replay(t, w, router.ReplayRequest{EventSelection: router.EventSelection{All: true}, From: fromFirst, Rate: 50}))
	if took := time.Since(began); took < 1500*time.Millisecond || took > 15*time.Second {
		t.Errorf("100 events at 50/s took %s", took)
	}
	w.Settled()
}

// TestReplayWaitsForRoom replays to a target that takes nothing: what waits for
// it is bounded, and the replay says what it waits for.
func TestReplayWaitsForRoom(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)))
	const events, times = 3000, 5
	w.SendMany(t, "a", events)
	w.Settled()
	r.Answer(func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: hang} })
	var ops []router.Operation
	for range times {
		ops = append(ops, replay(t, w, router.ReplayRequest{EventSelection: router.EventSelection{All: true}, From: fromFirst}))
	}
	waiting := func() (n int) {
		for _, op := range w.Router.Operations() {
			if op.WaitingFor == "web" {
				n++
			}
		}
		return n
	}
	routertest.Until(t, "replays wait for room", func() bool { return waiting() > 0 }, func() any { return w.Router.Operations() })
	if n := w.Target("web").Waiting; n > 10_000+times*600 {
		t.Errorf("%d wait", n)
	}
	close(hang)
	r.Answer(routertest.Well)
	for _, op := range ops {
		if op = untilOver(t, w, op); op.Done != events {
			t.Errorf("%+v", op)
		}
	}
	w.Settled()
	if n := len(r.Arrivals()); n < events*(times+1) {
		t.Errorf("%d requests", n)
	}
}

// TestOperationsAreExclusive: only one deals with dead letters at a time.
func TestOperationsAreExclusive(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(400))
	w := routertest.Start(t, oneRule(to("web", r)))
	w.SendMany(t, "a", 30)
	w.UntilDead("web", 30)
	all := router.LetterSelection{All: true}
	first, err := w.Router.Redrive(t.Context(), router.LettersRequest{LetterSelection: all, Rate: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Router.Discard(t.Context(), router.LettersRequest{LetterSelection: all})
	if err == nil || !strings.Contains(err.Error(), "deals with dead letters now") {
		t.Errorf("a second one: %v", err)
	}
	if _, err := w.Router.ResumeOperation(t.Context(), first.ID); err == nil || !strings.Contains(err.Error(), "cannot be resumed: it is running") {
		t.Errorf("resumed while it runs: %v", err)
	}
	if op, err := w.Router.StopOperation(t.Context(), first.ID); err != nil || op.State != router.OperationStopped {
		t.Errorf("%+v, %v", op, err)
	}
	if _, err := w.Router.StopOperation(t.Context(), first.ID); err == nil || !strings.Contains(err.Error(), "does not run: it is stopped") {
		t.Errorf("stopped twice: %v", err)
	}
	op, err := w.Router.Discard(t.Context(), router.LettersRequest{LetterSelection: all})
	if err != nil {
		t.Fatal(err)
	}
	untilOver(t, w, op)
}

// TestOldOperationsAreForgotten keeps the newest hundred that have ended.
func TestOldOperationsAreForgotten(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)))
	var first, last router.Operation
	for i := range 103 {
		op, err := w.Router.Discard(t.Context(), router.LettersRequest{LetterSelection: router.LetterSelection{All: true}})
		if err != nil {
			t.Fatal(err)
		}
		if last = untilOver(t, w, op); i == 0 {
			first = last
		}
	}
	routertest.Until(t, "the oldest are forgotten", func() bool { return len(w.Router.Operations()) == 100 }, func() any { return len(w.Router.Operations()) })
	w.Restart()
	if n := len(w.Router.Operations()); n != 100 {
		t.Errorf("%d are kept over a restart", n)
	}
	if _, err := w.Router.Operation(first.ID); err == nil {
		t.Error("the first is still there")
	}
	if op, err := w.Router.Operation(last.ID); err != nil || op.State != router.OperationDone {
		t.Errorf("the last: %+v, %v", op, err)
	}
}
