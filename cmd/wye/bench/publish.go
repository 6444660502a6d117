package bench

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/measure"
	"github.com/wye-events/wye/cmd/wye/bench/wire"
)

// startPublish publishes from some goroutines at once, each waiting for the
// acknowledgement of its last message.
func startPublish(ctx context.Context, o options) (*part, error) {
	store, closeStore, err := openStore(ctx, o)
	if err != nil {
		return nil, err
	}
	p := &publishers{store: store, data: []byte(wire.Body(o.size))}
	for range o.connections {
		p.running.Go(func() { p.publish(ctx) })
	}
	return &part{tally: p.meter.Tally, stop: func() {
		p.stopping.Store(true)
		p.running.Wait()
		closeStore()
	}}, nil
}

type publishers struct {
	store    appender
	data     []byte
	running  sync.WaitGroup
	stopping atomic.Bool
	meter    measure.Meter
}

func (p *publishers) publish(ctx context.Context) {
	for !p.stopping.Load() {
		start := time.Now()
		if err := p.store(ctx, p.data); err != nil {
			p.meter.Failed(err)
			return
		}
		p.meter.Done(time.Since(start))
	}
}
