package targets_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
	"github.com/wye-events/wye/targets/targettest"
)

// sized are events whose data has so many bytes, by what the data is.
func sized(n int) map[string]*cloudevent.Event {
	line := "a line of text, with \"quotes\" but few; it ends here, and the next begins below\n"
	return map[string]*cloudevent.Event{
		"json":  dataEvent("application/json", append(append([]byte{'"'}, bytes.Repeat([]byte("x"), n-2)...), '"')),
		"text":  dataEvent("text/plain", []byte(strings.Repeat(line, n/len(line)+1)[:n])),
		"bytes": dataEvent("application/octet-stream", bytes.Repeat([]byte{0xff}, n)),
	}
}

func dataEvent(contentType string, data []byte) *cloudevent.Event {
	return &cloudevent.Event{ID: "1", Source: "/", Type: "t", DataContentType: contentType, Data: data}
}

// wire is a way that a request goes.
type wire struct {
	name   string
	secure bool
	format string
}

var wires = []wire{
	{"binary", false, "binary"}, {"structured", false, "structured"}, {"batch", false, batched},
	{"binary over TLS", true, "binary"}, {"structured over TLS", true, "structured"}, {"batch over TLS", true, batched},
}

func (w wire) to(t testing.TB, handler http.HandlerFunc, timeout time.Duration) targets.Target {
	r := serve(t, handler, func(s *httptest.Server) {
		if w.secure {
			s.TLS = &tls.Config{}
		}
	})
	cfg := targets.HTTPConfig{URL: r.URL, Roots: rootsOf(r), Timeout: timeout}
	if cfg.Format, cfg.Batch = w.format, w.format == batched; cfg.Batch {
		cfg.Format = ""
	}
	return target(t, cfg)
}

// TestSizes delivers events of every size that is taken in, whole.
func TestSizes(t *testing.T) {
	for _, way := range wires {
		t.Run(way.name, func(t *testing.T) {
			handler, next := arrivals(t)
			to := way.to(t, handler, time.Minute)
			for _, n := range []int{64 << 10, 1 << 20, 8 << 20} {
				for kind, e := range sized(n) {
					if err := to.Deliver(t.Context(), targettest.Delivery(1, e)); err != nil {
						t.Fatalf("%s of %d bytes: %v", kind, n, err)
					}
					got, err := next(t.Context())
					if err != nil || len(got.Event.Data) != n || sha256.Sum256(got.Event.Data) != sha256.Sum256(e.Data) {
						t.Errorf("%s of %d bytes arrived otherwise, with %d: %v", kind, n, len(got.Event.Data), err)
					}
				}
			}
		})
	}
}

// TestMemory counts the bytes that a delivery takes beside its event: no copy of
// the data where it is the body, one where the body is JSON. So with the event
// itself it is at most twice the body.
func TestMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's build makes room twice")
	}
	const aside = 256 << 10 // for buffers of the connection, on both sides
	for _, way := range wires {
		t.Run(way.name, func(t *testing.T) {
			sent := make(chan int64, 1)
			buffer := make([]byte, 64<<10)
			to := way.to(t, func(_ http.ResponseWriter, r *http.Request) {
				n, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r.Body, buffer)
				sent <- n
			}, time.Minute)
			for _, n := range []int{64 << 10, 1 << 20, 8 << 20} {
				for kind, e := range sized(n) {
					taken, body := allocated(t, to, e, sent)
					most := uint64(aside)
					if way.format != "binary" {
						most += uint64(body) + uint64(body)/8
					}
					if taken > most || taken+uint64(n) > 2*uint64(body)+aside {
						t.Errorf("%s of %d bytes in a body of %d: took %d bytes, at most %d are needed", kind, n, body, taken, most)
					}
				}
			}
		})
	}
}

// allocated is the least of several times, for others allocate too.
func allocated(t *testing.T, to targets.Target, e *cloudevent.Event, sent <-chan int64) (least uint64, body int64) {
	least = math.MaxUint64
	for range 4 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := to.Deliver(t.Context(), targettest.Delivery(1, e)); err != nil {
			t.Fatal(err)
		}
		body = <-sent
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least, body
}
