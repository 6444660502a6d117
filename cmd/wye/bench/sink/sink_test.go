package sink

import (
	"net"
	"testing"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/wire"
)

func TestSinkTellsRepetitionsApart(t *testing.T) {
	s, c := start(t)
	event := wire.NewEvent("sink", "com.example.bench.r0", 64)
	answers := wire.NewReader(c)
	due := time.Now().Add(-time.Second)
	for _, number := range []uint64{1, 2, 1, 3, 3, 64, 65} {
		if _, err := c.Write(event.Numbered(number, due.UnixNano())); err != nil {
			t.Fatal(err)
		}
		if head, err := answers.Next(); err != nil || head.Status() != 204 {
			t.Fatalf("answer %q, error %v", head, err)
		}
	}
	got := s.Tally()
	if got.Done != 7 || got.Distinct != 5 || got.Errors != 0 {
		t.Errorf("tally is %+v, want 7 arrivals, 5 of them distinct", got)
	}
	if p50 := got.Latency.Quantile(0.5); p50 < time.Second || got.Latency.Total() != 5 {
		t.Errorf("p50 of %d latencies is %v, want 5 of more than a second", got.Latency.Total(), p50)
	}
}

func TestSinkShowsWhatItDoesNotKnow(t *testing.T) {
	s, c := start(t)
	if _, err := c.Write([]byte("POST / HTTP/1.1\r\nCe-Id: 7\r\nContent-Length: 0\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if head, err := wire.NewReader(c).Next(); err != nil || head.Status() != 204 {
		t.Fatalf("answer %q, error %v", head, err)
	}
	if got := s.Tally(); got.Done != 0 || got.Errors != 1 || got.Example != `unexpected ce-id "7"` {
		t.Errorf("tally is %+v", got)
	}
}

func start(t *testing.T) (*Sink, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, ended := new(Sink), make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		l.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s, c
}
