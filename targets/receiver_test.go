package targets_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
	"github.com/wye-events/wye/targets/targettest"
)

// receiver is an HTTP server that a test posts to.
type receiver struct {
	*httptest.Server
	opened atomic.Int64 // connections
}

// serve starts a receiver; change, if any, sets it up before it starts.
func serve(t testing.TB, handler http.HandlerFunc, change ...func(*httptest.Server)) *receiver {
	r := &receiver{Server: httptest.NewUnstartedServer(handler)}
	r.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			r.opened.Add(1)
		}
	}
	for _, f := range change {
		f(r.Server)
	}
	if r.TLS == nil && !r.EnableHTTP2 {
		r.Start()
	} else {
		r.StartTLS()
	}
	t.Cleanup(r.Close)
	return r
}

// answer is a receiver that says the same to every request.
func answer(t testing.TB, status int, header map[string]string, body string, change ...func(*httptest.Server)) *receiver {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}, change...)
}

// arrivals is a handler that takes events, and what it took.
func arrivals(t testing.TB) (http.HandlerFunc, targettest.Next) {
	took := make(chan targettest.Arrival, 1024)
	return func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Errorf("read the request: %v", err)
			}
			events, _, err := cloudevent.Parse(r.Header, body)
			if err != nil {
				t.Errorf("what arrived is no event: %v", err)
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			if refused := takeAll(took, r.Header, events); len(refused) > 0 {
				json.NewEncoder(w).Encode(map[string]any{"failures": refused})
				return
			}
			w.WriteHeader(http.StatusAccepted)
		}, func(ctx context.Context) (targettest.Arrival, error) {
			select {
			case a := <-took:
				return a, nil
			case <-ctx.Done():
				return targettest.Arrival{}, ctx.Err()
			}
		}
}

// failed is one event in the answer to a batch.
type failed struct {
	ID     string `json:"id"`
	Source string `json:"source,omitempty"`
	Error  string `json:"error,omitempty"`
}

// takeAll takes the events of a request but for the picky ones.
func takeAll(took chan<- targettest.Arrival, h http.Header, events []*cloudevent.Event) (refused []failed) {
	for _, e := range events {
		if strings.HasPrefix(e.ID, targettest.PickyPrefix) {
			refused = append(refused, failed{e.ID, e.Source, "not this, " + canary})
			continue
		}
		a := targettest.Arrival{DeliveryID: h.Get("Wye-Delivery-Id"), Replay: h.Get("Wye-Replay"), Rules: h.Get("Wye-Rules"), Event: e}
		if strings.HasPrefix(h.Get("Content-Type"), cloudevent.MediaTypeBatch) {
			a.DeliveryID, a.Replay, a.Rules = takeOff(e, "wyedeliveryid"), takeOff(e, "wyereplay"), takeOff(e, "wyerules")
		}
		took <- a
	}
	return refused
}

// takeOff is an extension's value, which the event has no more then.
func takeOff(e *cloudevent.Event, name string) (text string) {
	e.Extensions = slices.DeleteFunc(e.Extensions, func(x cloudevent.Extension) bool {
		if x.Name == name {
			text, _ = x.Value.(string)
		}
		return x.Name == name
	})
	return text
}

// holding is a handler that keeps its requests until the test ends, and tells
// of each.
func holding(t testing.TB) (http.HandlerFunc, <-chan struct{}) {
	held, end := make(chan struct{}, 64), make(chan struct{})
	t.Cleanup(func() { close(end) })
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		held <- struct{}{}
		select {
		case <-r.Context().Done():
			// TLS says goodbye before it closes: a receiver that answered to that
			// could still be heard, and would have taken the event.
			panic(http.ErrAbortHandler)
		case <-end:
		}
	}, held
}

func newHTTP(t testing.TB, cfg targets.HTTPConfig) targets.Target {
	t.Helper()
	target, err := targets.NewHTTP(cfg)
	if err != nil {
		t.Fatalf("make the target: %v", err)
	}
	if strings.Contains(t.Name(), strings.ReplaceAll(byTransport, " ", "_")) {
		return targets.ByTransport(target)
	}
	return target
}

// target is newHTTP closed by the test's end.
func target(t testing.TB, cfg targets.HTTPConfig) targets.Target {
	t.Helper()
	made := newHTTP(t, cfg)
	t.Cleanup(func() { made.Close() })
	return made
}

// deliver sends one sample event.
func deliver(t testing.TB, to targets.Target) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return to.Deliver(ctx, sample())
}

// refused is a URL at which nothing listens.
func refused(t testing.TB) string {
	s := httptest.NewServer(nil)
	s.Close()
	return s.URL
}
