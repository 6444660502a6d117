// Package sink is the end of the line: a server that takes events over
// HTTP/1.1, counts them, tells repetitions apart, and knows from the id when an
// event was due to be sent.
//
// It answers as little as it can and parses as little as it can, since it runs
// beside what is being measured.
package sink

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/measure"
	"github.com/wye-events/wye/cmd/wye/bench/wire"
)

var answer = []byte("HTTP/1.1 204 No Content\r\n\r\n")

// Sink counts what arrives. The zero value is ready.
type Sink struct {
	first    measure.Meter // first arrivals
	repeated atomic.Uint64
	seen     bitmap
}

// Serve takes connections until the listener is closed, and waits for their ends.
func (s *Sink) Serve(l net.Listener) error {
	var connections sync.WaitGroup
	defer connections.Wait()
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take a connection: %w", err)
		}
		connections.Go(func() { s.serve(c) })
	}
}

// Tally is what arrived so far.
func (s *Sink) Tally() measure.Tally {
	t := s.first.Tally()
	t.Distinct = t.Done
	t.Done += s.repeated.Load()
	return t
}

func (s *Sink) serve(c net.Conn) {
	defer c.Close()
	r := wire.NewReader(c)
	for {
		head, err := r.Next()
		if err != nil {
			s.failed(err)
			return
		}
		s.count(head.Get("ce-id"), time.Now())
		if _, err := c.Write(answer); err != nil {
			s.failed(err)
			return
		}
	}
}

// count takes note of an arrival. An id that is not one of ours is answered
// like any other, so that the mistake shows as an error and not as a retry.
func (s *Sink) count(id []byte, now time.Time) {
	number, nanos, ok := wire.ParseID(id)
	if !ok || number >= maxEvents {
		s.failed(fmt.Errorf("unexpected ce-id %q", id))
		return
	}
	if !s.seen.add(number) {
		s.repeated.Add(1)
		return
	}
	s.first.Done(time.Duration(now.UnixNano() - nanos))
}

// failed counts an error. The end of a connection between two events is none.
func (s *Sink) failed(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return
	}
	s.first.Failed(err)
}
