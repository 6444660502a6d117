package bus

import (
	"context"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Operations are kept in WYE_STATE, each under its own subject, the newest
// state only. Their names are the router's own, never anything of an event.

// SaveOperation stores the state of an operation in place of the one before. It
// does not wait; then is called when it is durable, or is not.
func (b *Bus) SaveOperation(id string, state []byte, then func(error)) {
	b.appendAsync(b.state, Message{Subject: subjectOperation + id, Data: state}, func(_ Receipt, err error) { then(err) })
}

// Operations are the states of all operations by their ids.
func (b *Bus) Operations(ctx context.Context) (map[string][]byte, error) {
	all := map[string][]byte{}
	for from := uint64(1); ; {
		got, err := b.scan(ctx, streamState, scanRequest{From: from, Batch: walkMost, Subject: subjectOperation + "*"}, nil)
		if err != nil || len(got) == 0 {
			return all, err
		}
		for _, r := range got {
			all[strings.TrimPrefix(r.Subject, subjectOperation)] = r.Data
		}
		from = got[len(got)-1].Sequence + 1
	}
}

// DropOperation removes what is kept of an operation.
func (b *Bus) DropOperation(ctx context.Context, id string) error {
	if err := b.state.js.Purge(ctx, jetstream.WithPurgeSubject(subjectOperation+id)); err != nil {
		return fmt.Errorf("remove what is kept of the operation %s: %w", id, err)
	}
	return nil
}
