package routertest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/routertest"
)

func TestOneEventToThreeKinds(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r), "packing: {queue: {name: packing}}", "audit: {stream: {subject: audit.all}}"))
	receipt := w.Send(t, routertest.Event{ID: "a", Type: "com.example.order", Data: `{"total":7}`})
	if receipt.Sequence != 1 || receipt.Duplicate || receipt.ID != "a" || receipt.Source != "/routertest" || receipt.Durability != "" {
		t.Errorf("receipt %+v", receipt)
	}
	r.UntilTaken(1)
	w.Settled()
	r.Once("a")
	got := r.Arrivals()[0]
	if got.DeliveryID != "1/all/web" || got.Attempt != 1 || string(got.Body) != `{"total":7}` || got.Header.Get("Ce-Type") != "com.example.order" {
		t.Errorf("arrived: %+v", got)
	}
	for _, name := range []string{"web", "packing", "audit"} {
		if s := w.Target(name); s.Delivered != 1 || s.State != "straight" {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestUnmatchedIsAcceptedAndSettled(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, strings.Replace(oneRule(to("web", r)), `"**"`, "com.example.order", 1))
	w.Send(t, routertest.Event{ID: "other", Type: "com.example.other"})
	w.Send(t, routertest.Event{ID: "order", Type: "com.example.order"})
	r.UntilTaken(1)
	w.Settled()
	r.Once("order")
	if s := w.Router.Status(); s.Unmatched != 1 || s.Accepted != 2 {
		t.Errorf("status %+v", s)
	}
}

func TestDuplicatesAreDeliveredOnce(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)))
	first := w.Send(t, routertest.Event{ID: "a"})
	again := func(when string) {
		t.Helper()
		got := w.Send(t, routertest.Event{ID: "a"})
		if !got.Duplicate || got.Sequence != first.Sequence {
			t.Errorf("%s: %+v, want a duplicate of %+v", when, got, first)
		}
	}
	again("at once")
	w.Settled()
	again("when it was delivered")
	if other := w.Send(t, routertest.Event{ID: "a", Source: "/elsewhere"}); other.Duplicate {
		t.Error("the same id of another source was taken for a duplicate")
	}
	w.Settled()
	w.Restart()
	again("after a restart")
	w.Send(t, routertest.Event{ID: "b"})
	r.Until("b is taken", func(taken, _, _ int) bool { return taken == 2 })
	w.Settled()
	if taken := r.Taken(); taken["a"] != 2 || taken["b"] != 1 { // a of two sources
		t.Errorf("taken %v", taken)
	}
}

func TestRetryThenSuccess(t *testing.T) {
	r := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
		if a.Nth <= 2 {
			return routertest.Reply{Status: 503}
		}
		return routertest.Reply{}
	})
	w := routertest.Start(t, oneRule(to("web", r, quickly)))
	w.Send(t, routertest.Event{ID: "a"})
	r.UntilTaken(1)
	w.Settled()
	r.Once("a")
	for i, a := range r.Arrivals() {
		if a.Attempt != i+1 || a.DeliveryID != "1/all/web" {
			t.Errorf("request %d is attempt %d of %s", i+1, a.Attempt, a.DeliveryID)
		}
	}
	if s := w.Target("web"); s.Delivered != 1 || s.Retried != 2 || s.Dead != 0 {
		t.Errorf("%+v", s)
	}
}

func TestPolicySpentIsADeadLetter(t *testing.T) {
	r := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
		return routertest.Reply{Status: 500 + a.Nth, Body: fmt.Sprint("no, for the ", a.Nth, ". time")}
	})
	r.Answer(func(a routertest.Arrival) routertest.Reply {
		return routertest.Reply{Status: 502 + a.Nth%2, Body: fmt.Sprint("no ", a.Nth)}
	})
	w := routertest.Start(t, oneRule(to("web", r, "retry: {first: 1ms, max: 1ms, attempts: 3}")))
	w.Send(t, routertest.Event{ID: "a", Type: "com.example.order", Data: `{"total":7}`})
	letter := w.UntilDead("web", 1)[0]
	w.Settled()
	if letter.Reason != router.ReasonAttempts || letter.Tried != 3 || len(letter.Attempts) != 3 ||
		letter.Rule != "all" || letter.Target != "web" || letter.Sequence != 1 || letter.Version != w.Router.Rules().Version ||
		letter.EventID != "a" || letter.EventType != "com.example.order" || letter.EventSource != "/routertest" {
		t.Fatalf("%+v", letter)
	}
	for i, a := range letter.Attempts {
		if a.Status != 502+(i+1)%2 || a.Excerpt != fmt.Sprint("no ", i+1) || a.At.IsZero() || a.Took <= 0 || a.Error == "" {
			t.Errorf("attempt %d: %+v", i+1, a)
		}
	}
	whole, ok, err := w.Router.DeadLetter(t.Context(), letter.Number)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	var ev struct {
		ID   string          `json:"id"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(whole.Event, &ev); err != nil || ev.ID != "a" || string(ev.Data) != `{"total":7}` {
		t.Errorf("the letter's event: %s, %v", whole.Event, err)
	}
	if n := w.Backlog("web"); n != 0 {
		t.Errorf("%d entries are left in the backlog", n)
	}
}

func TestPermanentIsADeadLetterAtOnce(t *testing.T) {
	for _, status := range []int{400, 401, 403, 413, 415, 301, 501} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			r := routertest.NewReceiver(t, routertest.Always(status))
			w := routertest.Start(t, oneRule(to("web", r, seldom)))
			w.Send(t, routertest.Event{ID: "a"})
			letter := w.UntilDead("web", 1)[0]
			if letter.Reason != router.ReasonPermanent || letter.Tried != 1 || letter.Attempts[0].Status != status {
				t.Errorf("%+v", letter)
			}
			w.Settled()
			if n := len(r.Arrivals()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestNotFoundIsTriedBriefly(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(404))
	w := routertest.Start(t, oneRule(to("web", r, quickly)))
	w.Send(t, routertest.Event{ID: "a"})
	letter := w.UntilDead("web", 1)[0]
	if letter.Reason != router.ReasonAttempts || letter.Tried != 5 {
		t.Errorf("%+v", letter)
	}
}

func TestGivesUpByAge(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(500))
	w := routertest.Start(t, oneRule(to("web", r, "retry: {first: 20ms, max: 20ms, attempts: 1000, give_up: 200ms}")))
	w.Send(t, routertest.Event{ID: "a"})
	letter := w.UntilDead("web", 1)[0]
	if letter.Reason != router.ReasonExpired || letter.Tried < 2 {
		t.Errorf("%+v", letter)
	}
}

func TestConditionFails(t *testing.T) {
	well, letters := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	rule := func(name, onError, target string) string {
		return fmt.Sprintf("  %s: {on: \"**\", when: \"event.data.total > 100\", on_error: %s, to: %s}\n", name, onError, target)
	}
	text := "version: 1\ntargets:\n  " + to("skipped", letters) + "\n  " + to("matched", well) + "\n  " + to("buried", letters) + "\nrules:\n" +
		rule("a-skip", "skip", "skipped") + rule("b-match", "match", "matched") + rule("c-dead", "dead_letter", "buried")
	w := routertest.Start(t, text)
	w.Send(t, routertest.Event{ID: "wrong", Data: `{"total":"many"}`})
	w.Send(t, routertest.Event{ID: "missing", Data: `{}`})
	letter := w.UntilDead("", 1)[0]
	if letter.Reason != router.ReasonRuleError || letter.Rule != "c-dead" || letter.Target != "buried" || letter.EventID != "wrong" || letter.Error == "" || letter.Tried != 0 {
		t.Errorf("%+v", letter)
	}
	well.UntilTaken(1)
	w.Settled()
	well.Once("wrong")
	letters.Once()
}

func TestRelaxedReceiptsSaySo(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)), routertest.Options{Bus: bus.Config{Sync: bus.SyncRelaxed}})
	if receipt := w.Send(t, routertest.Event{ID: "a"}); receipt.Durability != "memory" {
		t.Errorf("receipt %+v", receipt)
	}
	if s := w.Router.Status(); s.Durability != "relaxed" {
		t.Errorf("status %+v", s)
	}
	r.UntilTaken(1)
}

// TestLargeEventIsReadBack makes an event larger than the part of the archive
// that is read at once wait for a restart.
func TestLargeEventIsReadBack(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	hang := make(chan struct{})
	r.Answer(func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: hang} })
	w := routertest.Start(t, oneRule(to("web", r)), routertest.Options{MaxEvent: 8 << 20})
	large := `"` + strings.Repeat("x", 6<<20) + `"`
	for i := range 3 {
		w.Send(t, routertest.Event{ID: fmt.Sprint(i), Data: large})
	}
	r.UntilCame(3)
	w.Stop(time.Millisecond)
	r.Answer(routertest.Well)
	close(hang)
	w.Start()
	r.UntilTaken(3)
	w.Settled()
	if got := slices.MaxFunc(r.Arrivals(), func(a, b routertest.Arrival) int { return a.At.Compare(b.At) }); len(got.Body) != len(large) {
		t.Errorf("%d bytes arrived of %d", len(got.Body), len(large))
	}
}

// TestLongAnswersFitTheLetter lets a receiver refuse an event of the largest
// size many times with answers that grow when they are written down.
func TestLongAnswersFitTheLetter(t *testing.T) {
	t.Parallel() // it mostly waits
	r := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply {
		return routertest.Reply{Status: http.StatusInternalServerError, Body: strings.Repeat("<", 600)}
	})
	w := routertest.Start(t, oneRule(to("web", r, "retry: {first: 1ms, max: 1ms, attempts: 60}"), to("next", routertest.NewReceiver(t, routertest.Well))))
	w.Send(t, routertest.Event{ID: "large", Data: `"` + strings.Repeat("x", 1<<20-2) + `"`})
	w.UntilDead("web", 1)
	w.Settled()
}
