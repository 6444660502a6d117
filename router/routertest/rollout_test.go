package routertest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// careful is a rule file with one target, web, and these rules.
func careful(web *routertest.Receiver, lines ...string) string {
	text := "version: 1\ntargets:\n  " + to("web", web) + "\n"
	if len(lines) == 0 {
		return text
	}
	return text + "rules:\n  " + strings.Join(lines, "\n  ") + "\n"
}

// ruleStatus is what is told of one rule.
func ruleStatus(t *testing.T, w *routertest.Wye, name string) router.RuleStatus {
	t.Helper()
	for _, r := range w.Router.Rules().Rules {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("there is no rule %s", name)
	return router.RuleStatus{}
}

// endedWell is the account, which must balance with nothing pending.
func endedWell(t *testing.T, w *routertest.Wye) *router.AuditReport {
	t.Helper()
	got, err := w.Router.Audit(t.Context(), router.AuditRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if !got.Balanced || got.Deliveries.Pending() > 0 || got.Extra > 0 {
		t.Errorf("the account: %+v", got)
	}
	return got
}

// TestShadowCountsAndDeliversNothing: a shadow rule's matches and failures are
// counted apart, whatever its on_error says; an event that only shadow rules match
// is unmatched.
func TestShadowCountsAndDeliversNothing(t *testing.T) {
	web := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, careful(web,
		`live: {on: com.example.live, to: web}`,
		`trial: {on: "**", to: web, mode: shadow}`,
		`fails: {on: com.example.live, when: "event.data.x > 1", to: web, mode: shadow, on_error: match}`,
		`fails-dead: {on: com.example.live, when: "event.data.x > 1", to: web, mode: shadow, on_error: dead_letter}`))
	first := w.Send(t, routertest.Event{ID: "a", Type: "com.example.live", Data: `{"x": "text"}`})
	second := w.Send(t, routertest.Event{ID: "b", Type: "com.example.other"})
	web.UntilTaken(1)
	w.Settled()
	web.Once("a")
	for name, want := range map[string]router.RuleStatus{
		"live":       {Matched: 1, State: "live", Mode: rules.ModeLive},
		"trial":      {Matched: 2, State: "shadow", Mode: rules.ModeShadow},
		"fails":      {Errors: 1, State: "shadow", Mode: rules.ModeShadow},
		"fails-dead": {Errors: 1, State: "shadow", Mode: rules.ModeShadow},
	} {
		got := ruleStatus(t, w, name)
		if got.Matched != want.Matched || got.Errors != want.Errors || got.State != want.State || got.Mode != want.Mode || got.Sample != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if s := w.Router.Status(); s.Unmatched != 1 {
		t.Errorf("%d events are unmatched", s.Unmatched)
	}
	if dead := w.Dead(""); len(dead) > 0 {
		t.Errorf("dead letters: %+v", dead)
	}
	if got := endedWell(t, w); got.Events.Unmatched != 1 || got.Events.Matched != 1 || got.Deliveries.Delivered != 1 {
		t.Errorf("%+v", got)
	}
	for seq, want := range map[uint64]string{first.Sequence: "live to web, shadow trial", second.Sequence: "shadow trial"} {
		p, err := w.Router.Past(t.Context(), router.EventRef{Sequence: seq})
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, d := range p.Deliveries {
			told = append(told, d.Rule+" to "+d.Target)
		}
		for _, name := range p.Shadows() {
			told = append(told, "shadow "+name)
		}
		if got := strings.Join(told, ", "); got != want {
			t.Errorf("event %d: %s, not %s", seq, got, want)
		}
	}
}

// TestSampleDelivers: what is delivered by a rule with a sample is exactly what
// [rules.Rule.Part] says, over a restart and a larger sample too.
func TestSampleDelivers(t *testing.T) {
	web := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, careful(web, `some: {on: "**", to: web, sample: 0.05}`))
	expected := map[string]int{}
	send := func(prefix string, share float64) {
		for _, id := range w.SendMany(t, prefix, 200) {
			if (&rules.Rule{Sample: share}).Part(&cloudevent.Event{Source: "/routertest", ID: id}, time.Time{}) == rules.PartLive {
				expected[id]++
			}
		}
		web.UntilTaken(len(expected))
		w.Settled()
	}
	send("a", 0.05)
	w.Restart()
	send("b", 0.05)
	few := len(expected)
	w.Loaded(careful(web, `some: {on: "**", to: web, sample: 0.5}`))
	send("c", 0.5)
	if few == 0 || len(expected)-few < 50 {
		t.Fatalf("the samples are too small to tell: %d, %d", few, len(expected)-few)
	}
	for id, n := range web.Taken() {
		if expected[id] != n {
			t.Errorf("%s came %d times, expected %d", id, n, expected[id])
		}
	}
	got := endedWell(t, w)
	if int(got.Events.Matched) != len(expected) || int(got.Deliveries.Delivered) != len(expected) {
		t.Errorf("%d expected, the account has %+v, %+v", len(expected), got.Events, got.Deliveries)
	}
	if st := ruleStatus(t, w, "some"); st.Sample != 0.5 {
		t.Errorf("%+v", st)
	}
}

// TestUntilPassesUnderLoad lets a rule end while events come. The loop has them in
// memory, the account reads them from the store: both must draw the line between the
// same two events.
func TestUntilPassesUnderLoad(t *testing.T) {
	web := routertest.NewReceiver(t, routertest.Well)
	until := time.Now().Add(700 * time.Millisecond).Truncate(time.Millisecond)
	rule := fmt.Sprintf(`ends: {on: "**", to: web, until: %q}`, until.UTC().Format(time.RFC3339Nano))
	w := routertest.Start(t, careful(web, rule))
	load := routertest.StartPublishers(w.Publisher, 4)
	defer load.Stop()
	<-time.After(time.Until(until.Add(100 * time.Millisecond)))
	<-load.Next()
	load.Stop()
	w.Settled()
	got := endedWell(t, w)
	if got.Events.Matched == 0 || got.Events.Unmatched == 0 || int(got.Deliveries.Delivered) != len(web.Taken()) {
		t.Errorf("%d came; %+v, %+v", len(web.Taken()), got.Events, got.Deliveries)
	}
	if st := ruleStatus(t, w, "ends"); st.State != "over" || st.Matched != got.Events.Matched || !st.Until.Equal(until) {
		t.Errorf("%+v", st)
	}
}

// TestUntilOverACrash accepts an event before its rule ends, and kills Wye before
// the event is settled. It is read again after the end, and decided as before.
func TestUntilOverACrash(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	web := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: hold} })
	rule := func(until time.Time) string {
		return careful(web, fmt.Sprintf(`ends: {on: "**", to: web, until: %q}`, until.UTC().Format(time.RFC3339Nano)))
	}
	p := routertest.NewProcess(t, routertest.Build(t), rule(time.Now().Add(time.Hour)), t.TempDir())
	p.Start()
	first := p.Send(t, routertest.Event{ID: "before"})
	web.UntilOpen(1)
	past := p.Past(first.Sequence)
	// The rule ends right after the event, by another version of it.
	p.Kill()
	p.WriteRules(rule(past.Accepted.Add(time.Millisecond)))
	close(hold)
	p.Start()
	p.Send(t, routertest.Event{ID: "after"})
	p.Drained()
	if taken := web.Taken(); taken["before"] == 0 || taken["after"] > 0 {
		t.Errorf("taken: %v", taken)
	}
	if got := p.Ended(); got.Events.Matched != 1 || got.Events.Unmatched != 1 || got.Deliveries.Delivered != 1 {
		t.Errorf("%+v, %+v", got.Events, got.Deliveries)
	}
	if again := p.Past(first.Sequence); !again.Accepted.Equal(past.Accepted) || again.Accepted.Nanosecond()%int(time.Millisecond) != 0 {
		t.Errorf("accepted at %v, and then at %v", past.Accepted, again.Accepted)
	}
}

// TestRolloutAuditOverKills kills Wye under load with rules of all kinds. The account
// balances before and after.
func TestRolloutAuditOverKills(t *testing.T) {
	t.Parallel()
	web, binary := routertest.NewReceiver(t, routertest.Well), routertest.Build(t)
	until := time.Now().Add(2 * time.Second)
	text := careful(web, `live: {on: "**", when: "event.id.endsWith('1')", to: web}`,
		`shadow: {on: "**", to: web, mode: shadow}`,
		`some: {on: "**", to: web, sample: 0.3}`,
		`some-shadow: {on: "**", to: web, mode: shadow, sample: 0.1}`,
		fmt.Sprintf(`ends: {on: "**", when: "event.id.endsWith('2')", to: web, until: %q}`, until.UTC().Format(time.RFC3339Nano)),
		`over: {on: "**", to: web, until: 2020-01-01}`)
	p := routertest.NewProcess(t, binary, text, t.TempDir())
	p.Start()
	load := routertest.StartPublishers(p.Publisher, 4)
	defer load.Stop()
	for range 3 {
		for range 50 {
			<-load.Next()
		}
		p.Balanced()
		p.Kill()
		p.Start()
		p.Balanced()
	}
	<-time.After(time.Until(until))
	<-load.Next()
	load.Stop()
	p.Drained()
	got := p.Ended()
	rows := map[string]router.AuditRow{}
	for _, row := range got.Rules {
		rows[row.Name] = row
	}
	if len(rows) != 3 || rows["live"].Delivered == 0 || rows["some"].Delivered == 0 || rows["ends"].Delivered == 0 || got.Extra > 0 {
		t.Errorf("%+v", got)
	}
	metrics := p.Metrics()
	for _, name := range []string{"shadow", "some-shadow"} {
		if metrics[fmt.Sprintf("wye_rule_shadow_matches_total{rule=%q}", name)] == 0 {
			t.Errorf("no match of %s is counted", name)
		}
		if _, ok := metrics[fmt.Sprintf("wye_rule_matches_total{rule=%q}", name)]; ok {
			t.Errorf("%s is counted as a live rule", name)
		}
	}
}

// TestShadowGoesLive: what a reload changes holds for later events only.
func TestShadowGoesLive(t *testing.T) {
	web := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, careful(web, `r: {on: "**", to: web, mode: shadow}`))
	before := w.SendMany(t, "before", 20)
	w.Settled()
	w.Loaded(careful(web, `r: {on: "**", to: web}`))
	after := w.SendMany(t, "after", 20)
	web.UntilTaken(20)
	w.Loaded(careful(web, `r: {on: "**", to: web, mode: shadow}`))
	w.SendMany(t, "again", 20)
	w.Settled()
	web.Once(after...)
	for _, id := range before {
		if web.Taken()[id] > 0 {
			t.Errorf("%s was delivered", id)
		}
	}
	if got := endedWell(t, w); got.Events.Matched != 20 || got.Events.Unmatched != 40 {
		t.Errorf("%+v", got.Events)
	}
	if st := ruleStatus(t, w, "r"); st.Matched != 40 || st.State != "shadow" {
		t.Errorf("%+v", st)
	}
}

// TestReplayByRollout: a replay delivers what is live when it begins, and is refused
// where it would deliver nothing.
func TestReplayByRollout(t *testing.T) {
	web := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, careful(web, `none: {on: nothing, to: web}`))
	ids := w.SendMany(t, "e", 40)
	w.Settled()
	w.Loaded(careful(web, `shadow: {on: "**", to: web, mode: shadow}`, `over: {on: "**", to: web, until: 2020-01-01}`,
		`some: {on: "**", to: web, sample: 0.5}`))
	first := router.Moment{Sequence: 1}
	for name, want := range map[string]string{
		"shadow": `rule "shadow" is a shadow, so nothing of it is delivered`,
		"over":   `rule "over" is over, so nothing of it is delivered`,
		"sone":   `rule "sone" is not in the rules; did you mean "some"?`,
	} {
		if _, err := w.Router.Replay(t.Context(), router.ReplayRequest{From: first, EventSelection: router.EventSelection{Rule: name}}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	op, err := w.Router.Replay(t.Context(), router.ReplayRequest{From: first, EventSelection: router.EventSelection{All: true}})
	if err != nil {
		t.Fatal(err)
	}
	op = untilOver(t, w, op)
	w.Settled()
	var expected []string
	for _, id := range ids {
		if (&rules.Rule{Sample: 0.5}).Part(&cloudevent.Event{Source: "/routertest", ID: id}, time.Time{}) == rules.PartLive {
			expected = append(expected, id)
		}
	}
	web.UntilTaken(len(expected))
	web.Once(expected...)
	if int(op.Done) != len(expected) || op.Skipped != 0 || len(web.Taken()) != len(expected) {
		t.Errorf("%+v, expected %d", op, len(expected))
	}
	var preview router.Preview
	if err := w.Router.PreviewReplay(t.Context(), router.ReplayRequest{From: first, EventSelection: router.EventSelection{All: true}}, func(p router.Preview) error {
		preview = p
		return nil
	}); err != nil || int(preview.Would) != len(expected) {
		t.Errorf("%v, %+v", err, preview)
	}
}
