package bus

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// outcomesHeader says which event sequences a batch of outcomes is about, as
// "first-last", so that who looks for one of them passes over the others
// unread. Batches of before have none.
const outcomesHeader = "wye-sequences"

// Outcomes appends a batch to the history, about events whose sequences lie
// from first to last. It does not wait; then is called when the store has the
// batch, or has not.
func (b *Bus) Outcomes(first, last uint64, batch []byte, then func(error)) {
	span := strconv.FormatUint(first, 10) + "-" + strconv.FormatUint(last, 10)
	m := Message{Subject: subjectOutcomes, Header: map[string][]string{outcomesHeader: {span}}, Data: batch}
	b.appendAsync(b.outcomes, m, func(_ Receipt, err error) { then(err) })
}

// WalkOutcomes walks through the batches of the history that were stored at
// since or later and may tell of an event.
func (b *Bus) WalkOutcomes(ctx context.Context, seq uint64, since time.Time, visit func(batch []byte) bool) (Walk, error) {
	return b.walk(ctx, streamOutcomes, subjectOutcomes, since, func(r Record) bool {
		return !spans(r.Header, seq) || visit(r.Data)
	})
}

func spans(header map[string][]string, seq uint64) bool {
	span := header[outcomesHeader]
	if len(span) == 0 {
		return true
	}
	a, b, _ := strings.Cut(span[0], "-")
	first, err1 := strconv.ParseUint(a, 10, 64)
	last, err2 := strconv.ParseUint(b, 10, 64)
	return err1 != nil || err2 != nil || first <= seq && seq <= last
}

// TrimOutcomes removes what the history says of the time before, so that it
// goes with the events that it is about. Its age alone would not bound it: a
// busy week's outcomes can be many times the archive.
func (b *Bus) TrimOutcomes(ctx context.Context, before time.Time) error {
	first, err := b.scan(ctx, streamOutcomes, scanRequest{Since: &before, Batch: 1}, nil)
	if err != nil || len(first) == 0 {
		return err
	}
	if err := b.outcomes.js.Purge(ctx, jetstream.WithPurgeSequence(first[0].Sequence)); err != nil {
		return fmt.Errorf("shorten the history of outcomes: %w", err)
	}
	return nil
}
