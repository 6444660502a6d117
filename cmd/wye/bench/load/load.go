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
}

// Generator is a load under way.
type Generator struct {
	connections []*connection
	sending     sync.WaitGroup
	stopping    atomic.Bool

	numbers atomic.Uint64
	meter   measure.Meter
}

// Start connects, and then sends until Stop.
func Start(ctx context.Context, cfg Config) (*Generator, error) {
	g := &Generator{}
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
// the connections.
func (g *Generator) Stop() {
	g.stopping.Store(true)
	impatient := time.AfterFunc(patience, g.close)
	defer impatient.Stop()
	g.sending.Wait()
	g.close()
}

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
func (g *Generator) answered(due time.Time, err error) {
	if err != nil {
		g.meter.Failed(err)
		return
	}
	g.meter.Done(time.Since(due))
}
