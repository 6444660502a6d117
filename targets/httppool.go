package targets

import (
	"context"
	"slices"
	"sync"
	"time"
)

// pool keeps the connections of one target, and says who may have one. A place
// in it is held by each connection that is in use, at rest or being made.
//
// The connection that was used last is used first, so that those which are not
// needed any more grow old.
type pool struct {
	limit int           // places
	rest  time.Duration // how long a connection may be at rest

	mu      sync.Mutex
	taken   int          // places; never more than limit
	idle    []*conn      // the one that was used last at the end
	waiting []chan *conn // who came first is first; each has room for one
	sweeper *time.Timer  // nil while nothing is at rest
	closed  bool
}

// acquire takes a place, with a connection or, where the caller is to make one,
// without. Who has it gives it back with release.
func (p *pool) acquire(ctx context.Context, deadline time.Time) (*conn, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	if p.taken < p.limit {
		p.taken++
		p.mu.Unlock()
		return nil, nil
	}
	turn := make(chan *conn, 1)
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()
	return p.wait(ctx, deadline, turn)
}

func (p *pool) wait(ctx context.Context, deadline time.Time, turn chan *conn) (*conn, error) {
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	select {
	case c := <-turn:
		return c, nil
	case <-late.C:
		p.leave(turn)
		return nil, context.DeadlineExceeded
	case <-ctx.Done():
		p.leave(turn)
		return nil, ctx.Err()
	}
}

// leave gives back what may have come at the last moment.
func (p *pool) leave(turn chan *conn) {
	p.mu.Lock()
	i := slices.Index(p.waiting, turn)
	if i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
	p.mu.Unlock()
	if i < 0 {
		p.release(<-turn)
	}
}

// release gives a place back, with a connection that can be used again or nil.
func (p *pool) release(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.waiting) > 0:
		p.waiting[0] <- c
		p.waiting = slices.Delete(p.waiting, 0, 1)
	case c == nil:
		p.taken--
	case p.closed:
		p.drop(c)
	default:
		c.since = time.Now()
		p.idle = append(p.idle, c)
		p.watch()
	}
}

func (p *pool) drop(c *conn) {
	c.Close()
	p.taken--
}

// watch sees to it that the oldest connection at rest does not stay too long.
func (p *pool) watch() {
	if p.sweeper == nil && len(p.idle) > 0 {
		p.sweeper = time.AfterFunc(time.Until(p.idle[0].since.Add(p.rest)), p.sweep)
	}
}

func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	young := 0
	for young < len(p.idle) && time.Since(p.idle[young].since) >= p.rest {
		p.drop(p.idle[young])
		young++
	}
	p.idle = slices.Delete(p.idle, 0, young)
	p.sweeper = nil
	if !p.closed {
		p.watch()
	}
}

// close lets go of the connections at rest now, and of the others when they are
// given back.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		p.drop(c)
	}
	p.idle = nil
	if p.sweeper != nil {
		p.sweeper.Stop()
	}
}
