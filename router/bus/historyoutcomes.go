package bus

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats.go/jetstream"
)

// outcomesHeader says which event sequences a batch of outcomes is about, as
// "first-last", so that who looks for one of them passes over the others
// unread. Batches of before have none.
const outcomesHeader = "wye-sequences"

// encodingHeader says how a batch is compressed; batches of before have none
// and are plain. Outcomes are alike: they take a fifth of the room so.
const (
	encodingHeader = "wye-encoding"
	encodingS2     = "s2"
)

// batchMost bounds what is made of one compressed batch.
const batchMost = 64 << 20

// Outcomes appends a batch about events whose sequences lie from first to last.
// It does not wait; then is called when the batch is durable, or is not. One that
// is not may be appended again: a batch of the same id is there once.
func (b *Bus) Outcomes(id string, first, last uint64, batch []byte, then func(error)) {
	span := strconv.FormatUint(first, 10) + "-" + strconv.FormatUint(last, 10)
	m := Message{
		Subject: subjectOutcomes, ID: id, Data: s2.Encode(nil, batch),
		Header: map[string][]string{outcomesHeader: {span}, encodingHeader: {encodingS2}},
	}
	b.appendAsync(b.outcomes, m, func(_ Receipt, err error) { then(err) })
}

// WalkOutcomes walks through the batches that were stored at since or later and
// may tell of an event; of any if seq is 0.
func (b *Bus) WalkOutcomes(ctx context.Context, seq uint64, since time.Time, visit func(batch []byte) bool) (Walk, error) {
	return b.walk(ctx, streamOutcomes, subjectOutcomes, startAt{since: since}, visitBatches(seq, visit))
}

// WalkOutcomesFrom is WalkOutcomes of all batches from a place in the stream on:
// the one where an earlier walk ended.
func (b *Bus) WalkOutcomesFrom(ctx context.Context, place uint64, visit func(batch []byte) bool) (Walk, error) {
	return b.walk(ctx, streamOutcomes, subjectOutcomes, startAt{place: place}, visitBatches(0, visit))
}

// visitBatches shows the text of the batches that may tell of an event. What
// cannot be read tells nothing.
func visitBatches(seq uint64, visit func([]byte) bool) func(Record) bool {
	var text []byte
	return func(r Record) bool {
		if seq > 0 && !spans(r.Header, seq) {
			return true
		}
		data := r.Data
		if e := r.Header[encodingHeader]; len(e) == 1 && e[0] == encodingS2 {
			n, err := s2.DecodedLen(data)
			if err != nil || n > batchMost {
				return true
			}
			if text, err = s2.Decode(text[:cap(text)], data); err != nil {
				return true
			}
			data = text
		}
		return visit(data)
	}
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
// goes with the events that it is about, and not before them.
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
