// Package load sends events and counts the answers.
//
// Closed loop: every connection sends its next event when it has the answer to
// the last, which finds how much a receiver can take. Open loop: events are due
// at even intervals whatever the receiver does, and latency counts from the
// time an event was due, so that a receiver that stalls cannot hide how long
// others would have waited.
package load

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/measure"
)

// patience is how long Stop waits for answers that are still due.
const patience = 5 * time.Second

// Config says what to send where.
type Config struct {
	Addr        string // host:port; the path is /events
	Type        string // of the events
	Size        int    // of their data, in bytes
	Connections int
	Rate        float64 // events a second in an open loop; 0 for a closed loop

	// About gives the type and the key of an event where they change; nil where
	// all are of Type. It runs on many goroutines.
	About func(number uint64) (eventType, key int)
	// Accepted is told of every event that was taken; nil for nobody.
	Accepted func(number uint64)
	// After is the last number that was used before.
	After uint64
	// Credits are taken, one for each event of a closed loop: who puts them back
	// says how many events may be under way. Nil for as many as there are
	// connections. It has room for all of them.
	Credits chan struct{}
}

// Generator is a load under way.
type Generator struct {
	connections []*connection
	sending     sync.WaitGroup
	stopping    atomic.Bool

	cfg     Config
	quit    chan struct{} // closed when stopping
	numbers atomic.Uint64
	meter   measure.Meter
}

// Start connects, and then sends until Stop.
func Start(ctx context.Context, cfg Config) (*Generator, error) {
	g := &Generator{cfg: cfg, quit: make(chan struct{})}
	g.numbers.Store(cfg.After)
	for range cfg.Connections {
		c, err := g.connect(ctx, cfg)
		if err != nil {
			g.close()
			return nil, err
		}
		g.connections = append(g.connections, c)
	}
	if cfg.Rate > 0 {
		g.sending.Go(func() { g.openLoop(cfg.Rate) })
		return g, nil
	}
	for _, c := range g.connections {
		g.sending.Go(func() { g.closedLoop(c) })
	}
	return g, nil
}

// Stop sends nothing more, waits for the answers to what was sent, and closes
// the connections. It may come twice.
func (g *Generator) Stop() {
	if !g.stopping.Swap(true) {
		close(g.quit)
	}
	impatient := time.AfterFunc(patience, g.close)
	defer impatient.Stop()
	g.sending.Wait()
	g.close()
}

// Last is the highest number that was given to an event.
func (g *Generator) Last() uint64 { return g.numbers.Load() }

// Done is how many events were taken so far.
func (g *Generator) Done() uint64 { return g.meter.Count() }

// Tally is what was answered so far.
func (g *Generator) Tally() measure.Tally { return g.meter.Tally() }

func (g *Generator) close() {
	for _, c := range g.connections {
		c.Close()
	}
}

func (g *Generator) connect(ctx context.Context, cfg Config) (*connection, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("connect the generator: %w", err)
	}
	return newConnection(c, cfg), nil
}

// answered counts the answer to one event, or the lack of it.
func (g *Generator) answered(number uint64, due time.Time, err error) {
	if err != nil {
		g.meter.Failed(err)
		g.giveBack()
		return
	}
	if g.cfg.Accepted != nil {
		g.cfg.Accepted(number)
	}
	g.meter.Done(time.Since(due))
}
