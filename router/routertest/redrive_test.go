package routertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// untilOver waits until an operation has ended, and gives it.
func untilOver(t *testing.T, w *routertest.Wye, op router.Operation) router.Operation {
	t.Helper()
	routertest.Until(t, "the operation ends", func() bool {
		var err error
		if op, err = w.Router.Operation(op.ID); err != nil {
			t.Fatal(err)
		}
		return op.State != router.OperationRunning
	}, func() any { return op })
	return op
}

// redrive redrives what is selected and waits for the end.
func redrive(t *testing.T, w *routertest.Wye, s router.LetterSelection) router.Operation {
	t.Helper()
	op, err := w.Router.Redrive(t.Context(), router.LettersRequest{LetterSelection: s})
	if err != nil {
		t.Fatal(err)
	}
	return untilOver(t, w, op)
}

// TestRedrive gives some of the dead letters back to a target that was mended:
// just those arrive, with their delivery ids and their attempts counted anew.
func TestRedrive(t *testing.T) {
	r, other := routertest.NewReceiver(t, routertest.Always(400)), routertest.NewReceiver(t, routertest.Always(403))
	w := routertest.Start(t, oneRule(to("web", r), to("next", other)))
	for i := range 20 {
		w.Send(t, routertest.Event{ID: fmt.Sprint("e", i), Data: fmt.Sprintf(`{"n":%d}`, i)})
	}
	w.UntilDead("web", 20)
	w.UntilDead("next", 20)
	r.Answer(routertest.Well)
	op := redrive(t, w, router.LetterSelection{Where: `event.data.n >= 10 && status == 400`, Target: "web"})
	if op.State != router.OperationDone || op.Done != 10 || op.Matched != 10 || op.Looked != 20 || op.Skipped+op.Failed != 0 || op.Cursor != op.Until || op.Ended.IsZero() {
		t.Errorf("%+v", op)
	}
	r.UntilTaken(10)
	w.Settled()
	taken := r.Taken()
	for i := range 20 {
		if id := fmt.Sprint("e", i); taken[id] != i/10 {
			t.Errorf("%s was taken %d times", id, taken[id])
		}
	}
	for _, a := range r.Arrivals()[20:] {
		if a.Attempt != 1 || !strings.HasSuffix(a.DeliveryID, "/all/web") || strings.Contains(a.DeliveryID, "~") || a.Header.Get("Wye-Replay") != "" {
			t.Errorf("%s came as attempt %d of %s", a.ID, a.Attempt, a.DeliveryID)
		}
	}
	if left := len(w.Dead("web")); left != 10 {
		t.Errorf("%d dead letters are left of the target", left)
	}
	if left := len(w.Dead("next")); left != 20 {
		t.Errorf("%d dead letters are left of the other target", left)
	}
}

// TestRedriveFailsAgain redrives letters to a target that has not changed: they
// come back as new letters that remember all attempts, as often as that is done.
func TestRedriveFailsAgain(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(503))
	w := routertest.Start(t, oneRule(to("web", r, "retry: {first: 1ms, max: 1ms, attempts: 3}")))
	w.Send(t, routertest.Event{ID: "a"})
	was := w.UntilDead("web", 1)[0]
	for n := 1; n <= 3; n++ {
		if op := redrive(t, w, router.LetterSelection{Numbers: []uint64{was.Number}}); op.Done != 1 {
			t.Fatalf("%+v", op)
		}
		routertest.Until(t, "it is dead again", func() bool {
			letters := w.Dead("web")
			return len(letters) == 1 && letters[0].Number > was.Number
		}, func() any { return w.Dead("web") })
		is := w.Dead("web")[0]
		if is.Redriven != n || is.Tried != 3 || len(is.Attempts) != 3*(n+1) || is.Reason != router.ReasonAttempts || !is.First.After(was.First) {
			t.Errorf("redriven %d times: %+v", n, is)
		}
		was = is
	}
	w.Settled()
	if n := len(r.Arrivals()); n != 12 {
		t.Errorf("%d requests", n)
	}
}

// TestRedriveWithoutTheTarget skips letters whose target is gone, and says so.
func TestRedriveWithoutTheTarget(t *testing.T) {
	r, well := routertest.NewReceiver(t, routertest.Always(400)), routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r), to("next", r)))
	w.Send(t, routertest.Event{ID: "a"})
	w.UntilDead("", 2)
	w.Settled()
	w.Loaded(oneRule(to("next", well)))
	op := redrive(t, w, router.LetterSelection{All: true})
	if op.Done != 1 || op.Skipped != 1 || op.Matched != 2 || op.Why[`target "web" is not in the rules; add it, or choose another`] != 1 {
		t.Errorf("%+v", op)
	}
	well.UntilTaken(1)
	w.Settled()
	if left := w.Dead(""); len(left) != 1 || left[0].Target != "web" {
		t.Errorf("%+v", left)
	}
}

// TestDiscard removes what is selected and nothing else.
func TestDiscard(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(400))
	w := routertest.Start(t, oneRule(to("web", r), to("next", r)))
	for i := range 10 {
		w.Send(t, routertest.Event{ID: fmt.Sprint("e", i), Type: fmt.Sprint("com.example.t", i%2)})
	}
	w.UntilDead("", 20)
	w.Settled()
	op, err := w.Router.Discard(t.Context(), router.LettersRequest{LetterSelection: router.LetterSelection{Where: `event.type == "com.example.t0"`, Target: "web"}})
	if err != nil {
		t.Fatal(err)
	}
	if op = untilOver(t, w, op); op.Done != 5 || op.State != router.OperationDone {
		t.Errorf("%+v", op)
	}
	for _, d := range w.Dead("") {
		if d.Target == "web" && d.EventType == "com.example.t0" {
			t.Errorf("letter %d is left", d.Number)
		}
	}
	if n := len(w.Dead("")); n != 15 {
		t.Errorf("%d are left", n)
	}
	w.Restart()
	if n := len(w.Dead("")); n != 15 {
		t.Errorf("%d are there after a restart", n)
	}
}

// TestDryRuns changes nothing, and tells what would be done.
func TestDryRuns(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(400))
	w := routertest.Start(t, oneRule(to("web", r), to("next", r)))
	for i := range 8 {
		w.Send(t, routertest.Event{ID: fmt.Sprint("e", i)})
	}
	w.UntilDead("", 16)
	w.Settled()
	var last router.Preview
	take := func(p router.Preview) error { last = p; return nil }
	for _, kind := range []router.OperationKind{router.OperationRedrive, router.OperationDiscard} {
		q := router.LettersRequest{LetterSelection: router.LetterSelection{Target: "web"}}
		if err := w.Router.PreviewLetters(t.Context(), kind, q, take); err != nil {
			t.Fatal(err)
		}
		if !last.End || last.Would != 8 || last.Matched != 8 || len(last.Letters) != 5 || !slices.Equal(last.Routes, []router.PreviewRoute{{Rule: "all", Target: "web", Count: 8}}) {
			t.Errorf("%s: %+v", kind, last)
		}
	}
	q := router.ReplayRequest{EventSelection: router.EventSelection{Where: `event.id in ["e1", "e2", "e7"]`}, From: router.Moment{Sequence: 1}}
	if err := w.Router.PreviewReplay(t.Context(), q, take); err != nil {
		t.Fatal(err)
	}
	if !last.End || last.Looked != 8 || last.Matched != 3 || last.Would != 6 || len(last.Events) != 3 || len(last.Routes) != 2 {
		t.Errorf("replay: %+v", last)
	}
	if ops := w.Router.Operations(); len(ops) != 0 {
		t.Errorf("operations: %+v", ops)
	}
	if n := len(w.Dead("")); n != 16 || len(r.Arrivals()) != 16 {
		t.Errorf("%d dead letters, %d requests", n, len(r.Arrivals()))
	}
}

// TestDeadCauses groups letters by what they died of.
func TestDeadCauses(t *testing.T) {
	r := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
		if strings.HasPrefix(a.ID, "odd") {
			return routertest.Reply{Status: 422}
		}
		return routertest.Reply{Status: 401}
	})
	gone := routertest.NewReceiver(t, routertest.Well)
	gone.Down()
	w := routertest.Start(t, oneRule(to("web", r), to("away", gone, "retry: {first: 1ms, max: 1ms, attempts: 1}")))
	for i := range 9 {
		w.Send(t, routertest.Event{ID: fmt.Sprint([]string{"even", "odd"}[i%3/2], i)})
	}
	w.UntilDead("", 18)
	causes, next, err := w.Router.DeadCauses(t.Context(), router.LetterSelection{}, 1)
	if err != nil || next != 0 {
		t.Fatal(next, err)
	}
	var got []string
	for _, c := range causes {
		got = append(got, fmt.Sprint(c.Count, " ", c.Target, " ", c.Reason, " ", c.Status))
		if c.First.IsZero() || c.Last.Before(c.First) || c.Example == 0 || !slices.Equal(c.Rules, []string{"all"}) {
			t.Errorf("%+v", c)
		}
	}
	if want := []string{"9 away attempts 0", "6 web permanent 401", "3 web permanent 422"}; !slices.Equal(got, want) {
		t.Errorf("causes %q, want %q", got, want)
	}
	one, _, err := w.Router.DeadCauses(t.Context(), router.LetterSelection{Reason: "permanent", Where: `event.id.startsWith("odd")`}, 1)
	if err != nil || len(one) != 1 || one[0].Count != 3 {
		t.Errorf("%+v, %v", one, err)
	}
}

// TestBadOrders are refused before anything is done.
func TestBadOrders(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(400))
	w := routertest.Start(t, oneRule(to("web", r)))
	w.Send(t, routertest.Event{ID: "a"})
	w.UntilDead("web", 1)
	letters := func(q router.LettersRequest, redrive bool) error {
		start := w.Router.Discard
		if redrive {
			start = w.Router.Redrive
		}
		_, err := start(t.Context(), q)
		return err
	}
	selection := func(s router.LetterSelection) error { return letters(router.LettersRequest{LetterSelection: s}, false) }
	replay := func(q router.ReplayRequest) error {
		_, err := w.Router.Replay(t.Context(), q)
		return err
	}
	some := router.LetterSelection{Target: "web"}
	first := router.Moment{Sequence: 1}
	for want, err := range map[string]error{
		"say which dead letters are meant":     selection(router.LetterSelection{}),
		"all goes with no numbers":             selection(router.LetterSelection{All: true, Rule: "all"}),
		"0 is not the number of a dead letter": selection(router.LetterSelection{Numbers: []uint64{0}}),
		"1001 numbers are too many":            selection(router.LetterSelection{Numbers: make([]uint64, 1001)}),
		"is not the name of a target":          selection(router.LetterSelection{Target: "*"}),
		"the condition cannot be used":         selection(router.LetterSelection{Where: "event.data.total >"}),
		"discarding goes to no target":         letters(router.LettersRequest{LetterSelection: some, Rate: 5}, false),
		"rate -1: expected":                    letters(router.LettersRequest{LetterSelection: some, Rate: -1}, true),
		"say from when on":                     replay(router.ReplayRequest{EventSelection: router.EventSelection{All: true}}),
		"or for which rule or target; or all":  replay(router.ReplayRequest{From: first}),
		"all goes with no where":               replay(router.ReplayRequest{From: first, EventSelection: router.EventSelection{All: true, Rule: "all"}}),
		`rule "none" is not in the rules`:      replay(router.ReplayRequest{From: first, EventSelection: router.EventSelection{Rule: "none"}}),
		`target "wep" is not in the rules and has no dead letters; did you mean "web"?`: letters(router.LettersRequest{LetterSelection: router.LetterSelection{Target: "wep"}}, true),
		`target "wob" is not in the rules and has no dead letters; did you mean "web"?`: letters(router.LettersRequest{LetterSelection: router.LetterSelection{Target: "wob"}}, false),
		`target "wep" is not in the rules; did you mean "web"?`:                         replay(router.ReplayRequest{From: first, EventSelection: router.EventSelection{Target: "wep"}}),
		`target "none" is not in the rules`:                                             replay(router.ReplayRequest{From: first, EventSelection: router.EventSelection{Target: "none"}}),
		"the window ends before it begins":                                              replay(router.ReplayRequest{From: router.Moment{Sequence: 2}, To: first, EventSelection: router.EventSelection{All: true}}),
		"the condition cannot be used: ":                                                replay(router.ReplayRequest{From: first, EventSelection: router.EventSelection{Where: "evnt.id"}}),
		"rate 2e+06: expected a number a second, ":                                      replay(router.ReplayRequest{From: first, Rate: 2e6, EventSelection: router.EventSelection{All: true}}),
	} {
		var bad *router.RequestError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if ops := w.Router.Operations(); len(ops) != 0 {
		t.Errorf("%+v", ops)
	}
	for name, act := range map[string]func(context.Context, string) (router.Operation, error){"stop": w.Router.StopOperation, "resume": w.Router.ResumeOperation} {
		if _, err := act(t.Context(), "nothing"); !errors.Is(err, router.ErrNoOperation) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRedriveIsRecorded looks for what is told of a delivery that was redriven.
func TestRedriveIsRecorded(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(400))
	w := routertest.Start(t, oneRule(to("web", r)))
	w.Send(t, routertest.Event{ID: "a"})
	w.Send(t, routertest.Event{ID: "b"})
	w.UntilDead("web", 2)
	r.Answer(routertest.Well)
	letters := w.Dead("web")
	redrive(t, w, router.LetterSelection{Numbers: []uint64{letters[0].Number}})
	op, err := w.Router.Discard(t.Context(), router.LettersRequest{LetterSelection: router.LetterSelection{Numbers: []uint64{letters[1].Number}}})
	if err != nil {
		t.Fatal(err)
	}
	untilOver(t, w, op)
	r.UntilTaken(1)
	w.Settled()
	var lines []string
	routertest.Until(t, "the outcomes are written", func() bool {
		lines = nil
		_, err := w.Bus.WalkOutcomes(t.Context(), 0, letters[0].First, func(batch []byte) bool {
			for line := range strings.Lines(string(batch)) {
				var o struct {
					Sequence uint64 `json:"sequence"`
					Outcome  string `json:"outcome"`
				}
				if err := json.Unmarshal([]byte(line), &o); err != nil {
					t.Fatal(err)
				}
				lines = append(lines, fmt.Sprint(o.Sequence, " ", o.Outcome))
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		return len(lines) >= 5
	}, func() any { return lines })
	redriven, discarded := letters[0].Sequence, letters[1].Sequence
	of := func(seq uint64) (all []string) {
		for _, line := range lines {
			if outcome, ok := strings.CutPrefix(line, fmt.Sprint(seq, " ")); ok {
				all = append(all, outcome)
			}
		}
		return all
	}
	if got := of(redriven); !slices.Equal(got, []string{"dead_lettered", "redriven", "delivered"}) {
		t.Errorf("the redriven one: %q", got)
	}
	if got := of(discarded); !slices.Equal(got, []string{"dead_lettered", "discarded"}) {
		t.Errorf("the discarded one: %q", got)
	}
}

// TestRedriveOfExpired gives a letter back whose event has expired: who redrives
// it wants it delivered all the same.
func TestRedriveOfExpired(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)))
	ev := &cloudevent.Event{
		ID: "late", Source: "/routertest", Type: "com.example.test",
		Extensions: []cloudevent.Extension{{Name: "expirytime", Value: "2020-01-01T00:00:00Z"}},
	}
	if _, err := w.Router.Accept(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	letter := w.UntilDead("web", 1)[0]
	if letter.Reason != "expired" || len(r.Arrivals()) != 0 {
		t.Errorf("%+v", letter)
	}
	if op := redrive(t, w, router.LetterSelection{Reason: "expired"}); op.Done != 1 {
		t.Errorf("%+v", op)
	}
	r.UntilTaken(1)
	w.Settled()
}
