package targets

import (
	"bufio"
	"context"
	"net"
	"syscall"
	"time"
)

// conn is one connection to a receiver, used by one delivery at a time.
type conn struct {
	net.Conn
	in      *bufio.Reader
	address string
	used    bool      // by a delivery before this one
	since   time.Time // when it was put to rest
	abort   func()    // ends all reading and writing now
	quiet   func() bool
}

const answerBuffer = 4 << 10

// dial connects within the time that the delivery has left, and goes by no
// proxy.
func dial(ctx context.Context, address string, deadline time.Time) (*conn, error) {
	network, err := (&net.Dialer{Deadline: deadline}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: network, in: bufio.NewReaderSize(network, answerBuffer), address: address}
	c.abort = func() { c.SetDeadline(time.Unix(1, 0)) }
	c.quiet = func() bool { return true }
	if s, ok := network.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			c.quiet = quietly(raw)
		}
	}
	return c, nil
}

// fits says whether a connection that was at rest can take the next request:
// not if the receiver has closed it, or said something that nobody asked for,
// which would be taken for the next answer.
func (c *conn) fits(address string) bool {
	return c.address == address && c.quiet()
}
