package deliverybench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/load"
	"github.com/wye-events/wye/cmd/wye/bench/measure"
	"github.com/wye-events/wye/cmd/wye/bench/wire"
	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

// direct calls a target from as many goroutines as it may have deliveries.
type direct struct {
	ctx     context.Context
	target  targets.Target
	batcher targets.Batcher // nil for one by one
	options options
	data    []byte

	numbers atomic.Uint64
	meter   measure.Meter

	running  sync.WaitGroup
	stopping atomic.Bool
}

func newDirect(ctx context.Context, t targets.Target, o options) (*direct, error) {
	d := &direct{ctx: ctx, target: t, options: o, data: []byte(wire.Body(o.size))}
	if o.batch > 0 {
		var ok bool
		if d.batcher, ok = t.(targets.Batcher); !ok {
			return nil, fmt.Errorf("a target of kind %s takes no batches", o.kind)
		}
	}
	return d, nil
}

// start delivers until stop: so many events a second, or at 0 as many as go.
func (d *direct) start(perSecond float64) {
	d.stop()
	d.stopping.Store(false)
	if perSecond == 0 {
		for range d.options.concurrency {
			d.running.Go(d.closedLoop)
		}
		return
	}
	due := make(chan time.Time, 1<<16)
	for range d.options.concurrency {
		d.running.Go(func() { d.openLoop(due) })
	}
	d.running.Go(func() { d.pace(due, perSecond) })
}

func (d *direct) stop() {
	d.stopping.Store(true)
	d.running.Wait()
}

func (d *direct) closedLoop() {
	for !d.stopping.Load() {
		now := time.Now()
		at := make([]time.Time, max(1, d.options.batch))
		for i := range at {
			at[i] = now
		}
		d.deliver(at)
	}
}

// pace makes an event due at even intervals.
func (d *direct) pace(due chan<- time.Time, perSecond float64) {
	defer close(due)
	interval := time.Duration(float64(time.Second) / perSecond)
	for at := time.Now(); !d.stopping.Load(); at = at.Add(interval) {
		load.Nap(time.Until(at))
		due <- at
	}
}

// openLoop delivers what is due. A batch has what is due already, and waits for
// no more.
func (d *direct) openLoop(due <-chan time.Time) {
	for first := range due {
		d.deliver(d.more([]time.Time{first}, due))
	}
}

func (d *direct) more(at []time.Time, due <-chan time.Time) []time.Time {
	for len(at) < d.options.batch {
		select {
		case next, ok := <-due:
			if !ok {
				return at
			}
			at = append(at, next)
		default:
			return at
		}
	}
	return at
}

// deliver hands over as many events as there are times.
func (d *direct) deliver(at []time.Time) {
	ds := make([]targets.Delivery, len(at))
	for i := range ds {
		ds[i] = d.next(at[i])
	}
	var errs []error
	if d.batcher != nil {
		errs = d.batcher.DeliverBatch(d.ctx, ds)
	} else if err := d.target.Deliver(d.ctx, ds[0]); err != nil {
		errs = []error{err}
	}
	now := time.Now()
	for i := range ds {
		if errs != nil && errs[i] != nil {
			d.meter.Failed(errs[i])
			continue
		}
		d.meter.Done(now.Sub(at[i]))
	}
}

// next is a new event like those of the load.
func (d *direct) next(at time.Time) targets.Delivery {
	n := d.numbers.Add(1)
	ev := &cloudevent.Event{
		ID: wire.ID(n, at.UnixNano()), Source: "/bench", Type: wire.Type(0), Subject: wire.Key(0),
		DataContentType: "application/json", Data: d.data,
	}
	return targets.Delivery{
		ID: fmt.Sprintf("%d/r0-0/t0", n), Event: ev, Sequence: n, Rule: "r0-0", Target: target(0), Version: "0123456789ab", Attempt: 1,
	}
}
