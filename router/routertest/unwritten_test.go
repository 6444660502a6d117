package routertest_test

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/routertest"
)

// TestUnwrittenDeadLetters lets the store take no dead letters: they are tried
// until it does, counted meanwhile, and none is lost.
func TestUnwrittenDeadLetters(t *testing.T) {
	t.Parallel() // it mostly waits
	url := otherServer(t)
	r := routertest.NewReceiver(t, routertest.Always(400))
	w := routertest.Start(t, oneRule(to("web", r)), routertest.Options{Bus: bus.Config{URL: url}})
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := js.Stream(t.Context(), "WYE_DEAD")
	if err != nil {
		t.Fatal(err)
	}
	cfg := dead.CachedInfo().Config
	shut := cfg
	shut.MaxMsgs, shut.Discard = 1, jetstream.DiscardNew
	if _, err := js.UpdateStream(t.Context(), shut); err != nil {
		t.Fatal(err)
	}
	w.SendMany(t, "a", 3)
	routertest.Until(t, "two dead letters are not written", func() bool { return w.Router.UnwrittenDead()["web"] == 2 },
		func() any { return w.Router.UnwrittenDead() })
	if s := w.Router.Status(); s.Floor == s.Head {
		t.Errorf("settled without their dead letters: %+v", s)
	}
	if _, err := js.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	w.UntilDead("web", 3)
	w.Settled()
	if left := w.Router.UnwrittenDead(); len(left) != 0 {
		t.Errorf("%v are still counted", left)
	}
}
