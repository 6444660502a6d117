package routertest

import (
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Receiver is a real HTTP server that takes events.
type Receiver struct {
	t       testing.TB
	addr    string
	over    chan struct{} // closed when the test ends
	mu      sync.Mutex
	script  Script
	keep    keep
	server  *http.Server
	changed *sync.Cond

	arrivals []Arrival
	taken    map[string]int // answers of 2xx, by event id
	tried    map[string]int // requests, by event id
	open     int            // requests without an answer yet
}

// NewReceiver starts a receiver that answers by script. It ends with the test.
func NewReceiver(t testing.TB, script Script) *Receiver {
	t.Helper()
	r := &Receiver{
		t: t, addr: "127.0.0.1:0", over: make(chan struct{}), script: script,
		taken: map[string]int{}, tried: map[string]int{},
	}
	r.changed = sync.NewCond(&r.mu)
	r.Up()
	t.Cleanup(func() {
		close(r.over)
		r.Down()
	})
	return r
}

// URL is where events are to be posted.
func (r *Receiver) URL() string { return "http://" + r.addr + "/" }

// Up makes the receiver listen, on the address that it had before.
func (r *Receiver) Up() {
	r.t.Helper()
	l, err := net.Listen("tcp", r.addr)
	if err != nil {
		r.t.Fatal("start a receiver: ", err)
	}
	r.addr = l.Addr().String()
	server := &http.Server{Handler: r}
	r.mu.Lock()
	r.server = server
	r.mu.Unlock()
	go server.Serve(l)
}

// Down makes the receiver refuse connections, and breaks those that are open.
func (r *Receiver) Down() {
	r.mu.Lock()
	server := r.server
	r.mu.Unlock()
	server.Close()
}

// Answer changes how the receiver answers from now on.
func (r *Receiver) Answer(script Script) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = script
}

// keep is what a receiver remembers of what came.
type keep int

const (
	keepAll keep = iota
	keepBrief
	keepNothing
)

// Brief makes the receiver keep neither headers nor bodies: for many events.
func (r *Receiver) Brief() *Receiver { return r.keeping(keepBrief) }

// Forgetful makes the receiver keep nothing of what comes: for more events than
// fit into memory, where the script keeps what matters.
func (r *Receiver) Forgetful() *Receiver { return r.keeping(keepNothing) }

func (r *Receiver) keeping(k keep) *Receiver {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep = k
	return r
}

// ServeHTTP takes one event.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	attempt, _ := strconv.Atoi(req.Header.Get("Wye-Attempt"))
	a := Arrival{
		ID: req.Header.Get("Ce-Id"), DeliveryID: req.Header.Get("Wye-Delivery-Id"), Attempt: attempt,
		Rules: req.Header.Get("Wye-Rules"),
		At:    time.Now(), Header: req.Header, Body: body,
	}
	reply := r.arrived(&a)
	defer r.left()
	if reply.After != nil {
		select {
		case <-reply.After:
		case <-req.Context().Done():
			return
		case <-r.over:
			return
		}
	}
	if reply.takes() {
		r.took(a.ID)
	}
	reply.write(w, r.over)
}

func (r *Receiver) arrived(a *Arrival) Reply {
	r.mu.Lock()
	if r.keep != keepNothing {
		r.tried[a.ID]++
		a.Nth = r.tried[a.ID]
		kept := *a
		if r.keep == keepBrief {
			kept.Header, kept.Body = nil, nil
		}
		r.arrivals = append(r.arrivals, kept)
	}
	r.open++
	script := r.script
	r.changed.Broadcast()
	r.mu.Unlock()
	return script(*a)
}

func (r *Receiver) took(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keep != keepNothing {
		r.taken[id]++
	}
	r.changed.Broadcast()
}

func (r *Receiver) left() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open--
	r.changed.Broadcast()
}

// Arrivals are the requests so far, in order.
func (r *Receiver) Arrivals() []Arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.arrivals)
}

// Taken is how often each event was taken (answered with 2xx).
func (r *Receiver) Taken() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.taken)
}

// Duplicates is how many requests were taken whose event had been taken before.
func (r *Receiver) Duplicates() (n int) {
	for _, times := range r.Taken() {
		n += times - 1
	}
	return n
}

// Until waits for a state of the receiver: how many different events it took,
// how many requests came, how many of them have no answer yet.
func (r *Receiver) Until(what string, done func(taken, came, open int) bool) {
	r.t.Helper()
	late := false
	timer := time.AfterFunc(Patience, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		late = true
		r.changed.Broadcast()
	})
	defer timer.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for !done(len(r.taken), len(r.arrivals), r.open) {
		if late {
			r.t.Fatalf("not within %s: %s; %d events taken, %d requests came, %d are open", Patience, what, len(r.taken), len(r.arrivals), r.open)
		}
		r.changed.Wait()
	}
}

// UntilTaken waits until n different events were taken.
func (r *Receiver) UntilTaken(n int) {
	r.t.Helper()
	r.Until("events are taken", func(taken, _, _ int) bool { return taken >= n })
}

// UntilCame waits until n requests came, whatever their answers.
func (r *Receiver) UntilCame(n int) {
	r.t.Helper()
	r.Until("requests come", func(_, came, _ int) bool { return came >= n })
}

// UntilOpen waits until n requests are held without an answer.
func (r *Receiver) UntilOpen(n int) {
	r.t.Helper()
	r.Until("requests are open", func(_, _, open int) bool { return open == n })
}

// Once checks that just these events were taken, each once.
func (r *Receiver) Once(ids ...string) {
	r.t.Helper()
	taken := r.Taken()
	for _, id := range ids {
		if taken[id] != 1 {
			r.t.Errorf("event %s was taken %d times, want once", id, taken[id])
		}
		delete(taken, id)
	}
	if len(taken) > 0 {
		r.t.Errorf("taken but not expected: %v", taken)
	}
}
