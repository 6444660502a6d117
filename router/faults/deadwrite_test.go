package faults

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/routertest"
)

// TestDeadLettersThatCannotBeWritten takes the store of the dead letters away
// while deliveries end there: what they replace is not let go, other targets go
// on, and they are written when there is a store again, whether Wye makes it at
// its next start or somebody else does.
func TestDeadLettersThatCannotBeWritten(t *testing.T) {
	const events = 50
	for name, mend := range map[string]func(*routertest.Wye, func()){
		"until the store is back": func(_ *routertest.Wye, back func()) { back() },
		"until a restart":         func(w *routertest.Wye, _ func()) { w.Restart() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, js := servers(t)
			r, other := routertest.NewReceiver(t, routertest.Always(400)), routertest.NewReceiver(t, routertest.Well)
			w := routertest.Start(t, file(target("web", r.URL())+target("other", other.URL()), rule("all", "**", "web", "other")),
				routertest.Options{Bus: bus.Config{URL: url}, Grace: time.Second})
			back := remove(t, js, "WYE_DEAD")
			ids := w.SendMany(t, "e", events)
			r.UntilCame(events)
			other.UntilTaken(events)
			if s := w.Router.Status(); s.Floor > 0 {
				t.Errorf("no dead letter could be written, and the floor is at %d", s.Floor)
			}
			mend(w, back)
			letters := w.UntilDead("web", events)
			w.Settled()
			if taken := other.Taken(); len(taken) != len(ids) {
				t.Errorf("%d of %d events came to the other target", len(taken), len(ids))
			}
			for _, l := range letters {
				if l.Reason != router.ReasonPermanent || len(l.Attempts) == 0 {
					t.Errorf("dead letter %+v", l)
				}
			}
		})
	}
}

// servers are NATS servers that Wye did not start.
func servers(t *testing.T) (url string, js jetstream.JetStream) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(routertest.Patience) {
		t.Fatal("the NATS server did not start")
	}
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	return s.ClientURL(), js
}

// remove removes a stream; back makes it anew.
func remove(t *testing.T, js jetstream.JetStream, name string) (back func()) {
	t.Helper()
	s, err := js.Stream(t.Context(), name)
	if err == nil {
		err = js.DeleteStream(t.Context(), name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := js.CreateStream(t.Context(), s.CachedInfo().Config); err != nil {
			t.Fatal(err)
		}
	}
}
