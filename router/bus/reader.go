package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
}

// Reader reads WYE_EVENTS in order, each message once it is durable. It is
// used by one goroutine.
type Reader struct {
	bus  *Bus
	next uint64
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
		for len(got) > len(into) && got[len(got)-1].Sequence > durable {
			got = got[:len(got)-1]
		}
		if len(got) == len(into) { // everything up to the durable end is gone from the archive
			r.next = durable + 1
			return got, nil
		}
	}
	r.next = got[len(got)-1].Sequence + 1
	return got, nil
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

func readError(stream string, err error) error {
	return fmt.Errorf("read the stream %s: %w", stream, err)
}

func recordOf(m *nats.Msg) Record {
	seq, _ := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	at, _ := time.Parse(time.RFC3339Nano, m.Header.Get("Nats-Time-Stamp"))
	return Record{Sequence: seq, Subject: m.Header.Get("Nats-Subject"), Time: at, Header: m.Header, Data: m.Data}
}
