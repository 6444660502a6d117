package routertest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// TestOperationsOverKills kills Wye in the middle of a redrive and of a replay:
// each goes on by itself, from where it was, and nothing that was selected is
// left out.
func TestOperationsOverKills(t *testing.T) {
	t.Parallel()
	const events = 400
	r, well := routertest.NewReceiver(t, routertest.Always(400)), routertest.NewReceiver(t, routertest.Well)
	rules := strings.Replace(oneRule(to("web", r), to("next", well)), "to: [web, next]", "to: [web]", 1) +
		"  copied: {on: \"**\", to: next}\n"
	p := routertest.NewProcess(t, routertest.Build(t), rules, t.TempDir())
	p.Start()
	var ids []string
	for _, type_ := range []string{"kept", "gone"} {
		for i := range events / 2 {
			id := fmt.Sprint(type_, i)
			p.Send(t, routertest.Event{ID: id, Type: "com.example." + type_})
			ids = append(ids, id)
		}
	}
	p.Drained()
	r.Answer(routertest.Well)
	redriven := p.Order("/api/v1/dead/redrive", map[string]any{"where": `event.type == "com.example.gone"`, "rate": 150})
	replayed := p.Order("/api/v1/replay", map[string]any{"from": "1", "rule": "copied", "rate": 300})
	for kill := range 3 {
		r.UntilCame(events + 30*(kill+1))
		p.Kill()
		p.Start()
	}
	for _, id := range []string{redriven.ID, replayed.ID} {
		routertest.Until(t, "the operation ends", func() bool { return p.Operation(id).State == router.OperationDone },
			func() any { return p.Operation(id) })
		t.Logf("%+v", p.Operation(id))
	}
	p.Drained()
	taken := r.Taken()
	for i := range events / 2 {
		if id := fmt.Sprint("gone", i); taken[id] == 0 {
			t.Errorf("%s was not redriven", id)
		}
		if id := fmt.Sprint("kept", i); taken[id] != 0 {
			t.Errorf("%s was redriven", id)
		}
	}
	if n := p.DeadCount(); n != events/2 {
		t.Errorf("%d dead letters are left, want %d", n, events/2)
	}
	for _, a := range well.Arrivals()[events:] {
		if a.Header.Get("Wye-Replay") != replayed.ID && !strings.Contains(a.DeliveryID, "/next") {
			t.Errorf("%s came as %s", a.ID, a.DeliveryID)
		}
	}
	got := p.Audit()
	if d := got.Deliveries; !got.Balanced || d.DeadLettered != events/2 || d.Delivered != events/2+events || got.Replayed.Ended < events {
		t.Errorf("the account: %+v, replayed %+v, %d breaks: %+v", d, got.Replayed, got.Broken, got.Breaks)
	}
	again := well.Taken()
	for _, id := range ids {
		if again[id] < 2 {
			t.Errorf("%s was taken %d times, want once more by the replay", id, again[id])
		}
	}
	t.Logf("%d of %d redriven deliveries were repeated, %d of %d replayed ones", len(r.Arrivals())-events-events/2, events/2, len(well.Arrivals())-2*events, events)
}
