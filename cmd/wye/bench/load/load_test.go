package load

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/wire"
)

// receiver is an official HTTP server that remembers the ids.
type receiver struct {
	sync.Mutex
	ids     map[string]int
	status  int
	stalled <-chan struct{} // the first event is answered when this is closed
	many    chan struct{}   // closed when there were 20 events
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.Lock()
	r.ids[req.Header.Get("ce-id")]++
	n := len(r.ids)
	r.Unlock()
	if n == 20 {
		close(r.many)
	}
	if n == 1 && r.stalled != nil {
		<-r.stalled
	}
	w.WriteHeader(r.status)
	fmt.Fprintln(w, "taken")
}

func TestClosedLoopSendsEveryEventOnce(t *testing.T) {
	r := &receiver{ids: map[string]int{}, status: http.StatusAccepted, many: make(chan struct{})}
	g := run(t, r, Config{Connections: 3, Type: "com.example.bench.r0", Size: 64})
	<-r.many
	g.Stop()

	got := g.Tally()
	if got.Errors != 0 || got.Done != uint64(len(r.ids)) || got.Latency.Total() != got.Done {
		t.Errorf("%d answers and %d latencies for %d events; errors: %d, %s",
			got.Done, got.Latency.Total(), len(r.ids), got.Errors, got.Example)
	}
	for id, n := range r.ids {
		if _, _, ok := wire.ParseID([]byte(id)); !ok || n != 1 {
			t.Fatalf("id %q came %d times", id, n)
		}
	}
}

func TestOpenLoopCountsTheWaitOfEventsThatWereDueDuringAStall(t *testing.T) {
	stalled := make(chan struct{})
	r := &receiver{ids: map[string]int{}, status: http.StatusAccepted, stalled: stalled, many: make(chan struct{})}
	g := run(t, r, Config{Connections: 1, Rate: 1000, Type: "com.example.bench.r0", Size: 64})
	const stall = 50 * time.Millisecond
	time.AfterFunc(stall, func() { close(stalled) })
	<-r.many
	g.Stop()

	// With one connection the 20 events after the first all waited for it: an
	// event that was due 20 ms later has still waited for 30 ms.
	if p50 := g.Tally().Latency.Quantile(0.5); p50 < stall/5 {
		t.Errorf("p50 is %v: the stall of %v is hidden", p50, stall)
	}
}

func TestARefusalIsAnErrorWithAnExample(t *testing.T) {
	r := &receiver{ids: map[string]int{}, status: http.StatusServiceUnavailable, many: make(chan struct{})}
	g := run(t, r, Config{Connections: 4, Type: "com.example.bench.r0", Size: 64})
	<-r.many
	g.Stop()
	if got := g.Tally(); got.Done != 0 || got.Errors < 20 || got.Example == "" {
		t.Errorf("done %d, errors %d, example %q", got.Done, got.Errors, got.Example)
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := Start(t.Context(), Config{Addr: l.Addr().String(), Connections: 1}); err == nil {
		t.Error("no error")
	}
}

func run(t *testing.T, h http.Handler, cfg Config) *Generator {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	cfg.Addr = server.Listener.Addr().String()
	g, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestCreditsBoundWhatIsSent(t *testing.T) {
	r := &receiver{ids: map[string]int{}, status: http.StatusAccepted, many: make(chan struct{})}
	credits := make(chan struct{}, 20)
	for range 20 {
		credits <- struct{}{}
	}
	var accepted sync.Map
	g := run(t, r, Config{
		Connections: 3, Size: 64, Credits: credits, After: 100,
		About:    func(number uint64) (int, int) { return int(number % 2), 0 },
		Accepted: func(number uint64) { accepted.Store(number, true) },
	})
	<-r.many
	g.Stop()
	if n := len(r.ids); n != 20 || g.Last() != 120 {
		t.Errorf("%d events, the last %d, went with 20 credits after 100", n, g.Last())
	}
	if got := g.Done(); got != 20 {
		t.Errorf("%d are done, want 20", got)
	}
	for number := uint64(101); number <= 120; number++ {
		if _, ok := accepted.Load(number); !ok {
			t.Errorf("event %d was not told of", number)
		}
	}
}

func TestARefusedEventGivesItsCreditBack(t *testing.T) {
	r := &receiver{ids: map[string]int{}, status: http.StatusServiceUnavailable, many: make(chan struct{})}
	credits := make(chan struct{}, 1)
	credits <- struct{}{}
	g := run(t, r, Config{Connections: 2, Size: 64, Credits: credits})
	<-r.many // with one credit, 20 events need it given back
	g.Stop()
}
