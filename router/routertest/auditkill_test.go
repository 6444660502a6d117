package routertest_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/router/routertest"
)

// TestAuditOverKills kills Wye under load, also while the rules change, and asks
// for the account before and after. At last it balances with nothing pending but
// what waits for the target that is down, and so do the metrics.
func TestAuditOverKills(t *testing.T) {
	t.Parallel()
	well := routertest.NewReceiver(t, routertest.Well)
	down := routertest.NewReceiver(t, routertest.Always(500))
	picky := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
		return routertest.Reply{Status: 204 + 196*(int(a.ID[len(a.ID)-1]-'0')/5)} // half of them 400
	})
	rules := func(n int) string {
		return oneRule(to("well", well), to("picky", picky), to("down", down, "retry: {first: 50ms, max: 1s, attempts: 1000}")) +
			fmt.Sprintf("  r%d: {on: \"**\", when: \"event.id.endsWith('%d')\", to: well}\n", n, n%10) +
			"  none: {on: nothing.such, to: well}\n"
	}
	p := routertest.NewProcess(t, routertest.Build(t), rules(0), t.TempDir())
	p.Start()
	load := routertest.StartPublishers(p.Publisher, 8)
	defer load.Stop()
	kills := 4
	if routertest.Long() {
		kills = 40
	}
	for k := range kills {
		<-load.Next()
		<-time.After(100*time.Millisecond + rand.N(200*time.Millisecond))
		if got := p.Audit(); !got.Balanced {
			t.Fatalf("before kill %d: %+v", k, got)
		}
		balanced(t, p.Metrics())
		if p.Reload(rules(k + 1)); k%2 == 0 {
			<-load.Next()
		}
		p.Kill()
		p.Start()
		if got := p.Audit(); !got.Balanced {
			t.Fatalf("after kill %d: %+v", k, got)
		}
	}
	<-load.Next()
	load.Stop()
	p.Floored()
	routertest.Until(t, "only the target that is down has a backlog", func() bool {
		for _, s := range p.Targets() {
			if s.Name != "down" && s.Waiting+s.Active > 0 {
				return false
			}
		}
		return true
	}, func() any { return p.Targets() })
	got := p.Audit()
	acked, _, _ := load.Counts()
	if d := got.Deliveries; !got.Balanced || int(got.Events.Accepted) < acked || d.DeadLettered == 0 || d.UnderWay > got.Targets[0].Expected || d.Pending() != got.Targets[0].Expected || got.Targets[0].Name != "down" {
		t.Errorf("%+v", got)
	}
	balanced(t, p.Metrics())
	down.Answer(routertest.Well)
	p.Drained()
	if got := p.Audit(); !got.Balanced || got.Deliveries.Pending() > 0 {
		t.Errorf("%+v", got)
	}
	metrics := p.Metrics()
	balanced(t, metrics)
	for series, n := range metrics {
		if strings.HasPrefix(series, "wye_deliveries_pending") && n != 0 {
			t.Errorf("%s %v, and nothing waits or is under way", series, n)
		}
	}
	if n := metrics["wye_events_accepted_total"] + metrics["wye_events_found_total"] - metrics["wye_events_matched_total"] - metrics["wye_events_unmatched_total"]; n != 0 || metrics["wye_events_undecided"] != 0 {
		t.Errorf("%v events too many were accepted: %v", n, metrics)
	}
	t.Logf("%d kills; %+v, %+v, %d of other rules", kills, got.Events, got.Deliveries, got.Extra)
}

// balanced looks whether the metrics of each target come to their sum.
func balanced(t *testing.T, metrics map[string]float64) {
	t.Helper()
	for _, target := range []string{"well", "picky", "down"} {
		sum := metrics[fmt.Sprintf("wye_deliveries_pending{target=%q}", target)] + metrics[fmt.Sprintf("wye_deliveries_merged_total{target=%q}", target)]
		for _, how := range []string{"delivered", "dead_lettered", "expired", "dropped"} {
			sum += metrics[fmt.Sprintf("wye_deliveries_total{outcome=%q,target=%q}", how, target)]
		}
		if expected, ok := metrics[fmt.Sprintf("wye_deliveries_expected_total{target=%q}", target)]; !ok || sum != expected {
			t.Errorf("%v deliveries to %s are expected, and the rest comes to %v", expected, target, sum)
		}
	}
}
