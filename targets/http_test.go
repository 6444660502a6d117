package targets_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
	"github.com/wye-events/wye/targets/targettest"
)

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

// TestDefaultTimeout is what a receiver is told about how long it may take.
func TestDefaultTimeout(t *testing.T) {
	if got := targets.TimeoutOf(target(t, targets.HTTPConfig{URL: "http://127.0.0.1:1"})); got != 15*time.Second {
		t.Errorf("an attempt has %s", got)
	}
}

// TestTimeouts says in which part of a delivery the time ran out.
func TestTimeouts(t *testing.T) {
	short := 150 * time.Millisecond
	hanging, _ := holding(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, says nothing: TLS waits
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, c := range map[string]struct{ url, want string }{
		"connecting": {"https://" + silent.Addr().String(), "timeout after 150ms while connecting"},
		"waiting":    {serve(t, hanging).URL, "timeout after 150ms while waiting for the answer"},
		"dripping":   {serve(t, drip(http.StatusOK)).URL, "timeout after 150ms while reading the answer's body"},
	} {
		t.Run(name, func(t *testing.T) {
			err := deliver(t, target(t, targets.HTTPConfig{URL: c.url, Timeout: short}))
			wantText(t, err, c.want)
			targettest.CheckError(t, err)
			if got := effectOf(err); got != (effect{}) {
				t.Errorf("not an ordinary failure: %+v", got)
			}
		})
	}
	t.Run("a refusal that drips is a refusal", func(t *testing.T) {
		err := deliver(t, target(t, targets.HTTPConfig{URL: serve(t, drip(http.StatusBadRequest)).URL, Timeout: short}))
		if !is[*targets.Permanent](err) {
			t.Errorf("not permanent: %v", err)
		}
	})
	t.Run("without data", func(t *testing.T) {
		d := sample()
		d.Event = &cloudevent.Event{ID: "1", Source: "/", Type: "t"}
		err := target(t, targets.HTTPConfig{URL: serve(t, hanging).URL, Timeout: short}).Deliver(t.Context(), d)
		wantText(t, err, "while waiting for the answer")
	})
}

// drip sends its body a byte at a time, until the other side has enough.
func drip(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				io.WriteString(w, "x")
				http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}
}

func TestHugeAnswers(t *testing.T) {
	huge := strings.Repeat("€uro ", 1<<20)
	t.Run("accepted", func(t *testing.T) {
		to := target(t, targets.HTTPConfig{URL: answer(t, 200, nil, huge).URL, Timeout: 10 * time.Second})
		for range 3 {
			if err := deliver(t, to); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("refused", func(t *testing.T) {
		a := targets.AnswerOf(deliver(t, target(t, targets.HTTPConfig{URL: answer(t, 400, nil, huge).URL})))
		if len(a.Excerpt) > targets.ExcerptSize || len(a.Excerpt) < targets.ExcerptSize-4 || !utf8.ValidString(a.Excerpt) {
			t.Errorf("an excerpt of %d bytes: %q", len(a.Excerpt), a.Excerpt)
		}
	})
	t.Run("refused without end", func(t *testing.T) {
		var sent atomic.Int64
		r := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			for chunk := huge[:64<<10]; ; sent.Add(int64(len(chunk))) {
				if _, err := io.WriteString(w, chunk); err != nil {
					return
				}
			}
		})
		if err := deliver(t, target(t, targets.HTTPConfig{URL: r.URL, Timeout: time.Second})); !is[*targets.Permanent](err) {
			t.Errorf("not permanent: %v", err)
		}
		if n := sent.Load(); n > 32<<20 {
			t.Errorf("%d bytes were taken", n)
		}
	})
	t.Run("headers", func(t *testing.T) {
		r := raw(t, func(int) string { return "HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 100<<10) + "\r\n\r\n" })
		wantText(t, deliver(t, target(t, targets.HTTPConfig{URL: r.url})), "headers are larger than 64 KiB")
	})
	t.Run("not text", func(t *testing.T) {
		a := targets.AnswerOf(deliver(t, target(t, targets.HTTPConfig{URL: answer(t, 400, nil, "a\xffb\x1b[31m\x00c\nd").URL})))
		if want := "a\uFFFDb [31m c\nd"; a.Excerpt != want {
			t.Errorf("excerpt %q, want %q", a.Excerpt, want)
		}
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	for _, status := range []int{301, 302, 303, 307, 308} {
		r := answer(t, status, map[string]string{"Location": elsewhere.URL + "/login?session=4711"}, "")
		err := deliver(t, target(t, targets.HTTPConfig{URL: r.URL}))
		wantText(t, err, fmt.Sprintf("answered %d (a misconfiguration: it redirects to %s, and redirects are not followed", status, elsewhere.URL))
		targettest.CheckError(t, err, "4711", "login")
		if !is[*targets.Permanent](err) {
			t.Errorf("%d: not permanent", status)
		}
	}
}

// TestHeaderInjection delivers attributes that would be headers of their own.
func TestHeaderInjection(t *testing.T) {
	r := raw(t, func(int) string { return ok })
	d := sample()
	d.Event.ID = "1\r\nX-Evil: yes\r\n\r\nPOST /other HTTP/1.1"
	d.Event.Extensions = []cloudevent.Extension{{Name: "note", Value: "a\nTransfer-Encoding: chunked\x00"}}
	if err := target(t, targets.HTTPConfig{URL: r.url}).Deliver(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	head := <-r.heads
	for line := range strings.SplitSeq(strings.ToLower(head), "\r\n") {
		if strings.HasPrefix(line, "x-evil") || strings.HasPrefix(line, "transfer-encoding") || strings.ContainsAny(line, "\n\x00") {
			t.Errorf("the attribute became a header: %q", head)
		}
	}
	for _, want := range []string{"ce-id: 1%0D%0AX-Evil:", "ce-note: a%0ATransfer-Encoding:%20chunked%00", "wye-delivery-id: 184467/large-orders/fulfilment", "wye-attempt: 1", "User-Agent: Wye"} {
		if !strings.Contains(head, want) {
			t.Errorf("no %q in %q", want, head)
		}
	}
}

func TestConnectionReuse(t *testing.T) {
	for _, body := range []string{"", "thank you", strings.Repeat("x", 60<<10)} {
		r := answer(t, 200, nil, body)
		to := target(t, targets.HTTPConfig{URL: r.URL, Concurrency: 32})
		for range 200 {
			if err := deliver(t, to); err != nil {
				t.Fatal(err)
			}
		}
		if n := r.opened.Load(); n != 1 {
			t.Errorf("%d connections for 200 deliveries one after another, answered with %d bytes", n, len(body))
		}
		var all sync.WaitGroup
		for range 32 {
			all.Go(func() {
				for range 20 {
					if err := deliver(t, to); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := r.opened.Load(); n > 32 {
			t.Errorf("%d connections for 32 deliveries at once", n)
		}
	}
	t.Run("refusals too", func(t *testing.T) {
		r := answer(t, 500, nil, "no")
		to := target(t, targets.HTTPConfig{URL: r.URL})
		for range 50 {
			deliver(t, to)
		}
		if n := r.opened.Load(); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

// TestClose ends the connections that wait for the next delivery.
func TestClose(t *testing.T) {
	closed := make(chan struct{}, 1)
	r := serve(t, func(http.ResponseWriter, *http.Request) {}, func(s *httptest.Server) {
		count := s.Config.ConnState
		s.Config.ConnState = func(c net.Conn, state http.ConnState) {
			count(c, state)
			if state == http.StateClosed {
				closed <- struct{}{}
			}
		}
	})
	to := newHTTP(t, targets.HTTPConfig{URL: r.URL})
	if err := deliver(t, to); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("the connection is still open")
	}
}

// TestNoSilentRepetition closes a connection that was used before, after the
// request was read: the transport must not send it again by itself, or attempts
// would be counted wrong.
func TestNoSilentRepetition(t *testing.T) {
	for name, end := range map[string]string{"without an answer": "", "within the answer": "HTTP/1.1 200 OK\r\nContent-Le"} {
		t.Run(name, func(t *testing.T) {
			r := raw(t, func(n int) string {
				if n == 2 {
					return end
				}
				return ok
			})
			to := target(t, targets.HTTPConfig{URL: r.url, Timeout: time.Second})
			if err := deliver(t, to); err != nil {
				t.Fatal(err)
			}
			err := deliver(t, to)
			if got := effectOf(err); got != (effect{}) {
				t.Errorf("not an ordinary failure: %+v", got)
			}
			targettest.CheckError(t, err)
			if n := r.requests.Load(); n != 2 {
				t.Errorf("%d requests for 2 deliveries", n)
			}
		})
	}
}

// TestBrokenOff closes the connection within the body of a good answer: whether
// the receiver finished its work is then not known.
func TestBrokenOff(t *testing.T) {
	r := raw(t, func(int) string { return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nhalf" })
	to := target(t, targets.HTTPConfig{URL: r.url, Timeout: 200 * time.Millisecond})
	err := deliver(t, to)
	wantText(t, err, "the connection was closed before the answer was complete")
	if got := effectOf(err); got != (effect{}) {
		t.Errorf("not an ordinary failure: %+v", got)
	}
}

func TestUnreachable(t *testing.T) {
	notHTTP := raw(t, func(int) string { return "220 mail.example.com ESMTP\r\n" })
	for name, c := range map[string]struct{ url, want string }{
		"refused":  {refused(t), "connection refused"},
		"no name":  {"http://nowhere.invalid/", "http://nowhere.invalid: "},
		"not HTTP": {notHTTP.url, "the answer is not HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			err := deliver(t, target(t, targets.HTTPConfig{URL: c.url, Timeout: 5 * time.Second}))
			wantText(t, err, c.want)
			targettest.CheckError(t, err)
			if got := effectOf(err); got != (effect{}) {
				t.Errorf("not an ordinary failure: %+v", got)
			}
		})
	}
}

// TestCallersDeadline is told apart from the target's own timeout.
func TestCallersDeadline(t *testing.T) {
	hanging, _ := holding(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := target(t, targets.HTTPConfig{URL: serve(t, hanging).URL}).Deliver(ctx, sample())
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the cause is lost: %v", err)
	}
	wantText(t, err, "stopped by Wye while waiting for the answer")
}

func TestHTTPConfig(t *testing.T) {
	const url = "http://127.0.0.1:1/"
	for name, c := range map[string]struct {
		cfg  targets.HTTPConfig
		want string
	}{
		"no URL":          {targets.HTTPConfig{}, "url: the URL is not a web address"},
		"no host":         {targets.HTTPConfig{URL: "http:///x"}, "is not a web address"},
		"another scheme":  {targets.HTTPConfig{URL: "ftp://host/" + canary}, "ftp://host is not a web address"},
		"a bad URL":       {targets.HTTPConfig{URL: "http://user:" + canary + "@ho st/%zz?" + canary}, "is not a web address"},
		"format":          {targets.HTTPConfig{URL: url, Format: "xml"}, `format "xml" is unknown; write binary or structured`},
		"a header's name": {targets.HTTPConfig{URL: url, Headers: map[string]string{"a b": "x"}}, `header "a b": it is not a header name`},
		"a line break":    {targets.HTTPConfig{URL: url, Headers: map[string]string{"X-Key": canary + "\r\nHost: x"}}, "line break"},
		"host":            {targets.HTTPConfig{URL: url, Headers: map[string]string{"host": "x"}}, "cannot be set"},
		"length":          {targets.HTTPConfig{URL: url, Headers: map[string]string{"Content-Length": "1"}}, "cannot be set"},
		"content type":    {targets.HTTPConfig{URL: url, Headers: map[string]string{"content-type": "x"}}, "cannot be set"},
		"an attribute":    {targets.HTTPConfig{URL: url, Headers: map[string]string{"ce-id": "x"}}, "belongs to the event"},
		"a delivery's":    {targets.HTTPConfig{URL: url, Headers: map[string]string{"Wye-Attempt": "x"}}, "belongs to the event"},
		"idempotency":     {targets.HTTPConfig{URL: url, Headers: map[string]string{"Idempotency-Key": "x"}}, "use wye-delivery-id"},
		"twice":           {targets.HTTPConfig{URL: url, Headers: map[string]string{"X-A": "x", "x-a": "y"}}, "given twice"},
		"user and header": {targets.HTTPConfig{URL: "http://u:" + canary + "@h/", Headers: map[string]string{"authorization": "x"}}, "given twice"},
		"no variable":     {targets.HTTPConfig{URL: url, Headers: map[string]string{"X-Key": "${env:WYE_TEST_NOT_SET}"}}, `header "X-Key": ${env:WYE_TEST_NOT_SET}: the environment variable is not set`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := targets.NewHTTP(c.cfg)
			wantText(t, err, c.want)
			targettest.CheckError(t, err, canary)
		})
	}
}

func TestUserOfURL(t *testing.T) {
	r := raw(t, func(int) string { return ok })
	to := target(t, targets.HTTPConfig{URL: strings.Replace(r.url, "http://", "http://user:pass@", 1)})
	if err := deliver(t, to); err != nil {
		t.Fatal(err)
	}
	if head := <-r.heads; !strings.Contains(head, "Authorization: Basic dXNlcjpwYXNz\r\n") {
		t.Errorf("no basic authorization: %q", head)
	}
}
