package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// JetStream reads forwards and has no index over headers. So an event that is
// known by something else than its sequence is looked for in stretches, the
// newest first, of which only the headers are sent.
const (
	backFirst = 1024 // messages in the newest stretch; each further one is twice as long…
	backMost  = 1 << 15
	backFetch = 4096
)

// SearchBack looks for the newest event below the sequence before whose headers
// match, from there backwards, until ctx ends. It gives the sequence (0: not
// found) and the lowest one that it looked at. What ctx cut short is no error.
func (b *Bus) SearchBack(ctx context.Context, before uint64, match func(header map[string][]string) bool) (found, looked uint64, err error) {
	a, err := b.Archive(ctx)
	if err != nil {
		return 0, before, err
	}
	end := min(before, a.Last+1)
	for n := uint64(backFirst); end > a.First; n = min(2*n, backMost) {
		start := max(a.First, end-min(end, n))
		found, err := b.searchStretch(ctx, start, end, match)
		if found > 0 {
			return found, start, nil
		}
		if err != nil {
			if ctx.Err() != nil {
				err = nil
			}
			return 0, end, err
		}
		end = start
	}
	return 0, end, nil
}

// searchStretch gives the newest event from start on and below end that matches.
func (b *Bus) searchStretch(ctx context.Context, start, end uint64, match func(map[string][]string) bool) (found uint64, err error) {
	c, err := b.events.js.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: start, AckPolicy: jetstream.AckNonePolicy,
		HeadersOnly: true, MemoryStorage: true, Replicas: 1, InactiveThreshold: time.Minute,
	})
	if err != nil {
		return 0, readError(streamEvents, err)
	}
	defer b.dropConsumer(c)
	for at := start; at < end; {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		batch, err := c.FetchNoWait(int(min(end-at, backFetch)))
		if err != nil {
			return 0, readError(streamEvents, err)
		}
		before := at
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return 0, readError(streamEvents, err)
			}
			at = meta.Sequence.Stream + 1
			if at <= end && match(m.Headers()) {
				found = meta.Sequence.Stream
			}
		}
		if err := batch.Error(); err != nil {
			return 0, readError(streamEvents, err)
		}
		if at == before {
			break // what is left of the stretch is trimmed
		}
	}
	return found, nil
}

func (b *Bus) dropConsumer(c jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = b.events.js.DeleteConsumer(ctx, c.CachedInfo().Name) // else the server drops it as unused
}

// Recall gives the sequence of the event that was appended with an ID within
// the duplicate window; 0 where there is none. It asks the store to append a
// message of that ID on a condition that never holds: what it answers first is
// that it knows the ID. A store that looked at the condition first would say
// that it does not hold, and nothing is found.
func (b *Bus) Recall(ctx context.Context, id string) (uint64, error) {
	m := nats.NewMsg(subjectEvents)
	m.Header[nats.MsgIdHdr] = []string{id}
	m.Header[nats.ExpectedLastMsgIdHdr] = []string{"no message has this id"}
	answer, err := b.own.nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		return 0, fmt.Errorf("ask the store for an id: %w", err)
	}
	r, err := parseAck(answer)
	if err != nil {
		return 0, nil // the condition does not hold: the id is not known
	}
	if !r.Duplicate {
		return 0, errors.New("ask the store for an id: it stored the question")
	}
	return r.Sequence, nil
}
