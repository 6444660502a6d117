package routertest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/routertest"
	"github.com/wye-events/wye/rules"
)

// past is what is told of one event.
func past(t *testing.T, w *routertest.Wye, ref router.EventRef) *router.PastEvent {
	t.Helper()
	p, err := w.Router.Past(t.Context(), ref)
	if err != nil {
		t.Fatalf("%+v: %v", ref, err)
	}
	return p
}

func at(seq uint64) router.EventRef { return router.EventRef{Sequence: seq} }

// matching are the names of the rules that match the event of p.
func matching(p *router.PastEvent, m *rules.Matcher) string {
	if m == nil {
		return "not known: " + p.ThenNote
	}
	var names []string
	for _, found := range m.Match(p.Event, nil) {
		names = append(names, found.Rule.Name)
	}
	return strings.Join(names, ",")
}

// untilKept waits until the rule files that decided an event are stored: that
// is done in the background.
func untilKept(t *testing.T, w *routertest.Wye, version string) {
	t.Helper()
	routertest.Until(t, "the rule files are kept", func() bool {
		_, ok, err := w.Bus.Recollect(t.Context(), version)
		return ok && err == nil
	}, func() any { return w.Log() })
}

// ruleNamed is a rule file with one rule of that name, for everything.
func ruleNamed(name string, targets ...string) string {
	return strings.Replace(oneRule(targets...), "all:", name+":", 1)
}

// outcomes are the deliveries of p as text.
func outcomes(p *router.PastEvent) string {
	var all []string
	for _, d := range p.Deliveries {
		all = append(all, fmt.Sprintf("%s to %s: %s after %d", d.Rule, d.Target, d.Outcome, d.Attempts))
	}
	return strings.Join(all, "; ")
}

// servers are the kinds of store that the history is tried on.
func servers(t *testing.T, run func(t *testing.T, on routertest.Options)) {
	t.Run("embedded", func(t *testing.T) { run(t, routertest.Options{}) })
	t.Run("other servers", func(t *testing.T) {
		run(t, routertest.Options{Bus: bus.Config{URL: otherServer(t)}})
	})
}

// TestPastRules changes the rules between two events, and again over a restart:
// each event is told with the rules that decided it, and with those of now.
func TestPastRules(t *testing.T) { servers(t, pastRules) }

func pastRules(t *testing.T, on routertest.Options) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, ruleNamed("first", to("web", r)), on)
	w.Send(t, routertest.Event{ID: "a"})
	w.Settled()
	w.Loaded(ruleNamed("second", to("web", r)))
	w.Send(t, routertest.Event{ID: "b"})
	w.Settled()
	check := func(now string, then ...string) {
		t.Helper()
		for i, name := range then {
			p := past(t, w, at(uint64(i)+1))
			if got := matching(p, p.Then); got != name || p.Version == "" {
				t.Errorf("event %d was decided by %s (%q), want %s", p.Sequence, got, p.Version, name)
			}
			if got := matching(p, p.Now); got != now {
				t.Errorf("now event %d is decided by %s, want %s", p.Sequence, got, now)
			}
			if (p.Now == p.Then) != (now == name) {
				t.Errorf("event %d: the same rule set is compiled twice, or two are taken for one", p.Sequence)
			}
			if again := past(t, w, at(p.Sequence)); again.Then != p.Then {
				t.Errorf("event %d: compiled anew for a second question", p.Sequence)
			}
			if want := name + " to web: delivered after 1"; outcomes(p) != want || p.Deliveries[0].Version != p.Version || p.DeliveriesNote != "" {
				t.Errorf("event %d: %+v (%s), want %s", p.Sequence, p.Deliveries, p.DeliveriesNote, want)
			}
		}
	}
	check("second", "first", "second")
	w.Restart()
	check("second", "first", "second")
	w.Stop(routertest.Patience)
	w.WriteRules(ruleNamed("third", to("web", r)))
	w.Start()
	check("third", "first", "second")
	w.Send(t, routertest.Event{ID: "c"})
	w.Settled()
	check("third", "first", "second", "third")
	w.Loaded(ruleNamed("first", to("web", r)))
	w.Send(t, routertest.Event{ID: "d"})
	w.Settled()
	check("first", "first", "second", "third", "first")
}

// TestPastDeliveries lets one event come to every end.
func TestPastDeliveries(t *testing.T) { servers(t, pastDeliveries) }

func pastDeliveries(t *testing.T, on routertest.Options) {
	hang := make(chan struct{})
	well, refuses := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Always(400))
	fails, recovers := routertest.NewReceiver(t, routertest.Always(503)), routertest.NewReceiver(t, firstTime(routertest.Reply{Status: 500}))
	hangs := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: hang} })
	text := oneRule(to("well", well), to("refuses", refuses), to("fails", fails, seldom), to("recovers", recovers, quickly), to("hangs", hangs)) +
		"  none: {on: no.such.type, to: well}\n  broken: {on: \"**\", when: \"event.data.total > 'a'\", to: well, on_error: dead_letter}\n"
	w := routertest.Start(t, text, on)
	w.Send(t, routertest.Event{ID: "a", Data: `{"total":1}`})
	hangs.UntilOpen(1)
	w.Until("fails", "has a backlog", func(s router.TargetStatus) bool { return s.Waiting == 1 })
	recovers.UntilTaken(1)
	w.Until("recovers", "has delivered", func(s router.TargetStatus) bool { return s.Delivered == 1 && s.Waiting == 0 })
	w.Until("refuses", "has a dead letter", func(s router.TargetStatus) bool { return s.Dead == 1 })
	w.Until("well", "has delivered and a dead letter", func(s router.TargetStatus) bool { return s.Delivered == 1 && s.Dead == 1 })
	check := func(want string) *router.PastEvent {
		t.Helper()
		p := past(t, w, at(1))
		if got := outcomes(p); got != want || p.DeliveriesNote != "" {
			t.Errorf("%s (%s)\nwant %s", got, p.DeliveriesNote, want)
		}
		return p
	}
	p := check("all to fails: waiting after 1; all to hangs: under_way after 0; all to recovers: delivered after 2; " +
		"all to refuses: dead_lettered after 1; all to well: delivered after 1; broken to well: dead_lettered after 0")
	for i, status := range []int{503, 0, 500, 400, 0, 0} {
		d := p.Deliveries[i]
		if d.Status != status || d.Version != p.Version {
			t.Errorf("%+v: want status %d and version %s", d, status, p.Version)
		}
		if (d.Outcome == "under_way") != d.At.IsZero() || (d.Outcome == "waiting") == d.Due.IsZero() || (d.Outcome == "dead_lettered") != (d.DeadLetter > 0) {
			t.Errorf("%+v", d)
		}
		if letter, ok, err := w.Router.DeadLetter(t.Context(), d.DeadLetter); d.DeadLetter > 0 && (err != nil || !ok || letter.Sequence != 1 || letter.Target != d.Target) {
			t.Errorf("dead letter %d: %+v, %v", d.DeadLetter, letter, err)
		}
	}
	whyNot := func() (all []string) {
		for _, d := range past(t, w, at(1)).Deliveries {
			if d.Outcome == "waiting" || d.Outcome == "dead_lettered" {
				all = append(all, d.Target+" "+d.Reason+": "+d.Error)
			}
		}
		return all
	}
	for i, want := range []string{"fails : .* answered 503", "refuses permanent: .* answered 400", `well rule_error: .*> cannot be used between `} {
		if got := whyNot(); len(got) != 3 || !regexp.MustCompile(want).MatchString(got[i]) {
			t.Errorf("%q, want %s", got, want)
		}
	}
	close(hang)
	hangs.UntilTaken(1)
	w.Until("hangs", "has delivered", func(s router.TargetStatus) bool { return s.Delivered == 1 })
	w.Restart()
	check("all to fails: waiting after 1; all to hangs: delivered after 1; all to recovers: delivered after 2; " +
		"all to refuses: dead_lettered after 1; all to well: delivered after 1; broken to well: dead_lettered after 0")
}

// TestPastUnmatched tells of an event that no rule matched.
func TestPastUnmatched(t *testing.T) {
	w := routertest.Start(t, strings.Replace(oneRule("packing: {queue: {name: packing}}"), `"**"`, "no.such", 1))
	w.Send(t, routertest.Event{ID: "a"})
	w.Settled()
	if p := past(t, w, at(1)); p.Deliveries == nil || len(p.Deliveries) > 0 || p.DeliveriesNote != "" || p.Then == nil {
		t.Errorf("%+v", p)
	}
}

// TestPastWithABacklog tells of an event that waits among many, of which the
// lane holds some in memory and leaves the others with the store.
func TestPastWithABacklog(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(500))
	w := routertest.Start(t, oneRule(to("web", r, seldom)))
	w.SendMany(t, "e", 3000)
	w.Floored()
	for _, seq := range []uint64{1, 1500, 3000} {
		p := past(t, w, at(seq))
		if len(p.Deliveries) != 1 || p.Deliveries[0].Outcome != "waiting" && p.Deliveries[0].Outcome != "under_way" {
			t.Errorf("%+v %s", p.Deliveries, p.DeliveriesNote)
			continue
		}
		if d := p.Deliveries[0]; d.Outcome == "waiting" && d.Error == "" && d.Reason == "" {
			t.Errorf("why event %d waits is not told: %+v", seq, d)
		}
	}
}

func TestPastByID(t *testing.T) { servers(t, pastByID) }

func pastByID(t *testing.T, on routertest.Options) {
	on.Bus.DuplicateWindow = 100 * time.Millisecond
	w := routertest.Start(t, oneRule("packing: {queue: {name: packing}}"), on)
	const encoded = "%C3%A4%20b%2F%25" // "ä b/%"
	for i, ev := range []routertest.Event{{ID: "a"}, {ID: encoded}, {ID: "a", Source: "/other"}, {ID: "12"}} {
		if r := w.Send(t, ev); r.Sequence != uint64(i)+1 {
			t.Fatalf("%+v", r)
		}
	}
	var again router.Receipt // the same event, once its window is over
	routertest.Until(t, "it is accepted again", func() bool {
		again = w.Send(t, routertest.Event{ID: encoded})
		return !again.Duplicate
	}, func() any { return again })
	w.Settled()
	for ref, want := range map[router.EventRef]uint64{
		{ID: "a"}:                             3,
		{ID: "a", Source: "/routertest"}:      1,
		{ID: "a", Source: "/other"}:           3,
		{ID: "a", Before: 3}:                  1,
		{ID: "12"}:                            4,
		{ID: "ä b/%"}:                         again.Sequence,
		{ID: "ä b/%", Before: again.Sequence}: 2,
		{ID: "ä b/%", Source: "/routertest"}:  again.Sequence,
	} {
		if p := past(t, w, ref); p.Sequence != want || p.Event.ID != ref.ID {
			t.Errorf("%+v: found %s at %d, want %d", ref, p.Event.ID, p.Sequence, want)
		}
	}
	for _, ref := range []router.EventRef{{ID: "b"}, {ID: "a", Source: "/no"}, {ID: "a", Before: 1}} {
		_, err := w.Router.Past(t.Context(), ref)
		if none := (*router.NoEventError)(nil); !errors.As(err, &none) || none.Why != router.Unknown || none.First != 1 || none.Last != again.Sequence {
			t.Errorf("%+v: %v", ref, err)
		}
	}
}

// TestPastOfNoEvent asks for what is not there.
func TestPastOfNoEvent(t *testing.T) {
	on := routertest.Options{Bus: bus.Config{URL: otherServer(t)}}
	w := routertest.Start(t, oneRule("packing: {queue: {name: packing}}"), on)
	refused := func(ref router.EventRef, why router.Why, text string) {
		t.Helper()
		_, err := w.Router.Past(t.Context(), ref)
		if none := (*router.NoEventError)(nil); !errors.As(err, &none) || none.Why != why || !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: %v; want %s, %q", ref, err, why, text)
		}
	}
	refused(at(1), router.NotYet, "there is no event 1 yet; no events are kept yet")
	refused(router.EventRef{ID: "a"}, router.Unknown, `no event has id "a"; no events are kept yet`)
	w.SendMany(t, "e", 10)
	w.Settled()
	refused(at(11), router.NotYet, "there is no event 11 yet; events 1 to 10 are kept")
	purge(t, on.Bus.URL, "WYE_EVENTS", jetstream.WithPurgeSequence(4))
	refused(at(3), router.Removed, "event 3 is not kept any more; events 4 to 10 are kept")
	if p := past(t, w, at(4)); outcomes(p) != "all to packing: delivered after 1" {
		t.Errorf("%+v", p)
	}
}

// store connects to a NATS server as Wye itself does.
func store(t *testing.T, url string) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func purge(t *testing.T, url, stream string, what ...jetstream.StreamPurgeOpt) {
	t.Helper()
	s, err := store(t, url).Stream(t.Context(), stream)
	if err == nil {
		err = s.Purge(t.Context(), what...)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestPastWithoutItsRules takes away what was kept: the event and its deliveries
// are told all the same, and why its rules are not.
func TestPastWithoutItsRules(t *testing.T) {
	on := routertest.Options{Bus: bus.Config{URL: otherServer(t)}}
	w := routertest.Start(t, ruleNamed("first", "packing: {queue: {name: packing}}"), on)
	w.Send(t, routertest.Event{ID: "a"})
	w.Settled()
	version := past(t, w, at(1)).Version
	untilKept(t, w, version)
	w.Loaded(ruleNamed("second", "packing: {queue: {name: packing}}"))
	told := func(version, note string) {
		t.Helper()
		p := past(t, w, at(1))
		if p.Then != nil || p.Version != version || !strings.Contains(p.ThenNote, note) {
			t.Errorf("%+v, %q; want version %q, %q", p.Then, p.ThenNote, version, note)
		}
		if outcomes(p) != "first to packing: delivered after 1" || !strings.Contains(p.DeliveriesNote, "these were found") {
			t.Errorf("%s (%s)", outcomes(p), p.DeliveriesNote)
		}
	}
	purge(t, on.Bus.URL, "WYE_RULESETS", jetstream.WithPurgeSubject("wye.rulesets."+version+".1"))
	told(version, "its files are not kept")
	if _, err := store(t, on.Bus.URL).Publish(t.Context(), "wye.rulesets."+version+".1", []byte("rubbish")); err != nil {
		t.Fatal(err)
	}
	told(version, "its files cannot be read")
	purge(t, on.Bus.URL, "WYE_RULESETS")
	w.Restart()
	told(version, "its files are not kept")
	w.Stop(routertest.Patience)
	purge(t, on.Bus.URL, "WYE_STATE", jetstream.WithPurgeSubject("wye.state.decided.*"))
	w.Start()
	told("", "is not known")
	w.Loaded(ruleNamed("first", "packing: {queue: {name: packing}}"))
	w.Send(t, routertest.Event{ID: "b"})
	w.Settled()
	if p := past(t, w, at(2)); matching(p, p.Then) != "first" {
		t.Errorf("%+v", p)
	}
	told("", "is not known")
}

// TestReloadWithoutAMemory takes the stream of rule files away: rules change and
// events are delivered as ever, and the log says once what is missing.
func TestReloadWithoutAMemory(t *testing.T) {
	on := routertest.Options{Bus: bus.Config{URL: otherServer(t)}}
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, ruleNamed("first", to("web", r)), on)
	if err := store(t, on.Bus.URL).DeleteStream(t.Context(), "WYE_RULESETS"); err != nil {
		t.Fatal(err)
	}
	w.Loaded(ruleNamed("second", to("web", r)))
	w.Send(t, routertest.Event{ID: "a"})
	r.UntilTaken(1)
	w.Settled()
	// The first set may be told of too, if it was being stored just then.
	line := "the rule files could not be kept; what they decide cannot be explained once others are in force\" version=" + past(t, w, at(1)).Version
	routertest.Until(t, "the log says so", func() bool { return strings.Contains(w.Log(), line) }, func() any { return w.Log() })
	if n := strings.Count(w.Log(), line); n != 1 {
		t.Errorf("said %d times:\n%s", n, w.Log())
	}
	w.Loaded(ruleNamed("third", to("web", r)))
	if p := past(t, w, at(1)); p.Then != nil || p.Version == "" || outcomes(p) != "second to web: delivered after 1" {
		t.Errorf("%+v", p)
	}
}

// TestPastOfLargeRules keeps a rule set whose files are some megabytes (ten with
// WYE_LONG=1) that can hardly be compressed.
func TestPastOfLargeRules(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, version, files int) {
		t.Helper()
		for i := range files {
			text := ruleNamed(fmt.Sprint(name, i), fmt.Sprintf("packing%d: {queue: {name: packing%d}}", i, i)) + comment(version*100+i, 900<<10)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i, ".yaml")), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	files := 3
	if routertest.Long() {
		files = 12
	}
	write("first", 1, files)
	w := routertest.Start(t, "", routertest.Options{RulesPath: dir})
	w.Send(t, routertest.Event{ID: "a"})
	w.Settled()
	untilKept(t, w, past(t, w, at(1)).Version)
	write("second", 2, 1) // the rest stays
	if err := w.Router.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	p := past(t, w, at(1))
	if p.Then == nil || len(p.Then.Match(p.Event, nil)) != files || !strings.HasPrefix(matching(p, p.Then), "first0,") || !strings.HasPrefix(matching(p, p.Now), "first1,") {
		t.Errorf("%s", matching(p, p.Then))
	}
	if !slices.ContainsFunc(p.Deliveries, func(d router.PastDelivery) bool { return d.Target == "packing2" && d.Outcome == "delivered" }) {
		t.Errorf("%s", outcomes(p))
	}
	t.Logf("asked the first time: %s", time.Since(began))
	began = time.Now()
	past(t, w, at(1))
	t.Logf("asked again: %s", time.Since(began))
}

// comment is a YAML comment of random digits.
func comment(seed, bytes int) string {
	digits := make([]byte, bytes)
	random := rand.New(rand.NewPCG(uint64(seed), 1))
	for i := range digits {
		digits[i] = "0123456789abcdef"[random.IntN(16)]
	}
	return "# " + string(digits) + "\n"
}

// TestPastGivesUpWithItsCaller ends the caller's patience before the answer.
func TestPastGivesUpWithItsCaller(t *testing.T) {
	w := routertest.Start(t, oneRule("packing: {queue: {name: packing}}"))
	w.Send(t, routertest.Event{ID: "a"})
	w.Settled()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ref := range []router.EventRef{at(1), {ID: "a"}, {ID: "b"}} {
		if p, err := w.Router.Past(ended, ref); !errors.Is(err, context.Canceled) {
			t.Errorf("%+v, %v", p, err)
		}
	}
}
