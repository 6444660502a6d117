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
	reply := s.link.acks.expect(pending{stream: s, local: m.Local, then: then})
	msg := nats.Msg{Subject: m.Subject, Reply: reply, Header: m.Header, Data: m.Data}
	if m.ID != "" {
		if msg.Header == nil {
			msg.Header = nats.Header{}
		}
		msg.Header[nats.MsgIdHdr] = []string{m.ID}
	}
	if err := s.link.nc.PublishMsg(&msg); err != nil {
		if p, ok := s.link.acks.take(reply); ok {
			if errors.Is(err, nats.ErrMaxPayload) {
				err = ErrTooLarge
			}
			p.then(Receipt{}, fmt.Errorf("hand the message to the store: %w", err))
		}
	}
}

// stored is called for every acknowledgement of the store, in the order in
// which the store gave them.
func (b *Bus) stored(p pending, r Receipt, err error) {
	if err != nil {
		p.then(r, err)
		return
	}
	s := p.stream
	if s == b.events && !r.Duplicate {
		b.tail.put(r.Sequence, p.local)
	}
	if s.commit == nil {
		s.settled(b, r, p.then)
		return
	}
	s.commit.after(func(err error) {
		if err != nil {
			p.then(r, err)
			return
		}
		s.settled(b, r, p.then)
	})
}

// settled answers an append that is durable now.
func (s *stream) settled(b *Bus, r Receipt, then func(Receipt, error)) {
	s.durable.raise(r.Sequence)
	if s == b.events {
		b.tail.wake()
	}
	then(r, nil)
}

// pending is an append that the store has not answered yet.
type pending struct {
	stream *stream
	local  any
	then   func(Receipt, error)
	since  time.Time
}

// acks matches the store's acknowledgements with the appends they answer.
type acks struct {
	prefix string
	answer func(pending, Receipt, error)

	mu   sync.Mutex
	next uint64
	open map[uint64]pending
}

func newAcks(prefix string, answer func(pending, Receipt, error)) *acks {
	return &acks{prefix: prefix, answer: answer, open: map[uint64]pending{}}
}

// expect registers an append and gives the reply subject of its acknowledgement.
func (a *acks) expect(p pending) string {
	p.since = time.Now()
	a.mu.Lock()
	a.next++
	n := a.next
	a.open[n] = p
	a.mu.Unlock()
	return a.prefix + strconv.FormatUint(n, 36)
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
	return p, ok
}

// received is the subscription's handler.
func (a *acks) received(m *nats.Msg) {
	p, ok := a.take(m.Subject)
	if !ok {
		return
	}
	r, err := parseAck(m)
	a.answer(p, r, err)
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
