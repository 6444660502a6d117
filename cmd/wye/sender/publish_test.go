package sender

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Every mode carries the events whole: what a server parses is what was sent.
func TestModes(t *testing.T) {
	items := []Item{
		{Event: &cloudevent.Event{ID: "A-1 ü\"%", Source: "/s", Type: "t", Subject: "x y", Time: "2026-01-02T03:04:05Z",
			Extensions: []cloudevent.Extension{{Name: "env", Value: "test"}}, DataContentType: "application/json", Data: []byte(`{"a":1}`)}},
		{Event: &cloudevent.Event{ID: "A-2", Source: "/s", Type: "t", DataContentType: "application/octet-stream", Data: []byte{0, 1, 0xff}}},
		{Event: &cloudevent.Event{ID: "A-3", Source: "/s", Type: "t"}},
	}
	for mode, size := range map[cloudevent.Mode]int{cloudevent.Binary: 1, cloudevent.Structured: 1, cloudevent.Batched: 3} {
		var got []*cloudevent.Event
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			body, _ := io.ReadAll(req.Body)
			evs, was, err := cloudevent.Parse(req.Header, body)
			if err != nil || was != mode {
				t.Errorf("mode %v came as %v, %v", mode, was, err)
			}
			var receipts []string
			for _, ev := range evs {
				ev.Headers = nil
				receipts = append(receipts, fmt.Sprintf(`{"id":%q,"source":"/s","sequence":7,"duplicate":false}`, ev.ID))
			}
			got = append(got, evs...)
			answer := strings.Join(receipts, ",")
			if mode == cloudevent.Batched {
				answer = "[" + answer + "]"
			}
			w.WriteHeader(http.StatusAccepted)
			io.WriteString(w, answer)
		}))
		tally, err := Run(t.Context(), Config{To: srv.URL, Mode: mode, Batch: size}, Of(items))
		srv.Close()
		if err != nil || tally.Accepted != len(items) || len(got) != len(items) {
			t.Fatalf("mode %v: %+v, %v, %d events", mode, tally, err, len(got))
		}
		for i, ev := range got {
			if !reflect.DeepEqual(ev, items[i].Event) {
				t.Errorf("mode %v: sent %+v, came as %+v", mode, items[i].Event, ev)
			}
		}
	}
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name   string
		status int
		header string
		body   string
		want   Refusal
	}{
		{"a problem document", 400, "", `{"type":"about:blank","title":"Not a valid CloudEvent","status":400,"detail":"attribute \"time\": bad","attribute":"time"}`,
			Refusal{Status: 400, Title: "Not a valid CloudEvent", Detail: `attribute "time": bad`, Attribute: "time"}},
		{"come back", 503, "7", `{"title":"Not accepted now","detail":"Too many."}`,
			Refusal{Status: 503, Title: "Not accepted now", Detail: "Too many.", Wait: 7 * time.Second}},
		{"plain text", 431, "", "headers too large\n", Refusal{Status: 431, Title: "Request Header Fields Too Large", Detail: "headers too large"}},
		{"a long page", 500, "", strings.Repeat("<p>", 1000), Refusal{Status: 500, Title: "Internal Server Error", Detail: strings.Repeat("<p>", 1000)[:excerptLength]}},
		{"nothing", 502, "", "", Refusal{Status: 502, Title: "Bad Gateway", Detail: "the server says no more than that"}},
		{"a redirect", 302, "", "", Refusal{Status: 302, Title: "Found", Detail: "the server says no more than that"}},
		{"not a Wye", 200, "", "hello", Refusal{Status: 202, Title: "Not the answer of a Wye", Detail: "the receipts cannot be read: invalid character 'h' looking for beginning of value"}},
		{"another's JSON", 200, "", "{}", Refusal{Status: 202, Title: "Not the answer of a Wye", Detail: "the receipts cannot be read: there is not one for each event"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.header != "" {
					w.Header().Set("Retry-After", tt.header)
				}
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			}))
			defer srv.Close()
			var got *Refusal
			_, err := Run(t.Context(), Config{To: srv.URL, Report: func(o Outcome, _ Tally) { got = o.Refusal }}, Of(events(1)))
			if err != nil || got == nil || *got != tt.want {
				t.Errorf("got %+v, %v; expected %+v", got, err, tt.want)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "-3": 0, "soon": 0, "99999999999999999999": 0,
		"Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second, "Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: got %s, expected %s", text, got, want)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	for _, to := range []string{srv.URL, strings.Replace(srv.URL, "http", "nats", 1)} {
		_, err := Run(t.Context(), Config{To: to}, Of(events(1)))
		if !isUnreachable(err) || !strings.HasPrefix(err.Error(), "no Wye answers at "+to+" (") {
			t.Errorf("%s: got %v", to, err)
		}
	}
}

// A server that takes a request and never answers does not keep an interrupted run.
func TestNoAnswer(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(begun); <-release }))
	defer srv.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	if _, err := Run(ctx, Config{To: srv.URL}, Of(events(1))); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestNATSAnswers(t *testing.T) {
	receipts, err := natsAnswer([]byte(`{"id":"A-1","source":"/s","sequence":9,"duplicate":true,"stream":"WYE_EVENTS","seq":9}`))
	if want := (Receipt{ID: "A-1", Source: "/s", Sequence: 9, Duplicate: true}); err != nil || receipts[0] != want {
		t.Errorf("got %+v, %v", receipts, err)
	}
	_, err = natsAnswer([]byte(`{"status":400,"title":"The event was not accepted","detail":"bad"}`))
	if want := "400 The event was not accepted: bad"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err = natsAnswer([]byte("hello")); err == nil {
		t.Error("anything is a receipt")
	}
}
