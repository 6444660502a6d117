package targets_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wye-events/wye/targets"
	"github.com/wye-events/wye/targets/targettest"
)

// slow are receivers by what they are slow in; those that notice no end of
// their connection wait for done.
func slow(done <-chan struct{}) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"hangs": func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		},
		"reads nothing":       func(http.ResponseWriter, *http.Request) { <-done },
		"drips a good answer": drip(http.StatusOK),
		"drips a refusal":     drip(http.StatusBadRequest),
		"drips headers": func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			defer c.Close()
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for _, err = io.WriteString(c, "HTTP/1.1 200 OK\r\nX: "); err == nil; _, err = io.WriteString(c, "x") {
				<-tick.C
			}
		},
		"takes it and says no more": func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Length", "10")
			w.WriteHeader(http.StatusAccepted)
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	}
}

// TestSlowReceivers: an attempt ends by its timeout, whatever the receiver is
// slow in and however the request goes, and leaves nothing that goes on.
func TestSlowReceivers(t *testing.T) {
	const timeout = time.Second
	targettest.LeavesNothing(t, func(t *testing.T) {
		var all sync.WaitGroup
		done := make(chan struct{})
		defer close(done)
		defer all.Wait()
		for name, handler := range slow(done) {
			size := 1 << 10
			if name == "reads nothing" {
				size = 8 << 20 // more than the kernel takes
			}
			for _, way := range wires {
				to := way.to(t, func(w http.ResponseWriter, r *http.Request) {
					handler(w, r)
					panic(http.ErrAbortHandler) // an answer after all could still be heard over TLS
				}, timeout)
				all.Go(func() {
					begun := time.Now()
					err := to.Deliver(context.Background(), targettest.Delivery(1, sized(size)["bytes"]))
					if took := time.Since(begun); took < timeout || took > 10*timeout {
						t.Errorf("%s, %s: ended after %s", name, way.name, took)
					}
					if name == "drips a refusal" && is[*targets.Permanent](err) {
						return // as far as it came, which on a busy machine is not always so far
					}
					if err == nil || !strings.Contains(err.Error(), "timeout after 1s while ") || effectOf(err) != (effect{}) {
						t.Errorf("%s, %s: no timeout that can be tried again: %v", name, way.name, err)
						return
					}
					targettest.CheckError(t, err)
				})
			}
		}
	})
}
