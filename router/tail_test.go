package router_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
	"github.com/wye-events/wye/rules"
)

const tailRules = `version: 1
targets:
  kept: {stream: {subject: audit.kept}}
  also: {stream: {subject: audit.also}}
rules:
  both: {on: com.example.order, when: event.data.total > 100, to: [kept, also]}
  each: {on: com.example.order, to: also}
  taken: {on: com.example.judged, when: event.data.total > 1, on_error: match, to: kept}
  skipped: {on: com.example.judged, when: event.data.total > 1, to: kept}
  buried: {on: com.example.judged, when: event.data.total > 1, on_error: dead_letter, to: [kept, also]}
`

func tail(t *testing.T, w *routertest.Wye, q router.TailQuery) *router.Tail {
	t.Helper()
	tail, err := w.Router.Tail(q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tail.Close)
	return tail
}

// lines reads until it has n of them.
func lines(t *testing.T, tail *router.Tail, n int) (all []router.TailLine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), routertest.Patience)
	defer cancel()
	for len(all) < n {
		more, err := tail.Next(ctx)
		if err != nil {
			t.Fatalf("%v, after %d of %d lines: %+v", err, len(all), n, all)
		}
		all = append(all, more...)
	}
	return all
}

func condition(t *testing.T, text string) *rules.Condition {
	t.Helper()
	c, problems := rules.NewCondition("where", text)
	if c == nil {
		t.Fatal(problems)
	}
	return c
}

func order(id string, total any) routertest.Event {
	return routertest.Event{ID: id, Type: "com.example.order", Data: fmt.Sprintf(`{"total": %v}`, total)}
}

// shape is a line in short.
func shape(l router.TailLine) string {
	switch {
	case l.Missed > 0:
		return "missed"
	case l.Failed != nil:
		return fmt.Sprintf("failed at %d", l.Failed.Sequence)
	case l.Outcome != nil:
		return fmt.Sprintf("%d %s/%s %s", l.Outcome.Sequence, l.Outcome.Rule, l.Outcome.Target, l.Outcome.Outcome)
	}
	text := fmt.Sprintf("%d %s %v", l.Sequence, l.ID, l.Matched)
	if len(l.DeadLettered) > 0 {
		text += fmt.Sprintf(" dead %v", l.DeadLettered)
	}
	if len(l.Errors) > 0 {
		text += fmt.Sprintf(" errors %d", len(l.Errors))
	}
	return text
}

func expectLines(t *testing.T, got []router.TailLine, want ...string) {
	t.Helper()
	var shapes []string
	for _, l := range got {
		shapes = append(shapes, shape(l))
	}
	if strings.Join(shapes, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nexpected\n%s", strings.Join(shapes, "\n"), strings.Join(want, "\n"))
	}
}

// TestTail: every event is shown with where it goes.
func TestTail(t *testing.T) {
	t.Parallel()
	w := routertest.Start(t, tailRules)
	w.Send(t, order("before", 1))
	w.Settled()
	all := tail(t, w, router.TailQuery{})
	w.Send(t, order("A", 250))
	w.Send(t, order("B", 1))
	w.Send(t, routertest.Event{ID: "C", Type: "com.example.nothing"})
	w.Send(t, routertest.Event{ID: "D", Type: "com.example.judged", Data: `{"total": "x"}`})
	got := lines(t, all, 4)
	expectLines(t, got,
		"2 A [{both [kept also]} {each [also]}]",
		"3 B [{each [also]}]",
		"4 C []",
		"5 D [{taken [kept]}] dead [{buried [kept also]}] errors 3")
	first := got[0]
	if first.Type != "com.example.order" || first.Source != "/routertest" || first.Version != w.Router.Status().Version || first.At.IsZero() {
		t.Errorf("%+v", first.TailEvent)
	}
	if got[0].Unmatched() || got[1].Unmatched() || !got[2].Unmatched() || got[3].Unmatched() {
		t.Error("unmatched is told wrongly")
	}
	if text := got[3].Errors["skipped"]; strings.Contains(text, "skipped") || text == "" {
		t.Error(text)
	}
}

// TestTailOfSome: a condition and --unmatched pick events out; a condition that
// fails is told once.
func TestTailOfSome(t *testing.T) {
	t.Parallel()
	w := routertest.Start(t, tailRules)
	large := tail(t, w, router.TailQuery{Where: condition(t, "event.data.total > 100")})
	unmatched := tail(t, w, router.TailQuery{Unmatched: true})
	both := tail(t, w, router.TailQuery{Unmatched: true, Where: condition(t, `event.id == "E"`)})
	w.Send(t, order("A", 1))
	w.Send(t, order("B", `"x"`))
	w.Send(t, order("C", `"y"`))
	w.Send(t, routertest.Event{ID: "D", Type: "com.example.nothing", Data: `{"total": 101}`})
	w.Send(t, routertest.Event{ID: "E", Type: "com.example.nothing"})
	w.Send(t, order("F", 250))
	expectLines(t, lines(t, large, 3), "failed at 2", "4 D []", "6 F [{both [kept also]} {each [also]}]")
	expectLines(t, lines(t, unmatched, 2), "4 D []", "5 E []")
	expectLines(t, lines(t, both, 1), "5 E []")
}

// TestTailOutcomes: outcomes come after their event, and only those of events
// that are shown.
func TestTailOutcomes(t *testing.T) {
	t.Parallel()
	refusing := routertest.NewReceiver(t, routertest.Always(400))
	w := routertest.Start(t, fmt.Sprintf(`version: 1
targets: {good: {stream: {subject: audit.good}}, bad: {http: {url: %q}}}
rules: {good: {on: "**", to: good}, bad: {on: "**", to: bad}}
`, refusing.URL()))
	some := tail(t, w, router.TailQuery{Outcomes: true, Where: condition(t, "event.data.total > 100")})
	none := tail(t, w, router.TailQuery{})
	w.Send(t, order("A", 1))
	w.Settled()
	w.Send(t, order("B", 101))
	got := lines(t, some, 3)
	ends := map[string]bool{}
	for _, l := range got[1:] {
		ends[shape(l)] = true
		if l.Outcome == nil || l.Outcome.Attempts != 1 || l.Outcome.At.IsZero() {
			t.Errorf("%+v", l)
		}
	}
	if shape(got[0]) != "2 B [{bad [bad]} {good [good]}]" || !ends["2 good/good delivered"] || !ends["2 bad/bad dead_lettered"] {
		t.Errorf("%s, %v", shape(got[0]), ends)
	}
	w.Settled()
	if got := lines(t, none, 2); len(got) != 2 || got[1].Outcome != nil {
		t.Errorf("outcomes were not asked for: %+v", got)
	}
}

// TestSlowTail: who does not look misses events and is told how many, in the
// place where they would have been, and nobody waits for it.
func TestSlowTail(t *testing.T) {
	t.Parallel()
	w := routertest.Start(t, tailRules)
	slow := tail(t, w, router.TailQuery{})
	judging := tail(t, w, router.TailQuery{Where: condition(t, `event.id == "many4999"`)})
	const n = 5000
	w.SendMany(t, "many", n)
	w.Settled() // with nobody reading
	got := lines(t, slow, 2)
	last := got[len(got)-1]
	if shown := uint64(len(got) - 1); shown != 4096 || last.Missed != n-shown || got[0].Sequence != 1 || got[shown-1].Sequence != shown {
		t.Fatalf("%d events were shown, then %+v", shown, last)
	}
	w.Send(t, order("after", 1))
	expectLines(t, lines(t, slow, 1), "5001 after [{each [also]}]")
	if first := lines(t, judging, 1)[0]; first.Missed != n-4096 && first.Missed != n-4096+1 {
		t.Errorf("%+v", first)
	}
}

// TestTailMemory: large events fill a tail by their size, and one larger than
// the whole is shown all the same.
func TestTailMemory(t *testing.T) {
	t.Parallel()
	w := routertest.Start(t, tailRules, routertest.Options{MaxEvent: 8 << 20})
	slow := tail(t, w, router.TailQuery{Where: condition(t, "true")})
	large := func(id string, size int) routertest.Event {
		return routertest.Event{ID: id, Data: `"` + strings.Repeat("x", size) + `"`}
	}
	for i := range 6 {
		w.Send(t, large(fmt.Sprint(i), 1<<20))
	}
	w.Settled()
	got := lines(t, slow, 1)
	expectLines(t, got, "1 0 []", "2 1 []", "3 2 []", "missed")
	if got[3].Missed != 3 {
		t.Errorf("%+v", got[3])
	}
	w.Send(t, large("huge", 5<<20))
	w.Settled()
	expectLines(t, lines(t, slow, 1), "7 huge []")
}

// TestTailsAreBounded: so many may watch, and no more until one has ended.
func TestTailsAreBounded(t *testing.T) {
	t.Parallel()
	w := routertest.Start(t, tailRules)
	first := tail(t, w, router.TailQuery{})
	for range 31 {
		tail(t, w, router.TailQuery{})
	}
	if _, err := w.Router.Tail(router.TailQuery{}); !errors.Is(err, router.ErrTails) {
		t.Error(err)
	}
	first.Close()
	first.Close()
	tail(t, w, router.TailQuery{})
}

// TestTailEnds: a tail shows what came before its router stopped, and then says
// that it did.
func TestTailEnds(t *testing.T) {
	t.Parallel()
	w := routertest.Start(t, tailRules)
	all := tail(t, w, router.TailQuery{})
	w.Send(t, order("A", 1))
	w.Settled()
	w.Stop(routertest.Patience)
	expectLines(t, lines(t, all, 1), "1 A [{each [also]}]")
	if _, err := all.Next(t.Context()); !errors.Is(err, router.ErrStopping) {
		t.Error(err)
	}
}
