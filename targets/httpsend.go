package targets

import (
	"errors"
	"io"
	"net"
	"time"
)

// sendAndReceive is one exchange on a connection. An answer that came counts,
// also where the receiver did not wait for the whole request.
func (t *httpTarget) sendAndReceive(a *attempt, c *conn) (r *reply, lasting bool, err error) {
	if a.out.rest != nil {
		return t.sendWhileReceiving(a, c)
	}
	n, failed := c.send(a.out)
	if c.unsent(a, n, failed) {
		return nil, false, errUnsent
	}
	r, lasting, err = t.receive(a, c)
	return r, lasting && failed == nil, reason(failed, err)
}

// lingering is how long a request may go on after its answer.
const lingering = 50 * time.Millisecond

// sendWhileReceiving is for bodies that the kernel may not take at once: a
// receiver can refuse one (413) from its head and then read no more of it.
func (t *httpTarget) sendWhileReceiving(a *attempt, c *conn) (r *reply, lasting bool, err error) {
	var n int64
	var failed error
	sent, out := make(chan struct{}), a.out
	go func() {
		defer close(sent)
		n, failed = c.send(out)
	}()
	r, lasting, err = t.receive(a, c)
	if err != nil {
		c.Close()
	} else {
		c.SetWriteDeadline(time.Now().Add(lingering))
	}
	<-sent
	if c.unsent(a, n, failed) {
		return nil, false, errUnsent
	}
	return r, lasting && failed == nil, reason(failed, err)
}

// reason is why there is no answer: where the receiver just ended, an earlier
// failure to write says more. That may also be our own end of the connection,
// which says nothing.
func reason(sending, receiving error) error {
	if receiving == io.EOF && sending != nil && !errors.Is(sending, net.ErrClosed) {
		return sending
	}
	return receiving
}

// send writes a request at once, and says how much of it was written.
func (c *conn) send(o *message) (int64, error) {
	if o.rest == nil {
		n, err := c.Write(o.head)
		return int64(n), err
	}
	both := net.Buffers{o.head, o.rest}
	return both.WriteTo(c.Conn)
}

// unsent says that a connection that was at rest turned out to be closed. An
// attempt that is over is not one.
func (c *conn) unsent(a *attempt, n int64, failed error) bool {
	return failed != nil && n == 0 && c.used && !a.over()
}
