package bus

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Incoming is a message that somebody published for Wye to take.
type Incoming struct {
	Header map[string][]string
	Data   []byte
	// Reply answers the publisher; nil where no answer is asked for.
	Reply func(header map[string][]string, data []byte)
}

// Listen calls handle, in order, for every message on wye.in and wye.in.>
// until the returned function is called, which waits for the last one.
func (b *Bus) Listen(handle func(Incoming)) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, f := range stops {
			f()
		}
	}
	for _, subject := range []string{subjectIn, subjectIn + ".>"} {
		s, err := b.shared.nc.Subscribe(subject, func(m *nats.Msg) { handle(b.incoming(m)) })
		if err != nil {
			stop()
			return nil, fmt.Errorf("listen on %s: %w", subject, err)
		}
		stops = append(stops, func() { drain(s) })
	}
	return stop, b.shared.nc.Flush()
}

// drainWithin bounds the wait for the last messages of a subscription.
const drainWithin = 5 * time.Second

// drain ends a subscription once what already came is handled.
func drain(s *nats.Subscription) {
	closed := make(chan struct{})
	s.SetClosedHandler(func(string) { close(closed) })
	if s.Drain() != nil {
		return // not connected: nothing comes any more
	}
	select {
	case <-closed:
	case <-time.After(drainWithin):
	}
}

func (b *Bus) incoming(m *nats.Msg) Incoming {
	in := Incoming{Header: m.Header, Data: m.Data}
	if ownSubject(m.Reply) {
		return in
	}
	in.Reply = func(header map[string][]string, data []byte) {
		// The publisher is gone if this fails, and its message is stored all the same.
		_ = b.shared.nc.PublishMsg(&nats.Msg{Subject: m.Reply, Header: header, Data: data})
	}
	return in
}

// ownSubject tells whether an answer must not go to reply: a publisher chooses
// it, and this connection may write what publishers may not.
func ownSubject(reply string) bool {
	return reply == "" || strings.HasPrefix(reply, "wye.") || strings.HasPrefix(reply, "$") || strings.HasPrefix(reply, inboxPrefix+".")
}
