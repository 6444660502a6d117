package routertest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/plan"
	"github.com/wye-events/wye/router/routertest"
	"github.com/wye-events/wye/rules"
)

func planned(t *testing.T, w *routertest.Wye, q router.PlanRequest) *plan.Report {
	t.Helper()
	report, err := w.Router.Plan(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func newRules(text string) []rules.Source {
	return []rules.Source{{Name: "rules.yaml", Text: []byte(text)}}
}

// delivered counts what came by rule and target, of events from a sequence on.
func delivered(t *testing.T, from uint64, all ...*routertest.Receiver) map[string]uint64 {
	t.Helper()
	counts := map[string]uint64{}
	for _, r := range all {
		for _, a := range r.Arrivals() {
			number, way, _ := strings.Cut(a.DeliveryID, "/")
			var seq uint64
			if _, err := fmt.Sscan(number, &seq); err != nil {
				t.Fatal(a.DeliveryID, err)
			}
			if seq >= from {
				counts[way]++
			}
		}
	}
	return counts
}

// routesOf are the counts of a report's routes, before and after.
func routesOf(report *plan.Report) (before, after map[string]uint64) {
	before, after = map[string]uint64{}, map[string]uint64{}
	for _, r := range report.Rules {
		for _, to := range r.Routes {
			old := r.Name
			if r.Was != "" {
				old = r.Was
			}
			if to.Before > 0 {
				before[old+"/"+to.Target] = to.Before
			}
			if to.After > 0 {
				after[r.Name+"/"+to.Target] = to.After
			}
		}
	}
	return before, after
}

// TestPlanComesTrue plans a change over events that were really delivered, makes
// it, and sends the same events again: what was delivered is what the plan said of
// before, and what is delivered then what it said of after.
func TestPlanComesTrue(t *testing.T) {
	a, b, c := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	targets := fmt.Sprintf("version: 1\ntargets:\n  %s\n  %s\n  %s\nrules:\n", to("a", a), to("b", b), to("c", c))
	w := routertest.Start(t, targets+`
  all: {on: "**", to: a}
  large: {on: com.example.order, when: event.data.total > 100, to: [a, b]}
  german: {on: com.example.order, when: event.data.country == "DE", to: b}
  gone: {on: com.example.payment, to: c}
  judged: {on: com.example.payment, when: event.data.total > 10, to: c, on_error: match}
  same: {on: com.example.payment, when: event.data.total < 50, to: c}
`)
	changed := targets + `
  everything: {on: "**", to: a}
  large: {on: com.example.order, when: event.data.total > 150, to: [a, c]}
  german: {on: com.example.order, when: 'event.data.country in ["DE", "AT"]', to: b}
  judged: {on: "**", when: event.data.total > 10, to: c, on_error: dead_letter}
  same: {on: com.example.payment, when: event.data.total < 50, to: c}
`
	const events = 120
	send := func(name string) {
		for i := range events {
			ev := routertest.Event{ID: fmt.Sprint(name, i), Type: "com.example.order"}
			ev.Data = fmt.Sprintf(`{"total": %d, "country": %q}`, i*7%211, []string{"DE", "AT", "FR"}[i%3])
			switch {
			case i%5 == 0:
				ev.Type = "com.example.payment"
			case i%11 == 0:
				ev.Data = `{"total": "much", "country": "FR"}`
			}
			if i%40 == 0 {
				ev.Data = `{"total": "much"}`
			}
			w.Send(t, ev)
		}
		w.Settled()
	}
	send("first")
	report := planned(t, w, router.PlanRequest{Rules: newRules(changed), Examples: 2, All: true})
	if report.Events.Compared != events || report.Traffic.First != 1 || report.Traffic.Last != events || !report.Differs || report.Partial {
		t.Fatalf("%+v", report)
	}
	before, after := routesOf(report)
	if got := delivered(t, 1, a, b, c); !maps.Equal(got, before) {
		t.Errorf("delivered before: %v\nthe plan says      %v", got, before)
	}

	w.Loaded(changed)
	send("second")
	if got := delivered(t, events+1, a, b, c); !maps.Equal(got, after) {
		t.Errorf("delivered after: %v\nthe plan said     %v", got, after)
	}
	if got := uint64(len(w.Dead("c"))); got != report.Deliveries.DeadAfter || got == 0 {
		t.Errorf("%d dead letters, the plan said %d", got, report.Deliveries.DeadAfter)
	}
	if w.Router.Status().Version != report.New.Version {
		t.Errorf("the plan was for %s, in force is %s", report.New.Version, w.Router.Status().Version)
	}

	// Back again: the plan of the old rules against the new ones is the mirror.
	back := planned(t, w, router.PlanRequest{Rules: newRules(changed), Old: newRules(changed), Until: router.Moment{Sequence: events}})
	if back.Differs || back.Events.Compared != events {
		t.Errorf("the same rules differ: %+v", back)
	}
}

// TestPlanOfRolloutComesTrue does the same with rules that are rolled out with care,
// and lets the events of before be replayed: so they have the ids that a sample goes by.
func TestPlanOfRolloutComesTrue(t *testing.T) {
	a, b, c := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	targets := fmt.Sprintf("version: 1\ntargets:\n  %s\n  %s\n  %s\nrules:\n", to("a", a), to("b", b), to("c", c))
	w := routertest.Start(t, targets+"  all: {on: \"**\", to: a}\n")
	end := time.Now().UTC().Add(3 * time.Second).Truncate(time.Second)
	w.Loaded(targets + fmt.Sprintf(`
  all: {on: "**", to: a}
  most: {on: "**", to: b, sample: 0.9}
  brief: {on: "**", to: c, until: %s}
`, end.Format(time.RFC3339)))
	w.SendMany(t, "first", 60)
	w.Settled()
	routertest.Until(t, "the end of a rule", func() bool { return time.Now().After(end) }, func() any { return end })
	w.SendMany(t, "second", 40)
	w.Settled()
	changed := targets + `
  all: {on: "**", to: a, sample: 0.5}
  most: {on: "**", to: b}
  watched: {on: "**", to: c, mode: shadow}
`
	report := planned(t, w, router.PlanRequest{Rules: newRules(changed), Examples: 1})
	before, after := routesOf(report)
	if got := delivered(t, 1, a, b, c); !maps.Equal(got, before) {
		t.Errorf("delivered before: %v\nthe plan says      %v", got, before)
	}
	if d := report.Deliveries; d.ShadowAfter != 100 || d.ShadowBefore != 0 || before["brief/c"] == 0 || before["brief/c"] > 60 || after["all/a"] == 0 {
		t.Errorf("%+v %v", d, after)
	}
	w.Loaded(changed)
	op := untilOver(t, w, replay(t, w, router.ReplayRequest{EventSelection: router.EventSelection{All: true}, From: fromFirst}))
	w.Settled()
	for way, n := range delivered(t, 1, a, b, c) {
		if way, again := strings.CutSuffix(way, "~"+op.ID); again && after[way] != n {
			t.Errorf("%s: %d are delivered, the plan said %d", way, n, after[way])
		} else if again {
			delete(after, way)
		}
	}
	if len(after) > 0 {
		t.Errorf("not delivered at all: %v", after)
	}
}

// TestPlanWindows: which events are looked at, and over which time.
func TestPlanWindows(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	text := oneRule(to("web", r))
	w := routertest.Start(t, text)
	none := planned(t, w, router.PlanRequest{Rules: newRules(text), Since: router.Moment{At: time.Now().Add(-time.Hour)}})
	if none.Events.Compared != 0 || none.Differs || none.Traffic.Of != 0 {
		t.Errorf("without events: %+v", none)
	}
	w.SendMany(t, "a", 4)
	w.Settled()
	middle := time.Now()
	w.SendMany(t, "b", 3)
	w.Settled()
	for name, c := range map[string]struct {
		q        router.PlanRequest
		from, to uint64
	}{
		"all":             {router.PlanRequest{}, 1, 7},
		"newest":          {router.PlanRequest{Limit: 2}, 6, 7},
		"newest of some":  {router.PlanRequest{Limit: 2, Until: router.Moment{Sequence: 4}}, 3, 4},
		"since":           {router.PlanRequest{Since: router.Moment{At: middle}}, 5, 7},
		"until":           {router.PlanRequest{Until: router.Moment{At: middle}}, 1, 4},
		"sequences":       {router.PlanRequest{Since: router.Moment{Sequence: 2}, Until: router.Moment{Sequence: 3}}, 2, 3},
		"long ago":        {router.PlanRequest{Since: router.Moment{At: middle.Add(-time.Hour)}}, 1, 7},
		"beyond the end":  {router.PlanRequest{Since: router.Moment{Sequence: 99}}, 0, 0},
		"before it began": {router.PlanRequest{Until: router.Moment{At: middle.Add(-time.Hour)}}, 0, 0},
	} {
		c.q.Rules = newRules(text)
		got := planned(t, w, c.q)
		want := uint64(0)
		if c.from > 0 {
			want = c.to - c.from + 1
		}
		if got.Traffic.First != c.from || got.Traffic.Last != c.to || got.Events.Compared != want || got.Traffic.Of != want {
			t.Errorf("%s: %+v", name, got.Traffic)
		}
		if got.Traffic.Seconds <= 0 && want > 0 || got.Traffic.Seconds > 3600 {
			t.Errorf("%s: over %v seconds", name, got.Traffic.Seconds)
		}
	}
}

// TestPlanRefused: what cannot be planned is said, and nothing is looked at.
func TestPlanRefused(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	text := oneRule(to("web", r))
	w := routertest.Start(t, text)
	good := newRules(text)
	for want, q := range map[string]router.PlanRequest{
		"say what the new rules are":     {},
		"sample 1.5: expected a share":   {Rules: good, Sample: 1.5},
		"sample -1: expected a share":    {Rules: good, Sample: -1},
		"examples 101: expected":         {Rules: good, Examples: 101},
		"the window begins in the futur": {Rules: good, Since: router.Moment{At: time.Now().Add(time.Hour)}},
		"the window ends before":         {Rules: good, Since: router.Moment{Sequence: 3}, Until: router.Moment{Sequence: 2}},
	} {
		var bad *router.RequestError
		if _, err := w.Router.Plan(t.Context(), q); !errors.As(err, &bad) || !strings.Contains(bad.Detail, want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for which, q := range map[string]router.PlanRequest{
		"new": {Rules: newRules("version: 1\nrules: {a: {on: t, to: nowhere}}\n")},
		"old": {Rules: good, Old: newRules("version: 7\n")},
	} {
		var bad *router.PlanRulesError
		if _, err := w.Router.Plan(t.Context(), q); !errors.As(err, &bad) || bad.Which != which || !bad.Problems.HasErrors() {
			t.Errorf("%s: %v", which, err)
		}
	}
}

// TestPlanIsBrokenOff: a plan ends when whoever asked for it goes, or takes no more
// of what it tells.
func TestPlanIsBrokenOff(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	text := oneRule(to("web", r))
	w := routertest.Start(t, text)
	w.SendMany(t, "a", 300)
	w.Settled()
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	if _, err := w.Router.Plan(ctx, router.PlanRequest{Rules: newRules(text)}); !errors.Is(err, gone) && !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
