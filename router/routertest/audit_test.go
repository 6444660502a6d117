package routertest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/routertest"
)

// audited is the account of a stretch, whose sums must hold in themselves.
func audited(t *testing.T, w *routertest.Wye, req router.AuditRequest) *router.AuditReport {
	t.Helper()
	got, err := w.Router.Audit(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if e := got.Events; e.Accepted != e.Unmatched+e.Matched+e.Unreadable+e.Undecided+e.Unknown || e.Accepted != got.To+1-got.From {
		t.Errorf("events %d to %d: %+v", got.From, got.To, e)
	}
	for _, rows := range [][]router.AuditRow{got.Rules, got.Targets} {
		var all router.AuditDeliveries
		for _, row := range rows {
			add(t, &all, row.AuditDeliveries)
		}
		if all != got.Deliveries {
			t.Errorf("the rows come to %+v, and all to %+v", all, got.Deliveries)
		}
	}
	if got.Balanced != (got.Broken == 0) {
		t.Errorf("%+v", got)
	}
	return got
}

func add(t *testing.T, to *router.AuditDeliveries, d router.AuditDeliveries) {
	t.Helper()
	if d.Expected != d.Delivered+d.DeadLettered+d.Expired+d.Dropped+d.Pending()+d.Unaccounted {
		t.Errorf("%+v", d)
	}
	to.Expected += d.Expected
	to.Delivered += d.Delivered
	to.DeadLettered += d.DeadLettered
	to.Expired += d.Expired
	to.Dropped += d.Dropped
	to.Waiting += d.Waiting
	to.UnderWay += d.UnderWay
	to.Unaccounted += d.Unaccounted
}

// TestAudit lets deliveries come to every end, in two rule sets and over a
// restart, and looks at the account.
func TestAudit(t *testing.T) { servers(t, auditAll) }

func auditAll(t *testing.T, on routertest.Options) {
	hang := make(chan struct{})
	well, refuses := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Always(400))
	fails := routertest.NewReceiver(t, routertest.Always(503))
	hangs := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: hang} })
	text := oneRule(to("well", well), to("refuses", refuses), to("fails", fails, seldom), to("hangs", hangs)) +
		"  broken: {on: \"**\", when: \"event.data.total > 'a'\", to: well, on_error: dead_letter}\n"
	w := routertest.Start(t, text, on)
	if got := audited(t, w, router.AuditRequest{}); !got.Balanced || got.Events.Accepted != 0 || got.From != 1 || got.To != 0 {
		t.Errorf("without an event: %+v", got)
	}
	w.Send(t, routertest.Event{ID: "a", Data: `{"total":1}`})
	hangs.UntilOpen(1) // decided by these rules
	w.Loaded(strings.ReplaceAll(text, `"**"`, "some.other"))
	w.Send(t, routertest.Event{ID: "b"})
	w.Until("fails", "has a backlog", func(s router.TargetStatus) bool { return s.Waiting == 1 })
	w.Until("refuses", "has a dead letter", func(s router.TargetStatus) bool { return s.Dead == 1 })
	w.Until("well", "has delivered and a dead letter", func(s router.TargetStatus) bool { return s.Delivered == 1 && s.Dead == 1 })
	check := func(when string, want router.AuditDeliveries) {
		t.Helper()
		got := audited(t, w, router.AuditRequest{})
		if got.Deliveries != want || !got.Balanced || len(got.Breaks) > 0 || got.Extra > 0 {
			t.Errorf("%s: %+v\nwant %+v", when, got, want)
		}
		if e := (router.AuditEvents{Accepted: 2, Unmatched: 1, Matched: 1}); got.Events != e {
			t.Errorf("%s: %+v, want %+v", when, got.Events, e)
		}
		if len(got.Rules) != 2 || len(got.Targets) != 4 || got.Targets[3].Name != "well" || got.Targets[3].Delivered != 1 || got.Targets[3].DeadLettered != 1 {
			t.Errorf("%s: %+v, %+v", when, got.Rules, got.Targets)
		}
	}
	w.Until("hangs", "is under way", func(s router.TargetStatus) bool { return s.Active == 1 })
	got := audited(t, w, router.AuditRequest{}).Deliveries
	if got.Waiting+got.UnderWay != 2 || got.UnderWay > 1 || got.Delivered != 1 || got.DeadLettered != 2 {
		t.Errorf("%+v", got)
	}
	close(hang)
	w.Until("hangs", "has delivered", func(s router.TargetStatus) bool { return s.Delivered == 1 })
	ended := router.AuditDeliveries{Expected: 5, Delivered: 2, DeadLettered: 2, Waiting: 1}
	check("when all has ended that can", ended)
	w.Restart()
	check("after a restart", ended)
}

// TestAuditWindow asks for parts of the archive.
func TestAuditWindow(t *testing.T) {
	on := routertest.Options{Bus: bus.Config{URL: otherServer(t)}}
	w := routertest.Start(t, oneRule("packing: {queue: {name: packing}}"), on)
	w.SendMany(t, "a", 10)
	w.Settled()
	middle := time.Now()
	w.SendMany(t, "b", 5)
	w.Settled()
	none := router.AuditBound{}
	for _, c := range []struct {
		from, to    router.AuditBound
		first, last uint64
	}{
		{none, none, 1, 15},
		{router.AuditBound{Sequence: 3}, router.AuditBound{Sequence: 4}, 3, 4},
		{router.AuditBound{Time: middle}, none, 11, 15},
		{none, router.AuditBound{Time: middle}, 1, 10},
		{router.AuditBound{Time: middle}, router.AuditBound{Sequence: 12}, 11, 12},
		{router.AuditBound{Sequence: 14}, router.AuditBound{Sequence: 99}, 14, 15},
		{router.AuditBound{Time: time.Now().Add(time.Hour)}, none, 16, 15},
	} {
		got := audited(t, w, router.AuditRequest{From: c.from, To: c.to})
		if got.From != c.first || got.To != c.last || !got.Balanced || got.Deliveries.Delivered != c.last+1-c.first {
			t.Errorf("%+v to %+v: %+v", c.from, c.to, got)
		}
	}
	purge(t, on.Bus.URL, "WYE_EVENTS", jetstream.WithPurgeSequence(4))
	if got := audited(t, w, router.AuditRequest{From: router.AuditBound{Sequence: 2}}); got.From != 4 || !got.Balanced || len(got.Notes) != 1 {
		t.Errorf("%+v", got)
	}
	if got, err := w.Router.Audit(t.Context(), router.AuditRequest{From: router.AuditBound{Sequence: 9}, To: router.AuditBound{Sequence: 8}}); err == nil || !strings.Contains(err.Error(), "ends before it begins") {
		t.Errorf("%+v, %v", got, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := w.Router.Audit(ended, router.AuditRequest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestAuditNamesWhatIsMissing takes away what was written down: the audit names
// the events.
func TestAuditNamesWhatIsMissing(t *testing.T) {
	on := routertest.Options{Bus: bus.Config{URL: otherServer(t)}}
	r := routertest.NewReceiver(t, routertest.Always(400))
	w := routertest.Start(t, oneRule("packing: {queue: {name: packing}}", to("web", r)), on)
	w.Send(t, routertest.Event{ID: "a"})
	w.UntilDead("web", 1)
	broken := func(want ...string) {
		t.Helper()
		got := audited(t, w, router.AuditRequest{})
		var said []string
		for _, b := range got.Breaks {
			said = append(said, fmt.Sprintf("%d %s %s %s %s: %s", b.Sequence, b.ID, b.Source, b.Rule, b.Target, b.Why))
		}
		if strings.Join(said, "\n") != strings.Join(want, "\n") || int(got.Broken) != len(want) {
			t.Errorf("%q\nwant %q", said, want)
		}
	}
	broken()
	purge(t, on.Bus.URL, "WYE_DEAD")
	const letter = "1 a /routertest all web: its dead letter 1 is not there, and was neither redriven nor discarded"
	broken(letter)
	outcomes, err := store(t, on.Bus.URL).Stream(t.Context(), "WYE_OUTCOMES")
	if err != nil {
		t.Fatal(err)
	}
	before := outcomes.CachedInfo().State.LastSeq
	w.Send(t, routertest.Event{ID: "b"})
	w.UntilDead("web", 1)
	broken(letter)
	purge(t, on.Bus.URL, "WYE_OUTCOMES", jetstream.WithPurgeSequence(before+1))
	const nothing = "nothing is written down of it, and it does not wait"
	broken("1 a /routertest all packing: "+nothing, "1 a /routertest all web: "+nothing)
	purge(t, on.Bus.URL, "WYE_STATE", jetstream.WithPurgeSubject("wye.state.decided.*"))
	w.Restart()
	const unknown = " /routertest  : which rule set decided it is not known"
	broken("1 a"+unknown, "2 b"+unknown)
}

// TestAuditUnderLoad audits again and again while events come, are delivered,
// fail, wait and die, and the rules change: at every moment the account balances.
func TestAuditUnderLoad(t *testing.T) {
	well := routertest.NewReceiver(t, routertest.Well)
	flaky := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
		return routertest.Reply{Status: []int{204, 503, 400, 204}[a.ID[len(a.ID)-1]%4]}
	})
	text := oneRule(to("well", well), to("flaky", flaky, "retry: {first: 1ms, max: 20ms, attempts: 5}"))
	w := routertest.Start(t, text)
	load := routertest.StartPublishers(w.Publisher, 8)
	audits := 0
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); audits++ {
		<-load.Next()
		if audits%3 == 2 {
			w.Loaded(text + fmt.Sprintf("  r%d: {on: \"**\", when: \"event.id.endsWith('%d')\", to: well}\n", audits, audits%10))
		}
		if got := audited(t, w, router.AuditRequest{}); !got.Balanced {
			t.Fatalf("audit %d: %+v", audits, got)
		}
	}
	load.Stop()
	flaky.Answer(routertest.Always(400))
	w.Settled()
	got := audited(t, w, router.AuditRequest{})
	if d := got.Deliveries; !got.Balanced || d.Pending() > 0 || d.Delivered == 0 || d.DeadLettered == 0 || int(d.DeadLettered) != len(w.Dead("")) {
		t.Errorf("%+v", got)
	}
	t.Logf("%d audits; at last %+v, %+v", audits, got.Events, got.Deliveries)
}
