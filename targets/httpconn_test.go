package targets_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
	"github.com/wye-events/wye/targets/targettest"
)

const patience = 10 * time.Second

// listen gives every connection, counted from 1, to talk, and closes it after.
func listen(t testing.TB, talk func(n int64, c net.Conn, in *bufio.Reader)) (url string, opened *atomic.Int64) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	opened = new(atomic.Int64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			n := opened.Add(1)
			go func() {
				defer c.Close()
				talk(n, c, bufio.NewReader(c))
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/orders", opened
}

// take reads one request.
func take(in *bufio.Reader) error {
	n, err := bodyLength(in)
	if err == nil {
		_, err = in.Discard(n)
	}
	return err
}

// soon is the next value, if it comes before long.
func soon[T any](t testing.TB, values <-chan T) T {
	t.Helper()
	select {
	case v := <-values:
		return v
	case <-time.After(patience):
		t.Fatal("nothing happened")
		panic("not reached")
	}
}

func large(size int) targets.Delivery {
	d := sample()
	d.Event = &cloudevent.Event{ID: "1", Source: "/", Type: "t", DataContentType: "application/octet-stream", Data: make([]byte, size)}
	return d
}

// TestReceiverCloses each connection after its answer, without a word: no
// attempt may be lost by that.
func TestReceiverCloses(t *testing.T) {
	closed := make(chan struct{}, 1)
	url, opened := listen(t, func(_ int64, c net.Conn, in *bufio.Reader) {
		if take(in) == nil {
			io.WriteString(c, ok)
		}
		c.Close()
		closed <- struct{}{}
	})
	to := target(t, targets.HTTPConfig{URL: url})
	for _, d := range []targets.Delivery{sample(), sample(), large(1 << 20), sample()} {
		if err := to.Deliver(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		soon(t, closed)
	}
	if n := opened.Load(); n != 4 {
		t.Errorf("%d connections", n)
	}
}

// TestUnaskedAnswer comes on a connection at rest. It must not be taken for the
// answer to the next event.
func TestUnaskedAnswer(t *testing.T) {
	goOn, said := make(chan struct{}), make(chan struct{})
	url, opened := listen(t, func(n int64, c net.Conn, in *bufio.Reader) {
		for take(in) == nil {
			io.WriteString(c, ok)
			if n == 1 {
				<-goOn
				io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
				close(said)
			}
		}
	})
	to := target(t, targets.HTTPConfig{URL: url})
	if err := deliver(t, to); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	soon(t, said)
	if err := deliver(t, to); err != nil {
		t.Error(err)
	}
	if n := opened.Load(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// TestIdle connections are closed after a while, without another delivery.
func TestIdle(t *testing.T) {
	closed := make(chan error, 1)
	url, _ := listen(t, func(_ int64, c net.Conn, in *bufio.Reader) {
		take(in)
		io.WriteString(c, ok)
		closed <- take(in)
	})
	to := targets.Resting(target(t, targets.HTTPConfig{URL: url}), 20*time.Millisecond)
	for range 2 {
		if err := deliver(t, to); err != nil {
			t.Fatal(err)
		}
		if err := soon(t, closed); err != io.EOF {
			t.Errorf("not closed: %v", err)
		}
	}
}

// TestEarlyAnswer comes before the body was read, which it never is.
func TestEarlyAnswer(t *testing.T) {
	for name, end := range map[string]func(net.Conn, *bufio.Reader, <-chan struct{}){
		"then closes":      func(net.Conn, *bufio.Reader, <-chan struct{}) {},
		"then only hangs":  func(_ net.Conn, _ *bufio.Reader, done <-chan struct{}) { <-done },
		"then reads on":    func(_ net.Conn, in *bufio.Reader, _ <-chan struct{}) { io.Copy(io.Discard, in) },
		"then closes half": func(c net.Conn, _ *bufio.Reader, done <-chan struct{}) { c.(*net.TCPConn).CloseWrite(); <-done },
	} {
		for _, size := range []int{1 << 10, 64 << 10, 32 << 20} {
			t.Run(fmt.Sprint(name, " ", size), func(t *testing.T) {
				done := make(chan struct{})
				defer close(done)
				url, _ := listen(t, func(_ int64, c net.Conn, in *bufio.Reader) {
					bodyLength(in)
					io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n\r\ntoo large")
					end(c, in, done)
				})
				err := atOnceTo(t, target(t, targets.HTTPConfig{URL: url, Timeout: time.Minute}), large(size))
				wantText(t, err, "answered 413: too large")
				if !is[*targets.Permanent](err) {
					t.Errorf("not permanent: %v", err)
				}
			})
		}
	}
}

// atOnceTo is a delivery that must come to its end long before its timeout.
func atOnceTo(t testing.TB, to targets.Target, d targets.Delivery) error {
	t.Helper()
	result := make(chan error, 1)
	go func() { result <- to.Deliver(t.Context(), d) }()
	return soon(t, result)
}

// TestUnfinishedRequest: what is left of it would be the next one's beginning.
func TestUnfinishedRequest(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	url, opened := listen(t, func(_ int64, c net.Conn, in *bufio.Reader) {
		bodyLength(in)
		io.WriteString(c, ok)
		<-done
	})
	to := target(t, targets.HTTPConfig{URL: url, Timeout: time.Minute})
	for range 2 {
		if err := atOnceTo(t, to, large(32<<20)); err != nil {
			t.Error(err)
		}
	}
	if n := opened.Load(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// TestLargeRequestWithoutAnswer ends the receiver's half of the connection.
func TestLargeRequestWithoutAnswer(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	url, _ := listen(t, func(_ int64, c net.Conn, in *bufio.Reader) {
		bodyLength(in)
		c.(*net.TCPConn).CloseWrite()
		<-done
	})
	err := atOnceTo(t, target(t, targets.HTTPConfig{URL: url, Timeout: time.Minute}), large(32<<20))
	wantText(t, err, "the connection was closed before an answer")
}

// TestLargeRequestBreaksOff in the middle of its body, without an answer.
func TestLargeRequestBreaksOff(t *testing.T) {
	url, opened := listen(t, func(_ int64, c net.Conn, in *bufio.Reader) { bodyLength(in) })
	err := target(t, targets.HTTPConfig{URL: url}).Deliver(t.Context(), large(8<<20))
	wantText(t, err, "the connection was ")
	targettest.CheckError(t, err)
	if n := opened.Load(); n != 1 || effectOf(err) != (effect{}) {
		t.Errorf("%d connections, %+v", n, effectOf(err))
	}
}

// TestLargeRequestStops while the receiver reads none of it.
func TestLargeRequestStops(t *testing.T) {
	for name, stop := range map[string]struct {
		timeout time.Duration
		want    string
	}{
		"by its timeout": {200 * time.Millisecond, "timeout after 200ms while waiting for the answer"},
		"by its caller":  {time.Minute, "stopped by Wye while waiting for the answer"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			begun, done := make(chan struct{}), make(chan struct{})
			defer close(done)
			url, _ := listen(t, func(_ int64, c net.Conn, in *bufio.Reader) {
				bodyLength(in)
				close(begun)
				<-done
			})
			result := make(chan error, 1)
			to := target(t, targets.HTTPConfig{URL: url, Timeout: stop.timeout})
			go func() { result <- to.Deliver(ctx, large(32<<20)) }()
			soon(t, begun)
			if stop.timeout == time.Minute {
				cancel()
			}
			wantText(t, soon(t, result), stop.want)
			cancel()
		})
	}
}

// TestWaitingForConnections has more deliveries than connections.
func TestWaitingForConnections(t *testing.T) {
	held, goOn := make(chan struct{}, 2), make(chan struct{})
	r := serve(t, func(http.ResponseWriter, *http.Request) { held <- struct{}{}; <-goOn })
	to := target(t, targets.HTTPConfig{URL: r.URL, Concurrency: 1})
	results := make(chan error, 2)
	go func() { results <- deliver(t, to) }()
	soon(t, held)
	t.Run("stopped", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := to.Deliver(ctx, sample())
		wantText(t, err, "stopped by Wye while waiting for a connection to be free")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the cause is lost: %v", err)
		}
	})
	go func() { results <- deliver(t, to) }()
	targets.AwaitQueue(to, 1)
	close(goOn)
	for range 2 {
		if err := soon(t, results); err != nil {
			t.Error(err)
		}
	}
	if n := r.opened.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// TestNoConnectionFree says so, and what it is not.
func TestNoConnectionFree(t *testing.T) {
	r := answer(t, 200, nil, "")
	to := target(t, targets.HTTPConfig{URL: r.URL, Concurrency: 2, Timeout: 50 * time.Millisecond})
	free := targets.TakeAll(to)
	err := deliver(t, to)
	wantText(t, err, "timeout after 50ms while waiting for a connection to be free")
	targettest.CheckError(t, err)
	free()
	if err := deliver(t, to); err != nil {
		t.Error(err)
	}
}

// TestFailuresFreeTheirPlace: whatever goes wrong, the next delivery can try.
func TestFailuresFreeTheirPlace(t *testing.T) {
	to := target(t, targets.HTTPConfig{URL: refused(t), Concurrency: 1, Timeout: time.Second})
	for range 3 {
		wantText(t, deliver(t, to), "connection refused")
	}
	broken := raw(t, func(int) string { return "" })
	to = target(t, targets.HTTPConfig{URL: broken.url, Concurrency: 1, Timeout: time.Second})
	for range 3 {
		wantText(t, deliver(t, to), "closed before an answer")
	}
}

// TestCloseDuringDelivery lets it come to its end, and then lets go of its
// connection too.
func TestCloseDuringDelivery(t *testing.T) {
	held, goOn, closed := make(chan struct{}, 1), make(chan struct{}), make(chan struct{}, 1)
	r := serve(t, func(http.ResponseWriter, *http.Request) { held <- struct{}{}; <-goOn }, func(s *httptest.Server) {
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				closed <- struct{}{}
			}
		}
	})
	to := newHTTP(t, targets.HTTPConfig{URL: r.URL})
	result := make(chan error, 1)
	go func() { result <- deliver(t, to) }()
	soon(t, held)
	if err := to.Close(); err != nil {
		t.Error(err)
	}
	close(goOn)
	if err := soon(t, result); err != nil {
		t.Error(err)
	}
	soon(t, closed)
}

// TestBadHeader refuses what no codec has seen.
func TestBadHeader(t *testing.T) {
	r := answer(t, 200, nil, "")
	to := target(t, targets.HTTPConfig{URL: r.URL})
	for name, change := range map[string]func(*targets.Delivery){
		`"wye-delivery-id" cannot be sent`: func(d *targets.Delivery) { d.ID = "1\r\nX-Evil: yes" },
		`"content-type" cannot be sent`:    func(d *targets.Delivery) { d.Event.DataContentType = "text/plain\x00" },
		`"ce-a b" cannot be sent`:          func(d *targets.Delivery) { d.Event.Extensions = []cloudevent.Extension{{Name: "a b", Value: "x"}} },
	} {
		d := sample()
		change(&d)
		wantText(t, to.Deliver(t.Context(), d), name)
		if err := deliver(t, to); err != nil {
			t.Errorf("the next delivery: %v", err)
		}
	}
	if r.opened.Load() != 1 {
		t.Errorf("%d connections", r.opened.Load())
	}
}
