package deliverybench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wye-events/wye/cmd/wye/bench/wire"
)

var (
	answer      = []byte("HTTP/1.1 204 No Content\r\n\r\n")
	batchFormat = []byte("application/cloudevents-batch")
)

// receiver is an HTTP server that takes events one by one and in batches. It
// parses and answers as little as it can, and can be taken down for a while.
type receiver struct {
	ledger *ledger
	addr   string // stays the same once it was up

	mu          sync.Mutex
	listener    net.Listener // nil while it is down
	connections map[net.Conn]struct{}
	serving     sync.WaitGroup
}

// up listens, at first on a free port, later where it did before.
func (r *receiver) up() error {
	addr := r.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("start the receiver: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addr, r.listener, r.connections = l.Addr().String(), l, map[net.Conn]struct{}{}
	r.serving.Go(func() { r.accept(l) })
	return nil
}

// down breaks all connections and takes none. It may come twice.
func (r *receiver) down() {
	r.mu.Lock()
	if r.listener != nil {
		r.listener.Close()
	}
	for c := range r.connections {
		c.Close()
	}
	r.listener = nil
	r.mu.Unlock()
	r.serving.Wait()
}

func (r *receiver) url() string { return "http://" + r.addr + "/" }

func (r *receiver) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		if r.listener != l {
			r.mu.Unlock()
			c.Close()
			return
		}
		r.connections[c] = struct{}{}
		r.serving.Go(func() { r.serve(c) })
		r.mu.Unlock()
	}
}

func (r *receiver) serve(c net.Conn) {
	defer func() {
		c.Close()
		r.mu.Lock()
		delete(r.connections, c)
		r.mu.Unlock()
	}()
	in := wire.NewReader(c)
	for {
		head, body, err := in.NextWithBody()
		if err != nil {
			r.broken(err)
			return
		}
		r.take(head, body)
		if _, err := c.Write(answer); err != nil {
			r.broken(err)
			return
		}
	}
}

func (r *receiver) take(head wire.Head, body []byte) {
	now := time.Now()
	if !bytes.HasPrefix(head.Get("content-type"), batchFormat) {
		r.ledger.arrive(head.Get("ce-id"), now)
		return
	}
	wire.EachID(body, func(id []byte) { r.ledger.arrive(id, now) })
}

// broken counts a connection that ended in the middle of a message, unless
// because the receiver went down.
func (r *receiver) broken(err error) {
	r.mu.Lock()
	up := r.listener != nil
	r.mu.Unlock()
	if up && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		r.ledger.deliveries.Failed(err)
	}
}

// subscribe has what is put on a subject arrive.
func subscribe(addr, subject string, to *ledger) (stop func(), err error) {
	nc, err := nats.Connect("nats://" + addr)
	if err != nil {
		return nil, fmt.Errorf("connect to the NATS server at %s: %w", addr, err)
	}
	_, err = nc.Subscribe(subject, func(m *nats.Msg) { to.arrive([]byte(m.Header.Get("ce-id")), time.Now()) })
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	return nc.Close, nil
}
