package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Message is what is appended to a stream.
type Message struct {
	Subject string // set by the bus for its own streams
	ID      string // the same ID within the duplicate window is stored once
	Header  map[string][]string
	Data    []byte

	// Local is handed to the reader with the message while it is still in
	// memory: what Data and Header decode to.
	Local any
}

// Receipt is the answer to an append.
type Receipt struct {
	Sequence  uint64
	Duplicate bool // the ID was stored before; Sequence is of that message
}

var (
	// ErrClosed says that the bus is stopping.
	ErrClosed = errors.New("the bus is closed")
	// ErrTooLarge says that the store takes no message of this size.
	ErrTooLarge = errors.New("the message is larger than the store takes")
	// ErrNoAnswer says that the store did not answer in time: the message may
	// or may not be stored. Appending it again with the same ID is safe.
	ErrNoAnswer = errors.New("the store did not answer in time")
)

// answerWithin is how long the store may take to acknowledge.
const answerWithin = 10 * time.Second

// Append stores one accepted event and returns when it is durable.
func (b *Bus) Append(ctx context.Context, m Message) (Receipt, error) {
	m.Subject = subjectEvents
	return b.append(ctx, b.events, m)
}

// AppendAsync is Append with the answer given to a function, which must return
// soon and may run on any goroutine.
func (b *Bus) AppendAsync(m Message, then func(Receipt, error)) {
	m.Subject = subjectEvents
	b.appendAsync(b.events, m, then)
}

func (b *Bus) append(ctx context.Context, s *stream, m Message) (Receipt, error) {
	type answer struct {
		Receipt
		err error
	}
	ch := make(chan answer, 1)
	b.appendAsync(s, m, func(r Receipt, err error) { ch <- answer{r, err} })
	select {
	case a := <-ch:
		return a.Receipt, a.err
	case <-ctx.Done():
		return Receipt{}, fmt.Errorf("%w: %w", ErrNoAnswer, context.Cause(ctx))
	}
}

func (b *Bus) appendAsync(s *stream, m Message, then func(Receipt, error)) {
	if err := b.Failed(); err != nil {
		then(Receipt{}, err)
		return
	}
	if err := b.Wedged(); err != nil {
		then(Receipt{}, err)
		return
	}
	reply, ok := s.acks.expect(pending{local: m.Local, then: then})
	if !ok {
		then(Receipt{}, ErrClosed)
		return
	}
	msg := nats.Msg{Subject: m.Subject, Reply: reply, Header: m.Header, Data: m.Data}
	if m.ID != "" {
		if msg.Header == nil {
			msg.Header = nats.Header{}
		}
		msg.Header[nats.MsgIdHdr] = []string{m.ID}
	}
	if err := s.link.nc.PublishMsg(&msg); err != nil {
		if p, ok := s.acks.take(reply); ok {
			if errors.Is(err, nats.ErrMaxPayload) {
				err = ErrTooLarge
			}
			p.then(Receipt{}, fmt.Errorf("hand the message to the store: %w", err))
		}
	}
}

// pending is an append that the store has not answered yet.
type pending struct {
	local any
	then  func(Receipt, error)
	since time.Time
}

// acks matches the store's acknowledgements with the appends they answer.
type acks struct {
	prefix string

	mu     sync.Mutex
	next   uint64
	open   map[uint64]pending
	closed bool
	idle   chan struct{} // closed when closed and nothing is open
}

func newAcks(prefix string) *acks {
	return &acks{prefix: prefix, open: map[uint64]pending{}, idle: make(chan struct{})}
}

// expect registers an append and gives the reply subject of its acknowledgement;
// ok is false when nothing is appended any more.
func (a *acks) expect(p pending) (reply string, ok bool) {
	p.since = time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return "", false
	}
	a.next++
	a.open[a.next] = p
	return a.prefix + strconv.FormatUint(a.next, 36), true
}

func (a *acks) take(reply string) (pending, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(reply, a.prefix), 36, 64)
	if err != nil {
		return pending{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.open[n]
	delete(a.open, n)
	if ok && a.closed && len(a.open) == 0 {
		close(a.idle)
	}
	return p, ok
}

// close refuses what comes, and gives the store a moment to answer what is open.
func (a *acks) close(within time.Duration) {
	a.mu.Lock()
	already := a.closed
	a.closed = true
	idle := len(a.open) == 0
	a.mu.Unlock()
	if already || idle {
		return
	}
	select {
	case <-a.idle:
	case <-time.After(within):
	}
}

// expire fails the appends that the store has not answered in time.
func (a *acks) expire(before time.Time, err error) {
	var late []pending
	a.mu.Lock()
	for n, p := range a.open {
		if p.since.Before(before) {
			late = append(late, p)
			delete(a.open, n)
		}
	}
	a.mu.Unlock()
	for _, p := range late {
		p.then(Receipt{}, err)
	}
}

// parseAck reads a JetStream publish acknowledgement. Nearly all are of the
// plain form {"stream":"…","seq":12,"duplicate":true}, read without a decoder.
func parseAck(m *nats.Msg) (Receipt, error) {
	if !bytes.Contains(m.Data, []byte(`"error"`)) {
		if _, rest, ok := bytes.Cut(m.Data, []byte(`"seq":`)); ok {
			rest = bytes.TrimLeft(rest, " ")
			end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
			if n, err := strconv.ParseUint(string(rest[:max(end, 0)]), 10, 64); err == nil {
				return Receipt{Sequence: n, Duplicate: bytes.Contains(rest, []byte(`"duplicate":`))}, nil
			}
		}
	}
	var a struct {
		Error *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if m.Header.Get("Status") == "503" {
		return Receipt{}, errors.New("no store takes messages; is JetStream enabled on the NATS servers?")
	}
	if err := json.Unmarshal(m.Data, &a); err != nil || a.Error == nil {
		return Receipt{}, errors.New("the store's answer was not understood")
	}
	return Receipt{}, fmt.Errorf("the store refused the message: %s", a.Error.Description)
}
