package bus

import (
	"context"
	"errors"
	"time"
)

// EventsFrom gives up to n events of the archive from sequence from on, in
// order, none where there are none. It is for looking back: the one who routes
// has a [Reader]. Only durable events may be asked for.
func (b *Bus) EventsFrom(ctx context.Context, from uint64, n int) ([]Record, error) {
	got, err := b.scan(ctx, streamEvents, scanRequest{From: max(from, 1), Batch: n}, nil)
	if err != nil || len(got) > 0 {
		return got, err
	}
	// The store says that there is none also when it could not look.
	a, err := b.Archive(ctx)
	if err == nil && from <= a.Last && a.First <= a.Last {
		err = readError(streamEvents, errors.New("events are stored but were not found"))
	}
	return nil, err
}

// SequenceAt is the sequence of the first event that was stored at a time or
// later, one more than the last where there is none.
func (b *Bus) SequenceAt(ctx context.Context, at time.Time) (uint64, error) {
	end := b.Durable() + 1 // before the look: what comes meanwhile is later
	at = at.UTC()
	got, err := b.scan(ctx, streamEvents, scanRequest{Since: &at, Batch: 1}, nil)
	if err != nil {
		return 0, err
	}
	if len(got) == 0 {
		return end, nil
	}
	return min(got[0].Sequence, end), nil
}
