package targets

import (
	"context"
	"errors"
	"os"
	"time"
)

// exchange is [httpTarget.post] in clear text: HTTP/1.1 without net/http, whose
// transport has two goroutines for each connection and hands every request and
// answer over to them. Here the delivering goroutine writes and reads by
// itself, and the connection's own deadline is the timeout.
//
// A request is written a second time only where not a byte of it went out the
// first time.
func (t *httpTarget) exchange(ctx context.Context, deadline time.Time, l *load, w *wire) (*reply, error) {
	o, err := newMessage(w, l)
	if err != nil {
		return nil, err
	}
	defer o.free()
	a := &attempt{ctx: ctx, deadline: deadline, address: w.address, out: o, phase: connecting}
	r, err := t.try(a)
	if err != nil {
		return nil, t.brokenOff(a, err)
	}
	return r, nil
}

// attempt is one exchange on its way, and how far it came.
type attempt struct {
	ctx      context.Context
	deadline time.Time
	address  string
	out      *message
	phase    phase
}

// over says that nobody waits for the attempt any more.
func (a *attempt) over() bool {
	return a.ctx.Err() != nil || !time.Now().Before(a.deadline)
}

// errUnsent says that a connection was closed before it was written to.
var errUnsent = errors.New("not a byte was sent")

func (t *httpTarget) try(a *attempt) (r *reply, err error) {
	if err := a.ctx.Err(); err != nil {
		return nil, err
	}
	a.phase = queueing
	c, err := t.pool.acquire(a.ctx, a.deadline)
	if err != nil {
		return nil, err
	}
	defer func() { t.pool.release(c) }() // c is nil by then if it is of no more use
	if c != nil && !c.fits(a.address) {
		c.Close()
		c = nil
	}
	if c != nil {
		if r, c, err = t.talk(a, c); err != errUnsent {
			return r, err
		}
	}
	a.phase = connecting
	if c, err = dial(a.ctx, a.address, a.deadline); err != nil {
		return nil, err
	}
	r, c, err = t.talk(a, c)
	return r, err
}

// talk sends the request and reads the answer. It gives the connection back if
// it can be used again, and closes it otherwise.
func (t *httpTarget) talk(a *attempt, c *conn) (*reply, *conn, error) {
	a.phase = awaitingReply
	c.SetDeadline(a.deadline)
	undisturbed := context.AfterFunc(a.ctx, c.abort)
	r, lasting, err := t.sendAndReceive(a, c)
	// An abort that has begun may still come, and must not hit the next request.
	if undisturbed() && err == nil && lasting && c.in.Buffered() == 0 {
		c.used = true
		return r, c, nil
	}
	c.Close()
	return r, nil, err
}

// brokenOff is [httpTarget.interrupted] for an exchange: only the caller's end
// is its context's, our own is the deadline.
func (t *httpTarget) brokenOff(a *attempt, err error) error {
	late := errors.Is(err, os.ErrDeadlineExceeded) || err == context.DeadlineExceeded
	if ended := a.callersEnd(late); ended != nil {
		return &stopped{a.phase, ended}
	}
	if late || a.over() {
		return tooLate(t.late, a.phase)
	}
	if faulty := faultyAnswer(""); errors.As(err, &faulty) {
		return faulty
	}
	return inWords(err)
}

// callersEnd is nil while the caller still waits. A connection that is being
// made knows the caller's deadline, and may notice it before the context does.
func (a *attempt) callersEnd(late bool) error {
	if ended := a.ctx.Err(); ended != nil {
		return ended
	}
	end, ok := a.ctx.Deadline()
	if ok && (late && end.Before(a.deadline) || !time.Now().Before(end)) {
		return context.DeadlineExceeded
	}
	return nil
}
