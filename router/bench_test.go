package router

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

// swallow is a target that takes everything at once.
type swallow struct {
	taken atomic.Int64
	want  int64
	done  chan struct{}
}

func (s *swallow) Deliver(context.Context, targets.Delivery) error {
	if s.taken.Add(1) == s.want {
		close(s.done)
	}
	return nil
}

func (s *swallow) Close() error { return nil }

// BenchmarkThrough is what Wye itself costs: from a decoded event to a target
// that does nothing, with one matching rule of ten, durable.
func BenchmarkThrough(b *testing.B) {
	for _, sync := range []bus.Sync{bus.SyncDurable, bus.SyncRelaxed} {
		b.Run(string(sync), func(b *testing.B) { through(b, sync) })
	}
}

func through(b *testing.B, sync bus.Sync) {
	var rules strings.Builder
	rules.WriteString("version: 1\ntargets:\n  sink: {http: {url: 'http://127.0.0.1:9/'}, concurrency: 64}\nrules:\n")
	for i := range 10 {
		fmt.Fprintf(&rules, "  r%d: {on: com.example.r%d, when: event.data.total > 100, to: sink}\n", i, i)
	}
	path := filepath.Join(b.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, []byte(rules.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	store, err := bus.Open(b.Context(), bus.Config{Dir: b.TempDir(), Sync: sync, Log: quiet})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	r, err := Start(b.Context(), Config{Bus: store, Rules: path, Log: quiet})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Stop(context.Background())
	sink := &swallow{want: int64(b.N), done: make(chan struct{})}
	l := r.lanes["sink"]
	l.adopt(&handle{spec: l.handle.spec, target: sink})

	header := map[string][]string{
		"Ce-Specversion": {"1.0"}, "Ce-Type": {"com.example.r3"}, "Ce-Source": {"/bench"},
		"Content-Type": {"application/json"}, "Ce-Id": nil,
	}
	body := []byte(`{"total": 250, "note": "` + strings.Repeat("x", 480) + `"}`)
	var n atomic.Int64
	b.SetParallelism(128)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		h := map[string][]string{}
		for k, v := range header {
			h[k] = v
		}
		for pb.Next() {
			h["Ce-Id"] = []string{fmt.Sprint(n.Add(1))}
			evs, _, err := cloudevent.Parse(h, body)
			if err == nil {
				_, err = r.Accept(context.Background(), evs...)
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	<-sink.done
	b.ReportMetric(float64(value(l.acct.spilled))/float64(b.N), "spilled/event")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
