package faults

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

const mostHops = 16

// TestLoops lets what a target gets come back as a new event: through a service
// that publishes what it takes, and through one that publishes it to another
// Wye, which does the same. Each loop ends after 16 hops in a dead letter, and
// other events and targets notice nothing.
func TestLoops(t *testing.T) {
	for name, routers := range map[string]int{"through its own target": 1, "through a ring of two": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const events = 5
			ring := newRing(t, routers)
			first := ring.members[0]
			var ids []string
			for range events {
				ids = append(ids, first.p.SendMany(t, "well"+strconv.Itoa(len(ids)), 20)...)
				ring.start()
			}
			letters := ring.untilDead(events)
			hops := 0
			for _, m := range ring.members {
				m.p.Drained()
				hops += int(m.hops.Load())
			}
			if hops != events*mostHops {
				t.Errorf("%d hops of %d events; expected %d each", hops, events, mostHops)
			}
			for _, l := range letters {
				if l.Reason != router.ReasonLoop || l.Target != "again" || l.Tried != 0 {
					t.Errorf("dead letter %+v", l)
				}
			}
			first.well.UntilTaken(len(ids))
			first.well.Once(ids...)
		})
	}
}

// TestOwnIngest lets a rule send events to Wye's own ingest: an event that comes
// back as it is is known, and there the loop ends.
func TestOwnIngest(t *testing.T) {
	t.Parallel()
	well := routertest.NewReceiver(t, routertest.Well)
	p := routertest.NewProcess(t, binary(t), file(target("well", well.URL()), rule("all", "**", "well")), t.TempDir())
	p.Start()
	p.Reload(file(target("well", well.URL())+target("itself", "http://"+p.Address()+"/events"), rule("all", "**", "well", "itself")))
	ids := p.SendMany(t, "e", 50)
	p.Drained()
	well.Once(ids...)
	if s := p.Target("itself"); s.Delivered != uint64(len(ids)) {
		t.Errorf("%+v", s)
	}
}

// ring is some Wyes, each of which sends events of one type through a service to
// the next.
type ring struct {
	t       *testing.T
	members []*member
	started int
}

// member is a Wye and the service that publishes to the next one.
type member struct {
	p       *routertest.Process
	service *routertest.Receiver
	well    *routertest.Receiver
	hops    atomic.Int64
}

func newRing(t *testing.T, n int) *ring {
	r := &ring{t: t}
	for range n {
		m := &member{well: routertest.NewReceiver(t, routertest.Well), service: routertest.NewReceiver(t, routertest.Well)}
		m.p = routertest.NewProcess(t, binary(t), file(target("again", m.service.URL(), quickly)+target("well", m.well.URL()),
			rule("loop", "com.example.loop", "again")+rule("rest", "com.example.test", "well")), t.TempDir())
		m.p.Start()
		r.members = append(r.members, m)
	}
	for i, m := range r.members {
		next := r.members[(i+1)%n]
		m.service.Answer(func(a routertest.Arrival) routertest.Reply { return m.pass(t, next, a) })
	}
	return r
}

// pass publishes what arrived to the next Wye as an event of its own, as a
// service does that knows of its predecessor only to carry its extensions on.
func (m *member) pass(t *testing.T, next *member, a routertest.Arrival) routertest.Reply {
	m.hops.Add(1)
	ev := routertest.Event{ID: a.ID + "'", Type: a.Header.Get("Ce-Type"), Attributes: map[string]string{}}
	for name := range a.Header {
		if ext, ok := strings.CutPrefix(name, "Ce-"); ok && strings.HasPrefix(ext, "Wye") {
			ev.Attributes[strings.ToLower(ext)] = a.Header.Get(name)
		}
	}
	status, _, err := next.p.Post(t.Context(), ev)
	if err != nil || status != http.StatusAccepted {
		return routertest.Reply{Status: http.StatusBadGateway}
	}
	return routertest.Reply{}
}

func (r *ring) start() {
	r.t.Helper()
	r.started++
	r.members[0].p.Send(r.t, routertest.Event{ID: "loop" + strconv.Itoa(r.started), Type: "com.example.loop"})
}

func (r *ring) untilDead(n int) (letters []router.DeadLetter) {
	r.t.Helper()
	routertest.Until(r.t, "the loops end", func() bool {
		letters = nil
		for _, m := range r.members {
			letters = append(letters, m.p.Dead("")...)
		}
		return len(letters) >= n
	}, func() any { return letters })
	return letters
}
