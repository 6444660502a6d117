package load

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/wire"
)

// connection carries one event at a time.
type connection struct {
	net.Conn
	event   *wire.Event
	about   func(number uint64) (eventType, key int) // nil: all are alike
	answers *wire.Reader
}

func newConnection(c net.Conn, cfg Config) *connection {
	event := wire.NewEvent(cfg.Addr, cfg.Type, cfg.Size)
	if cfg.About != nil {
		event = wire.NewChangingEvent(cfg.Addr, cfg.Size)
	}
	return &connection{Conn: c, event: event, about: cfg.About, answers: wire.NewReader(c)}
}

func (c *connection) send(number uint64, due time.Time) error {
	if c.about != nil {
		c.event.About(c.about(number))
	}
	_, err := c.Write(c.event.Numbered(number, due.UnixNano()))
	return err
}

// refused is an answer other than 2xx.
type refused struct{ head string }

func (e *refused) Error() string { return fmt.Sprintf("refused: %q", e.head) }

func (c *connection) receive() error {
	head, err := c.answers.Next()
	if err != nil {
		return err
	}
	if status := head.Status(); status < 200 || status > 299 {
		return &refused{head: string(head)}
	}
	return nil
}

// usable is false where the connection is broken, and not merely the event
// refused.
func usable(err error) bool {
	_, isRefusal := errors.AsType[*refused](err)
	return err == nil || isRefusal
}
