package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// heldFor is how long the server lets an entry be held before it hands it out
// again. A restart does not wait for it: [Bus.OpenBacklog] makes the consumer
// anew. Entries that are held longer are kept with [Entry.Hold].
const heldFor = 20 * time.Second

// HoldEvery is how often an entry must be held to be kept.
const HoldEvery = heldFor / 3

// Spill appends a delivery to a target's backlog.
func (b *Bus) Spill(target string, m Message, then func(Receipt, error)) {
	m.Subject = subjectBacklog + target
	b.appendAsync(b.backlog, m, then)
}

// Waiting counts the backlog's entries by target.
func (b *Bus) Waiting(ctx context.Context) (map[string]uint64, error) {
	return b.counts(ctx, b.backlog, subjectBacklog)
}

func (b *Bus) counts(ctx context.Context, s *stream, prefix string) (map[string]uint64, error) {
	info, err := s.js.Info(ctx, jetstream.WithSubjectFilter(prefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("read the state of the stream %s: %w", s.name, err)
	}
	counts := make(map[string]uint64, len(info.State.Subjects))
	for subject, n := range info.State.Subjects {
		counts[strings.TrimPrefix(subject, prefix)] = n
	}
	return counts, nil
}

// Backlog reads what waits for one target, oldest first, through a durable
// consumer of its own.
type Backlog struct {
	consumer jetstream.Consumer
	bus      *Bus
}

// OpenBacklog makes the target's consumer, in place of the one of an earlier
// run: what that one had handed out is handed out again now.
func (b *Bus) OpenBacklog(ctx context.Context, target string) (*Backlog, error) {
	if err := b.Wedged(); err != nil {
		return nil, fmt.Errorf("open the backlog of %s: %w", target, err)
	}
	c, err := b.renewConsumer(ctx, target)
	// A power cut can leave of a consumer what it had handed out and not that it
	// was there: then there was nothing to remove, and the new one holds that.
	if err == nil && c.CachedInfo().Delivered.Consumer > 0 {
		c, err = b.renewConsumer(ctx, target)
	}
	if err != nil {
		return nil, err
	}
	return &Backlog{consumer: c, bus: b}, nil
}

func (b *Bus) renewConsumer(ctx context.Context, target string) (jetstream.Consumer, error) {
	err := b.backlog.js.DeleteConsumer(ctx, target)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, fmt.Errorf("renew the backlog consumer of %s: %w", target, err)
	}
	c, err := b.backlog.js.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: target, FilterSubject: subjectBacklog + target,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: heldFor,
		MaxDeliver: -1, MaxAckPending: -1, // how much is held is the router's to bound
	})
	if err != nil {
		return nil, fmt.Errorf("create the backlog consumer of %s: %w", target, err)
	}
	return c, nil
}

// DropBacklog removes a target's consumer. Entries that are left stay.
func (b *Bus) DropBacklog(ctx context.Context, target string) error {
	err := b.backlog.js.DeleteConsumer(ctx, target)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil
	}
	return err
}

// Entry is one message of a backlog. It stays in the stream until Done.
type Entry struct {
	Record
	Handle
}

// Handle is what is to be known of an entry to settle it. It is good as long as
// the process and its consumer last, also after the entry was handed out again.
type Handle struct {
	bus   *Bus
	reply string
}

// The words of a JetStream consumer.
const (
	wordDone = "+ACK"
	wordHold = "+WPI"
)

// Done removes the entry. It does not wait; an entry whose removal is lost in
// a crash comes again.
func (h Handle) Done() error {
	if h.bus.owe(h.reply) {
		return nil
	}
	return h.say([]byte(wordDone))
}

// Later gives the entry back, to be handed out again after the delay.
func (h Handle) Later(delay time.Duration) error {
	return h.say(fmt.Appendf(nil, `-NAK {"delay": %d}`, delay.Nanoseconds()))
}

// Hold keeps the entry from being handed out again for a while.
func (h Handle) Hold() error { return h.say([]byte(wordHold)) }

func (h Handle) say(word []byte) error { return h.bus.backlog.link.nc.Publish(h.reply, word) }

// Waits reads an entry by its place (its sequence); ok is false where it is not
// in the backlog any more.
func (b *Bus) Waits(ctx context.Context, place uint64) (rec Record, ok bool, err error) {
	m, err := b.backlog.js.GetMsg(ctx, place)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return rec, false, nil
	}
	if err != nil {
		return rec, false, readError(streamBacklog, err)
	}
	return Record{Sequence: m.Sequence, Subject: m.Subject, Time: m.Time, Header: m.Header, Data: m.Data}, true, nil
}

// Fetch gives up to n entries that nobody holds, without waiting for any.
func (q *Backlog) Fetch(n int) ([]Entry, error) {
	if q.bus.Wedged() != nil {
		return nil, nil // the consumer comes back with the store
	}
	batch, err := q.consumer.FetchNoWait(n)
	if err != nil {
		return nil, fmt.Errorf("read the backlog: %w", err)
	}
	var entries []Entry
	for m := range batch.Messages() {
		meta, err := m.Metadata()
		if err != nil {
			return entries, fmt.Errorf("read the backlog: %w", err)
		}
		entries = append(entries, Entry{
			Record: Record{Sequence: meta.Sequence.Stream, Subject: m.Subject(), Time: meta.Timestamp, Header: m.Headers(), Data: m.Data()},
			Handle: Handle{bus: q.bus, reply: m.Reply()},
		})
	}
	if err := batch.Error(); err != nil && len(entries) == 0 {
		return nil, fmt.Errorf("read the backlog: %w", err)
	}
	return entries, nil
}

// Waiting counts the target's entries that are not done, whoever holds them.
func (q *Backlog) Waiting(ctx context.Context) (int, error) {
	info, err := q.consumer.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the state of the backlog: %w", err)
	}
	return int(info.NumPending) + info.NumAckPending, nil
}
