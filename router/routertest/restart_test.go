package routertest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/routertest"
)

// TestRestartWithABacklog restarts while a target is down: its backlog goes out
// as soon as it is up, without waiting for what the earlier run had handed out.
func TestRestartWithABacklog(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	r.Down()
	w := routertest.Start(t, oneRule(to("web", r, "retry: {first: 10ms, max: 100ms, attempts: 1000}")))
	ids := w.SendMany(t, "e", 300)
	w.Floored()
	w.Restart()
	if s := w.Target("web"); s.Waiting == 0 {
		t.Errorf("after the restart nothing waits: %+v", s)
	}
	r.Up()
	began := time.Now()
	r.UntilTaken(300)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the backlog took %s after the restart", took)
	}
	w.Settled()
	r.Once(ids...)
}

// TestRestartWithoutTheTarget takes a target out of the rules while Wye is down.
func TestRestartWithoutTheTarget(t *testing.T) {
	r, other := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	r.Down()
	w := routertest.Start(t, oneRule(to("web", r, seldom)))
	w.SendMany(t, "e", 20)
	w.Floored()
	w.Stop(time.Second)
	w.WriteRules(oneRule(to("other", other)))
	w.Start()
	for _, letter := range w.UntilDead("web", 20) {
		if letter.Reason != router.ReasonOrphaned {
			t.Errorf("%+v", letter)
		}
	}
	w.Settled()
	w.Until("web", "is forgotten", func(s router.TargetStatus) bool { return s.Name == "" })
}

// TestStopWhileDeliveriesHang cuts what hangs short: it is delivered after the
// restart.
func TestStopWhileDeliveriesHang(t *testing.T) {
	for name, settle := range map[string]bool{"at once": false, "when they are in the backlog": true} {
		t.Run(name, func(t *testing.T) {
			hung := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply {
				return routertest.Reply{After: make(chan struct{})}
			})
			w := routertest.Start(t, oneRule(to("hung", hung, "concurrency: 4")))
			ids := w.SendMany(t, "e", 50)
			hung.UntilOpen(4)
			if settle {
				w.Floored()
			}
			const grace = 100 * time.Millisecond
			began := time.Now()
			w.Stop(grace)
			if took := time.Since(began); took > grace+5*time.Second {
				t.Errorf("the stop took %s", took)
			}
			hung.Answer(routertest.Well)
			w.Start()
			hung.UntilTaken(50)
			w.Settled()
			hung.Once(ids...)
		})
	}
}

// TestGracefulStop stops in the middle of a load, several times: nothing is
// lost, and no well target gets anything twice.
func TestGracefulStop(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r), "packing: {queue: {name: packing}}"))
	var ids []string
	for round := range 5 {
		ids = append(ids, w.SendMany(t, fmt.Sprint("r", round, "-"), 300)...)
		w.Restart()
	}
	r.UntilTaken(len(ids))
	w.Settled()
	r.Once(ids...)
}

// TestGracefulStopAmongRefusals stops while dead letters and retries are on
// their way to the store: each event is a dead letter, once.
func TestGracefulStopAmongRefusals(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(400))
	w := routertest.Start(t, oneRule(to("web", r)))
	for round := range 5 {
		w.SendMany(t, fmt.Sprint("r", round, "-"), 100)
		w.Restart()
	}
	w.Settled()
	w.UntilDead("web", 500)
}

// TestGracefulStopAmongRetries stops while retries are on their way into the
// backlog: nothing is lost, nothing is taken twice.
func TestGracefulStopAmongRetries(t *testing.T) {
	t.Parallel() // it mostly waits
	r := routertest.NewReceiver(t, firstTime(routertest.Reply{Status: 500}))
	w := routertest.Start(t, oneRule(to("web", r, "retry: {first: 1ms, max: 10ms, attempts: 1000}")))
	var ids []string
	for round := range 5 {
		ids = append(ids, w.SendMany(t, fmt.Sprint("r", round, "-"), 100)...)
		w.Restart()
	}
	r.UntilTaken(len(ids))
	w.Settled()
	r.Once(ids...)
}

// TestRefusedWhileStopping lets deliveries end with refusals after the stop has
// begun: the dead letters are on their way to the store when the last worker is
// done.
func TestRefusedWhileStopping(t *testing.T) {
	for _, status := range []int{400, 500} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			refusedWhileStopping(t, status)
		})
	}
}

func refusedWhileStopping(t *testing.T, status int) {
	const events = 20
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r, "retry: {first: 1ms, max: 10ms}")), withNATS())
	var ids []string
	for round := range 5 {
		end := make(chan struct{})
		r.Answer(firstTime(routertest.Reply{After: end, Status: status}))
		ids = append(ids, w.SendMany(t, fmt.Sprint("r", round, "-"), events)...)
		r.UntilOpen(events)
		nc := guest(t, w)
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			w.Router.Stop(t.Context())
		}()
		routertest.Until(t, "the stop has begun", func() bool {
			_, err := nc.Request("wye.in", nil, routertest.Patience)
			return errors.Is(err, nats.ErrNoResponders)
		}, func() any { return "it still takes events" })
		close(end)
		<-stopped
		w.Restart()
	}
	w.Settled()
	if status == 400 {
		w.UntilDead("web", len(ids))
		return
	}
	r.UntilTaken(len(ids))
	w.Settled()
	r.Once(ids...)
}

// TestStopComesTwiceAndEarly stops a router that has done nothing, twice.
func TestStopComesTwiceAndEarly(t *testing.T) {
	w := routertest.Start(t, oneRule("packing: {queue: {name: packing}}"))
	w.Router.Stop(t.Context())
	w.Router.Stop(t.Context())
	w.Bus.Close()
	w.Bus.Close()
}

// TestLongRefusesWhenFarBehind finds more accepted events in the archive than may
// wait: publishers are told to come back.
func TestLongRefusesWhenFarBehind(t *testing.T) {
	if !routertest.Long() {
		t.Skip("stores 500,000 events; set WYE_LONG=1")
	}
	dir := t.TempDir()
	b, err := bus.Open(t.Context(), bus.Config{Dir: dir, Sync: bus.SyncRelaxed})
	if err != nil {
		t.Fatal(err)
	}
	const events = 510_000
	open := make(chan struct{}, 1024) // appends without an answer yet
	for range events {
		open <- struct{}{}
		b.AppendAsync(bus.Message{
			Header: map[string][]string{"ce-specversion": {"1.0"}, "ce-id": {"x"}, "ce-source": {"/s"}, "ce-type": {"t"}},
		}, func(_ bus.Receipt, err error) {
			if err != nil {
				t.Error(err)
			}
			<-open
		})
	}
	for range cap(open) {
		open <- struct{}{}
	}
	b.Close()
	w := routertest.Start(t, strings.Replace(oneRule("packing: {queue: {name: packing}}"), `"**"`, "no.such", 1), routertest.Options{Dir: dir})
	status, _, err := w.Post(t.Context(), routertest.Event{ID: "a"})
	if err != nil || status != 503 {
		t.Errorf("far behind, and answered %d, %v", status, err)
	}
	routertest.Until(t, "it takes events again", func() bool {
		status, _, err = w.Post(t.Context(), routertest.Event{ID: "a"})
		return status == 202
	}, func() any { return []any{status, err, w.Router.Status()} })
}
