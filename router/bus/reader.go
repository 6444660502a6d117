package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// Record is one message of a stream. Either Local is set (it was appended by
// this process and is still in memory) or Header and Data are.
type Record struct {
	Sequence uint64
	Subject  string
	Time     time.Time // when it was stored; zero where Local is set
	Local    any
	Header   map[string][]string
	Data     []byte
	Err      error // [ErrUnreadable] where the message is damaged; then there is nothing else
}

// Reader reads WYE_EVENTS in order, each message once it is durable. It is
// used by one goroutine.
type Reader struct {
	bus    *Bus
	next   uint64
	missed int // reads in a row that did not find next
}

// ReadFrom gives a reader whose first message is the one at sequence from, or
// the first that is still kept after it.
func (b *Bus) ReadFrom(from uint64) *Reader { return &Reader{bus: b, next: max(from, 1)} }

// Next appends to into the next messages, at least one and up to its capacity;
// it waits until there is one.
func (r *Reader) Next(ctx context.Context, into []Record) ([]Record, error) {
	for {
		durable := r.bus.events.durable.Load()
		if r.next <= durable {
			got, err := r.read(ctx, into, durable)
			if err != nil || len(got) > len(into) {
				return got, err
			}
			continue // what was next is trimmed; go on after it
		}
		select {
		case <-ctx.Done():
			return into, context.Cause(ctx)
		case <-r.bus.tail.grown:
		}
	}
}

func (r *Reader) read(ctx context.Context, into []Record, durable uint64) ([]Record, error) {
	got := r.bus.tail.take(into, r.next, durable)
	if len(got) == len(into) {
		var err error
		if got, err = r.bus.scan(ctx, streamEvents, scanRequest{From: r.next, Batch: cap(into) - len(into)}, into); err != nil {
			return into, err
		}
		got = contiguous(got, len(into), durable)
		if len(got) == len(into) || got[len(into)].Sequence != r.next {
			return r.missing(ctx, got, into)
		}
	}
	r.next, r.missed = got[len(got)-1].Sequence+1, 0
	return got, nil
}

// contiguous cuts what was read after from at the first gap, and at the end of
// what is durable.
func contiguous(got []Record, from int, durable uint64) []Record {
	for i := from; i < len(got); i++ {
		if got[i].Sequence > durable || i > from && got[i].Sequence != got[i-1].Sequence+1 {
			return got[:i]
		}
	}
	return got
}

// missedMost is how often a message that is stored may not be found before it
// is given up as unreadable.
const missedMost = 5

// ErrUnreadable is the error of a record that is stored but cannot be read.
var ErrUnreadable = errors.New("the store cannot read the message")

// missing deals with a next message that was not among what was read. The
// store answers "there is none" also when it could not look (no file handles,
// a replica that lags), so only the stream's own state is believed: the message
// was trimmed from the archive, or it must be looked for again. A single one
// that is never found while later ones are is damaged.
func (r *Reader) missing(ctx context.Context, got, into []Record) ([]Record, error) {
	info, err := r.bus.events.js.Info(ctx)
	if err != nil {
		return into, readError(streamEvents, err)
	}
	if first := info.State.FirstSeq; first > r.next {
		r.next = first
		return into, nil
	}
	if r.missed++; len(got) == len(into) || r.missed < missedMost {
		return into, readError(streamEvents, fmt.Errorf("message %d is stored but was not found", r.next))
	}
	seq := r.next
	r.next, r.missed = r.next+1, 0
	return append(into, Record{Sequence: seq, Err: ErrUnreadable}), nil
}

// scanRequest asks for messages of a stream in order (JetStream's batched
// direct get).
type scanRequest struct {
	From     uint64     `json:"seq,omitempty"`
	Since    *time.Time `json:"start_time,omitempty"`
	Batch    int        `json:"batch,omitempty"`
	MaxBytes int        `json:"max_bytes,omitempty"`
	Subject  string     `json:"next_by_subj,omitempty"`
}

const (
	scanBytes   = 4 << 20 // of one answer
	scanSilence = 10 * time.Second
)

// scan appends to into the stored messages that the request names, none where
// there are none.
func (b *Bus) scan(ctx context.Context, stream string, req scanRequest, into []Record) ([]Record, error) {
	req.MaxBytes = scanBytes
	if req.Since != nil {
		at := countable(*req.Since)
		req.Since = &at
	}
	body, err := json.Marshal(req)
	if err != nil {
		return into, err
	}
	inbox := b.own.nc.NewInbox()
	sub, err := b.own.nc.SubscribeSync(inbox)
	if err != nil {
		return into, readError(stream, err)
	}
	defer sub.Unsubscribe()
	if err := b.own.nc.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, body); err != nil {
		return into, readError(stream, err)
	}
	for {
		ctx, cancel := context.WithTimeout(ctx, scanSilence)
		m, err := sub.NextMsgWithContext(ctx)
		cancel()
		if err != nil {
			return into, readError(stream, err)
		}
		switch status := m.Header.Get("Status"); status {
		case "":
			into = append(into, recordOf(m))
		case "204", "404":
			return into, nil
		default:
			return into, readError(stream, errors.New(m.Header.Get("Description")))
		}
	}
}

// countable is the time nearest to at that the server can count in nanoseconds. It
// takes one beyond, such as of the year 3000, for another.
func countable(at time.Time) time.Time {
	first, last := time.Unix(0, 0).UTC(), time.Unix(0, math.MaxInt64).UTC()
	switch {
	case at.Before(first):
		return first
	case at.After(last):
		return last
	}
	return at
}

func readError(stream string, err error) error {
	return fmt.Errorf("read the stream %s: %w", stream, err)
}

func recordOf(m *nats.Msg) Record {
	seq, _ := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	at, _ := time.Parse(time.RFC3339Nano, m.Header.Get("Nats-Time-Stamp"))
	return Record{Sequence: seq, Subject: m.Header.Get("Nats-Subject"), Time: at, Header: m.Header, Data: m.Data}
}
