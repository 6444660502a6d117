package bus

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
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

// stream is one JetStream stream that Wye appends to, and its committer: the
// goroutine that takes the store's acknowledgements, makes durable what they
// acknowledge, and answers those who wait. One fsync serves all whose
// acknowledgements are there; those that come while it runs wait for the next,
// which is what makes the group: the slower the disk, the larger the groups.
type stream struct {
	name   string
	link   *link
	js     jetstream.Stream
	blocks *blockFiles // nil where an acknowledgement is all there is
	stored func(Receipt, any)
	grown  func()      // called when durable has grown
	failed func(error) // told once; nothing is committed after

	acks    *acks
	replies chan *nats.Msg
	sub     *nats.Subscription
	stop    chan struct{}
	done    chan struct{}
	broken  error    // why nothing is committed any more; the committer's own
	durable sequence // the highest sequence known to be durable
}

// Bounds of the acknowledgements that wait for the committer, and of a group.
// An acknowledgement too many is dropped, and its append fails as unanswered.
const (
	repliesKept = 1 << 17
	groupMost   = 8192
)

// listen subscribes to the acknowledgements and starts the committer.
func (s *stream) listen(ctx context.Context) error {
	info, err := s.js.Info(ctx)
	if err != nil {
		return fmt.Errorf("read the state of the stream %s: %w", s.name, err)
	}
	s.durable.Store(info.State.LastSeq)
	inbox := s.link.nc.NewInbox() + "."
	s.acks = newAcks(inbox)
	s.replies = make(chan *nats.Msg, repliesKept)
	if s.sub, err = s.link.nc.ChanSubscribe(inbox+"*", s.replies); err != nil {
		return fmt.Errorf("listen to the stream %s: %w", s.name, err)
	}
	s.stop, s.done = make(chan struct{}), make(chan struct{})
	go s.run()
	return nil
}

// tidyEvery is how often blocks that the server rewrote are looked for.
const tidyEvery = time.Second

// answered is an append with what the store said.
type answered struct {
	pending
	receipt Receipt
	err     error
}

func (s *stream) run() {
	defer close(s.done)
	if s.blocks != nil {
		defer s.blocks.close()
	}
	var group []answered
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.tidy()
		case m := <-s.replies:
			group = s.gather(group[:0], m)
			s.commit(group)
			clear(group)
		case <-s.stop:
			return
		}
	}
}

// gather takes the acknowledgements that are there, in the order in which the
// store gave them.
func (s *stream) gather(group []answered, m *nats.Msg) []answered {
	for {
		if p, ok := s.acks.take(m.Subject); ok {
			r, err := parseAck(m)
			if err == nil && s.stored != nil {
				s.stored(r, p.local)
			}
			group = append(group, answered{p, r, err})
		}
		if len(group) == groupMost {
			return group
		}
		select {
		case m = <-s.replies:
		default:
			return group
		}
	}
}

// commit makes a group durable and answers it.
func (s *stream) commit(group []answered) {
	failed := s.sync()
	if failed == nil {
		for i := range group {
			if group[i].err == nil {
				s.durable.raise(group[i].receipt.Sequence)
			}
		}
		if s.grown != nil {
			s.grown()
		}
	}
	for i := range group {
		a := &group[i]
		if a.err == nil {
			a.err = failed
		}
		a.then(a.receipt, a.err)
	}
}

// sync makes durable what the store has acknowledged. A failure is final (see
// the package comment): also for those whose acknowledgement comes after it.
func (s *stream) sync() error {
	if s.blocks == nil || s.broken != nil {
		return s.broken
	}
	return s.checked(s.blocks.sync())
}

// tidy syncs blocks that the server rewrote by itself.
func (s *stream) tidy() {
	if s.blocks != nil && s.broken == nil {
		_ = s.checked(s.blocks.syncRewritten()) // remembered, and told to the bus
	}
}

func (s *stream) checked(err error) error {
	if err != nil {
		s.broken = fmt.Errorf("write to disk failed; nothing more is accepted until a restart: %w", err)
		s.failed(s.broken)
	}
	return s.broken
}

// closeWithin bounds the wait for the store's last answers.
const closeWithin = 2 * time.Second

// close takes nothing more, commits what was handed to the store, and ends the
// committer. What the store did not answer fails.
func (s *stream) close() {
	s.acks.close(closeWithin)
	s.sub.Unsubscribe()
	close(s.stop)
	<-s.done
	s.acks.expire(time.Now().Add(time.Hour), ErrClosed)
}
