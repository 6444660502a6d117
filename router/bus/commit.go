package bus

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// sequence is a stream sequence that only grows.
type sequence struct{ v atomic.Uint64 }

func (s *sequence) Load() uint64   { return s.v.Load() }
func (s *sequence) Store(n uint64) { s.v.Store(n) }

// raise sets the sequence to n unless it is already there or beyond.
func (s *sequence) raise(n uint64) {
	for {
		old := s.v.Load()
		if n <= old || s.v.CompareAndSwap(old, n) {
			return
		}
	}
}

// committer makes what a stream has stored durable: one fsync for everybody
// who waits for one. Those who come while it runs wait for the next, which is
// what makes the group: the slower the disk, the larger the groups.
type committer struct {
	blocks *blockFiles
	failed func(error) // told once; nothing is committed after

	mu      sync.Mutex
	waiting []func(error)
	err     error
	stopped bool
	wake    chan struct{}
	done    chan struct{}
}

func startCommitter(blocks *blockFiles, failed func(error)) *committer {
	c := &committer{blocks: blocks, failed: failed, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go c.run()
	return c
}

// after calls then, on the committer's goroutine, once everything that was
// stored before this call is durable.
func (c *committer) after(then func(error)) {
	c.mu.Lock()
	if c.err != nil || c.stopped {
		err := c.err
		c.mu.Unlock()
		if err == nil {
			err = ErrClosed
		}
		then(err)
		return
	}
	c.waiting = append(c.waiting, then)
	first := len(c.waiting) == 1
	c.mu.Unlock()
	if first {
		c.wake <- struct{}{}
	}
}

func (c *committer) run() {
	defer close(c.done)
	defer c.blocks.close()
	var group []func(error)
	for range c.wake {
		c.mu.Lock()
		group, c.waiting = c.waiting, group[:0]
		c.mu.Unlock()
		err := c.blocks.sync()
		if err != nil {
			err = c.fail(err)
		}
		for i, then := range group {
			then(err)
			group[i] = nil
		}
		c.mu.Lock()
		stop := c.stopped && len(c.waiting) == 0
		c.mu.Unlock()
		if stop {
			return
		}
	}
}

// fail remembers a failed sync for ever: see the package comment.
func (c *committer) fail(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = fmt.Errorf("write to disk failed; nothing more is accepted until a restart: %w", err)
		c.failed(c.err)
	}
	return c.err
}

// stop commits what waits and ends the committer.
func (c *committer) stop() {
	c.mu.Lock()
	already := c.stopped
	c.stopped = true
	idle := len(c.waiting) == 0
	c.mu.Unlock()
	if !already && idle {
		c.wake <- struct{}{}
	}
	<-c.done
}
