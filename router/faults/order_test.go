package faults

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/wye-events/wye/router/routertest"
)

// TestOrder publishes events of many keys to three ordered targets, one for each
// thing to do about an event that is refused, which fail at random, while rules
// are reloaded and the process is stopped and killed: the events of each key
// come in order.
func TestOrder(t *testing.T) {
	o := newOrdering(t, binary(t), 500)
	load := o.load(20_000)
	for _, disturb := range []func(){o.reload, o.kill, o.reload, o.restart, o.kill} {
		load.await(load.accepted() + 2500)
		disturb()
	}
	<-load.done
	o.account(load)
}

// TestLongOrder does so for as long as ten minutes.
func TestLongOrder(t *testing.T) {
	if !routertest.Long() {
		t.Skip("takes ten minutes; set WYE_LONG=1")
	}
	o := newOrdering(t, plain(t), 5000)
	load := o.load(0)
	disturbances := []func(){o.reload, o.restart, o.kill}
	for end := time.Now().Add(9 * time.Minute); time.Now().Before(end); {
		<-time.After(rand.N(6 * time.Second))
		disturbances[rand.N(len(disturbances))]()
	}
	load.stop()
	<-load.done
	o.account(load)
}

// ordering is a Wye with three ordered targets.
type ordering struct {
	t      *testing.T
	p      *routertest.Process
	keys   int
	takers []*taker

	reloads, restarts, kills int
}

func newOrdering(t *testing.T, binary string, keys int) *ordering {
	o := &ordering{t: t, keys: keys}
	for _, policy := range policies {
		o.takers = append(o.takers, newTaker(t, policy))
	}
	o.p = routertest.NewProcess(t, binary, o.rules(), t.TempDir())
	o.p.Start()
	return o
}

// rules differ a little from reload to reload, so that every target is built anew.
func (o *ordering) rules() string {
	to, rules := "", ""
	for _, k := range o.takers {
		rules += rule("all-"+k.policy, "com.example."+k.policy, k.policy)
		to += target(k.policy, k.r.URL(),
			fmt.Sprintf("order: {by: event.subject, on_poison: %s}", k.policy),
			"retry: {attempts: 1000, first: 5ms, max: 100ms}",
			"breaker: {first: 20ms, max: 100ms}",
			fmt.Sprint("concurrency: ", 32+o.reloads%8))
	}
	return file(to, rules)
}

func (o *ordering) reload() {
	o.reloads++
	o.p.Reload(o.rules())
}

func (o *ordering) restart() {
	o.restarts++
	o.p.Stop()
	o.p.Start()
}

func (o *ordering) kill() {
	o.kills++
	o.p.Kill()
	o.p.Start()
}

func (o *ordering) load(most int) *keyed {
	return startKeyed(o.t, o.p.Publisher, o.keys, most)
}

// account waits until all is through and looks at what each target got.
func (o *ordering) account(load *keyed) {
	o.t.Helper()
	o.p.Drained()
	o.p.Ended()
	o.t.Logf("%d events of %d keys in %s, %d reloads, %d restarts, %d kills",
		load.accepted(), o.keys, load.took.Round(time.Second), o.reloads, o.restarts, o.kills)
	for _, k := range o.takers {
		poison := k.account(load)
		dead := len(o.p.Dead(k.policy))
		if want := map[string]int{"park": poison}[k.policy]; dead != want {
			o.t.Errorf("%s: %d dead letters, want %d", k.policy, dead, want)
		}
		o.t.Logf("%-5s %s, %d refused events, %d dead letters", k.policy, k, poison, dead)
	}
}

// TestAKeyInTroubleHoldsUpNobody lets one event of one key fail for a long time:
// what is behind it waits, and all other keys go on.
func TestAKeyInTroubleHoldsUpNobody(t *testing.T) {
	for name, c := range map[string]struct{ status int }{"refused and blocking": {400}, "failing": {500}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const keys, each = 50, 3 * burst
			r := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
				if a.ID == "k7-5" {
					return routertest.Reply{Status: c.status}
				}
				return routertest.Reply{}
			})
			w := routertest.Start(t, file(target("web", r.URL(), "order: {by: event.subject, on_poison: block}",
				"retry: {attempts: 1000, first: 50ms, max: 100ms}", "breaker: {first: 20ms, max: 100ms}"), rule("all", "**", "web")))
			load := startKeyed(t, w.Publisher, keys, keys*each)
			<-load.done
			r.UntilTaken((keys-1)*each + 5)
			taken := r.Taken()
			for i := 5; i < each; i++ {
				if id := fmt.Sprint("k7-", i); taken[id] > 0 {
					t.Errorf("%s came before k7-5 was taken", id)
				}
			}
			r.Answer(routertest.Well)
			r.UntilTaken(keys * each)
			w.Settled()
			w.UntilDead("web", 0)
		})
	}
}
