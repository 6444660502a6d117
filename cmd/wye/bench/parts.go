package bench

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"runtime"

	"github.com/wye-events/wye/cmd/wye/bench/baseline"
	"github.com/wye-events/wye/cmd/wye/bench/load"
	"github.com/wye-events/wye/cmd/wye/bench/measure"
	"github.com/wye-events/wye/cmd/wye/bench/sink"
)

func startLoad(ctx context.Context, o options) (*part, error) {
	if o.rate > 0 {
		// The thread that paces an open loop holds a processor of the scheduler
		// while it naps; the goroutines should not miss it.
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
	g, err := load.Start(ctx, load.Config{
		Addr: o.addr, Type: o.eventType, Size: o.size, Connections: o.connections, Rate: o.rate,
	})
	if err != nil {
		return nil, err
	}
	return &part{tally: g.Tally, stop: g.Stop}, nil
}

func startSink(_ context.Context, _ options) (*part, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := new(sink.Sink)
	inBackground(func() error { return s.Serve(l) })
	return &part{addr: l.Addr().String(), tally: s.Tally}, nil
}

func startAccept(_ context.Context, _ options) (*part, error) {
	return serve(baseline.Accept())
}

func startNull(_ context.Context, o options) (*part, error) {
	return serve(baseline.Null(o.sink, o.connections))
}

func startLoop(ctx context.Context, o options) (*part, error) {
	js, _, err := embedded(o.dir, false)
	if err != nil {
		return nil, err
	}
	handler, err := baseline.Loop(ctx, js, loopConditions(), o.sink, workers)
	if err != nil {
		return nil, err
	}
	return serve(handler)
}

// serve listens on a free port.
func serve(h http.Handler) (*part, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	inBackground(func() error { return http.Serve(l, h) })
	return &part{addr: l.Addr().String(), tally: func() measure.Tally { return measure.Tally{} }}, nil
}

// inBackground runs what ends with the process, and says so where it ends earlier.
func inBackground(f func() error) {
	go func() {
		if err := f(); err != nil {
			slog.Error("a part of the benchmark ended", "error", err)
		}
	}()
}
