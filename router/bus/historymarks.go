package bus

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// A mark says something of all events from a sequence on, until the next mark.
// Marks are kept in WYE_STATE, beside the floor and on the same connection, for
// their order: a mark that was handed over before a floor is stored before it.
// So a floor that survives a crash never covers an event whose mark did not.

// Mark is one of them. Two of one sequence are one: the later.
type Mark struct {
	From uint64
	Data []byte
}

// SetMark stores a mark, after all that this process stored before. It does not
// wait; then is called when it is durable, or is not.
func (b *Bus) SetMark(m Mark, then func(error)) {
	subject := subjectMark + strconv.FormatUint(m.From, 10)
	b.appendAsync(b.state, Message{Subject: subject, Data: m.Data}, func(_ Receipt, err error) { then(err) })
}

// Marks are the marks in the order in which they were set.
func (b *Bus) Marks(ctx context.Context) ([]Mark, error) {
	var marks []Mark
	for from := uint64(1); ; {
		got, err := b.scan(ctx, streamState, scanRequest{From: from, Batch: walkMost, Subject: subjectMark + "*"}, nil)
		if err != nil || len(got) == 0 {
			return marks, err
		}
		for _, r := range got {
			n, err := strconv.ParseUint(strings.TrimPrefix(r.Subject, subjectMark), 10, 64)
			if err != nil {
				continue // nobody's mark
			}
			marks = append(marks, Mark{From: n, Data: r.Data})
		}
		from = got[len(got)-1].Sequence + 1
	}
}

// DropMark removes the mark of a sequence.
func (b *Bus) DropMark(ctx context.Context, from uint64) error {
	err := b.state.js.Purge(ctx, jetstream.WithPurgeSubject(subjectMark+strconv.FormatUint(from, 10)))
	if err != nil {
		return fmt.Errorf("remove what is noted of the events from %d on: %w", from, err)
	}
	return nil
}
