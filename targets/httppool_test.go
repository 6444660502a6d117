package targets

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// dead is the connection whose receiver has gone without a sign of it.
type dead struct {
	net.Conn
	takes  int // bytes written before that shows
	closed atomic.Bool
}

func (d *dead) Write(p []byte) (int, error)      { return min(d.takes, len(p)), syscall.EPIPE }
func (d *dead) Read([]byte) (int, error)         { return 0, io.EOF }
func (d *dead) SetDeadline(time.Time) error      { return nil }
func (d *dead) SetWriteDeadline(time.Time) error { return nil }
func (d *dead) Close() error                     { d.closed.Store(true); return nil }

func deadConn(d *dead, address string) *conn {
	return &conn{
		Conn: d, in: bufio.NewReader(d), address: address, used: true, since: time.Now(),
		abort: func() {}, quiet: func() bool { return true },
	}
}

// TestUnsentIsSentAgain, but only where not a byte can have arrived.
func TestUnsentIsSentAgain(t *testing.T) {
	for name, c := range map[string]struct{ size, takes, requests int }{
		"nothing was written":         {10, 0, 1},
		"a byte was written":          {10, 1, 0},
		"nothing of a large request":  {1 << 20, 0, 1},
		"a byte of a large request":   {1 << 20, 1, 0},
		"all of it was, or seemed so": {10, 1 << 20, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int64
			r := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
			defer r.Close()
			to, err := NewHTTP(HTTPConfig{URL: r.URL})
			if err != nil {
				t.Fatal(err)
			}
			defer to.Close()
			p, gone := to.(*httpTarget).pool, &dead{takes: c.takes}
			p.acquire(t.Context(), time.Now())
			p.release(deadConn(gone, strings.TrimPrefix(r.URL, "http://")))
			e := &cloudevent.Event{ID: "1", Source: "/", Type: "t", Data: make([]byte, c.size)}
			err = to.Deliver(t.Context(), Delivery{ID: "1", Event: e, Attempt: 1})
			if got := int(requests.Load()); got != c.requests || (err == nil) != (c.requests == 1) {
				t.Errorf("%d requests, %v", got, err)
			}
			if !gone.closed.Load() {
				t.Error("the old connection is left open")
			}
		})
	}
}

// TestAnotherAddress is what a reference may give when it is looked up again.
func TestAnotherAddress(t *testing.T) {
	old := &dead{}
	c := deadConn(old, "old:80")
	if !c.fits("old:80") || c.fits("new:80") {
		t.Error("a connection is used for what it does not lead to")
	}
}

// TestSweep closes what was at rest too long, and nothing else.
func TestSweep(t *testing.T) {
	p := &pool{limit: 3, rest: time.Hour, taken: 3}
	var all []*dead
	for _, age := range []time.Duration{3 * time.Hour, 2 * time.Hour, 0} {
		d := &dead{}
		c := deadConn(d, "x")
		c.since = time.Now().Add(-age)
		all, p.idle = append(all, d), append(p.idle, c)
	}
	p.sweep()
	defer p.close()
	if !all[0].closed.Load() || !all[1].closed.Load() || all[2].closed.Load() {
		t.Error("the wrong ones are closed")
	}
	if p.taken != 1 || len(p.idle) != 1 || p.sweeper == nil {
		t.Errorf("%d places, %d at rest, sweeper %v", p.taken, len(p.idle), p.sweeper)
	}
	if c, _ := p.acquire(t.Context(), time.Now()); c == nil || c.Conn != all[2] {
		t.Error("the young one is lost")
	}
}

// TestLastUsedFirst leaves the others to grow old.
func TestLastUsedFirst(t *testing.T) {
	p := &pool{limit: 2, rest: time.Hour, taken: 2}
	defer p.close()
	first, last := deadConn(&dead{}, "x"), deadConn(&dead{}, "x")
	p.release(first)
	p.release(last)
	for _, want := range []*conn{last, first} {
		if got, _ := p.acquire(t.Context(), time.Now()); got != want {
			t.Error("the other one")
		}
	}
}

// TestTurns are given in the order in which they were asked for, and not lost
// with those who left.
func TestTurns(t *testing.T) {
	p := &pool{limit: 1, rest: time.Hour}
	p.acquire(t.Context(), time.Now())
	turns := []chan *conn{make(chan *conn, 1), make(chan *conn, 1), make(chan *conn, 1)}
	p.waiting = append(p.waiting, turns...)
	p.leave(turns[1]) // before its turn
	p.release(nil)
	if len(turns[0]) != 1 {
		t.Fatal("the first does not get its turn")
	}
	p.leave(turns[0]) // at the moment of its turn
	if len(turns[2]) != 1 {
		t.Fatal("the place left with the one who did not want it")
	}
	p.leave(turns[2])
	if p.taken != 0 || len(p.waiting) != 0 {
		t.Errorf("%d places taken, %d wait", p.taken, len(p.waiting))
	}
}

// TestLateTurn does not wait where nothing is left of the time.
func TestLateTurn(t *testing.T) {
	p := &pool{limit: 1, rest: time.Hour}
	p.acquire(t.Context(), time.Now())
	if _, err := p.acquire(t.Context(), time.Now()); err != context.DeadlineExceeded {
		t.Error(err)
	}
	if p.taken != 1 || len(p.waiting) != 0 {
		t.Errorf("%d places taken, %d wait", p.taken, len(p.waiting))
	}
}
