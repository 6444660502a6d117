package deliverybench

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/wire"
	"github.com/wye-events/wye/router/routertest"
)

func TestTheLedgerCountsArrivals(t *testing.T) {
	l := newLedger(2)
	l.allow(1)
	<-l.credits
	now := time.Now()
	id := []byte(wire.ID(7, now.Add(-time.Minute).UnixNano()))
	l.accept(7)
	l.arrive(id, now.Add(time.Second))
	if l.whole.Load() != 0 || len(l.credits) != 0 {
		t.Error("one of two arrivals is taken for both")
	}
	l.arrive(id, now.Add(time.Second))
	l.arrive(id, now.Add(time.Second))
	if l.whole.Load() != 1 || l.repeated.Load() != 1 || len(l.credits) != 1 {
		t.Errorf("%d whole, %d repeated, %d credits; want one of each", l.whole.Load(), l.repeated.Load(), len(l.credits))
	}
	seen := l.look()
	if n, p50 := seen.latency.Total(), *ms(seen.latency, 0.5); n != 2 || p50 < 900 || p50 > 1010 {
		t.Errorf("%d latencies since accepted, p50 %v ms; want 2 of a second", n, p50)
	}
	if p50 := *ms(seen.sent, 0.5); p50 < 60_000 {
		t.Errorf("p50 since sent is %v ms, want more than a minute", p50)
	}
}

func TestAnArrivalBeforeTheAnswerTookNoTime(t *testing.T) {
	l := newLedger(1)
	l.arrive([]byte(wire.ID(1, 0)), time.Now())
	l.accept(1)
	if seen := l.look(); *ms(seen.latency, 1) != 0 || seen.done != 1 {
		t.Errorf("%+v", seen)
	}
}

func TestIDsThatAreNotOurs(t *testing.T) {
	l := newLedger(1)
	for _, id := range []string{"", "7", wire.ID(mostEvents, 0)} {
		l.arrive([]byte(id), time.Now())
	}
	if got := l.deliveries.Tally(); got.Errors != 3 || got.Done != 0 {
		t.Errorf("tally is %+v", got)
	}
}

func TestCreditsBoundWhatIsUnderWay(t *testing.T) {
	l := newLedger(1)
	l.allow(5)
	l.allow(3)
	if n := len(l.credits); n != 3 {
		t.Errorf("%d credits, want 3", n)
	}
}

func TestEventsThatGoNowhereAreWholeWhenAccepted(t *testing.T) {
	l := newLedger(0)
	l.accept(1)
	if l.whole.Load() != 1 || len(l.credits) != 1 {
		t.Errorf("%d whole, %d credits", l.whole.Load(), len(l.credits))
	}
}

// TestTheReceiverTakesBatches has the events' own data hold something like an id.
func TestTheReceiverTakesBatches(t *testing.T) {
	r := up(t)
	body := `[{"id":"` + wire.ID(1, 0) + `","data":{"id":"4711"}},{"specversion":"1.0","id":"` + wire.ID(2, 0) + `"}]`
	post(t, r, body, "Content-Type", "application/cloudevents-batch+json")
	post(t, r, "{}", "Content-Type", "application/json", "ce-id", wire.ID(3, 0))
	if got := r.ledger.deliveries.Tally(); got.Done != 3 || got.Errors != 0 {
		t.Errorf("tally is %+v, want 3 arrivals", got)
	}
}

func TestTheReceiverGoesDownAndComesBack(t *testing.T) {
	r := up(t)
	post(t, r, "{}", "ce-id", wire.ID(1, 0))
	kept := halfMessage(t, r)
	r.down()
	if _, err := kept.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlived it")
	}
	if c, err := net.Dial("tcp", r.addr); err == nil {
		c.Close()
		t.Error("it takes connections while it is down")
	}
	if err := r.up(); err != nil {
		t.Fatal(err)
	}
	post(t, r, "{}", "ce-id", wire.ID(2, 0))
	if got := r.ledger.deliveries.Tally(); got.Done != 2 || got.Errors != 0 {
		t.Errorf("tally is %+v, want 2 arrivals", got)
	}
}

func TestACutMessageIsAnError(t *testing.T) {
	r := up(t)
	halfMessage(t, r).Close()
	routertest.Until(t, "the error is counted", func() bool { return r.ledger.deliveries.Tally().Errors == 1 },
		func() any { return r.ledger.deliveries.Tally() })
}

// halfMessage is a connection on which a message has begun.
func halfMessage(t *testing.T, r *receiver) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := c.Write([]byte("POST / HTTP/1.1\r\nContent-Le")); err != nil {
		t.Fatal(err)
	}
	return c
}

func up(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{ledger: newLedger(1)}
	if err := r.up(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.down)
	return r
}

func post(t *testing.T, r *receiver, body string, headers ...string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		t.Errorf("answer %d", res.StatusCode)
	}
}
