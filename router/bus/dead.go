package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Bury appends a dead letter of a target.
func (b *Bus) Bury(target string, m Message, then func(Receipt, error)) {
	m.Subject = subjectDead + target
	b.appendAsync(b.dead, m, then)
}

// DeadCounts counts the dead letters by target.
func (b *Bus) DeadCounts(ctx context.Context) (map[string]uint64, error) {
	return b.counts(ctx, b.dead, subjectDead)
}

// deadBytes bounds what DeadLetters reads at once.
const deadBytes = 16 << 20

// DeadLetters gives up to n dead letters from sequence from on, oldest first,
// of one target or ("") of all, and whether there may be more.
func (b *Bus) DeadLetters(ctx context.Context, target string, from uint64, n int) (all []Record, more bool, err error) {
	if target == "" {
		target = "*"
	}
	from = max(from, 1)
	for size := 0; len(all) < n && size < deadBytes; {
		got, err := b.scan(ctx, streamDead, scanRequest{From: from, Batch: n - len(all), Subject: subjectDead + target}, nil)
		if err != nil || len(got) == 0 {
			return all, false, err
		}
		for _, r := range got {
			size += len(r.Data)
		}
		all = append(all, got...)
		from = got[len(got)-1].Sequence + 1
	}
	return all, true, nil
}

// DeadTarget is the target whose dead letter r is.
func DeadTarget(r Record) string { return strings.TrimPrefix(r.Subject, subjectDead) }

// LastDead is the number of the newest dead letter that there ever was. It waits
// for a moment until that is durable and its writer knows.
func (b *Bus) LastDead(ctx context.Context) (uint64, error) {
	info, err := b.dead.js.Info(ctx)
	if err != nil {
		return 0, readError(streamDead, err)
	}
	last := info.State.LastSeq
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(lastDeadWithin); b.dead.durable.Load() < last && time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return 0, readError(streamDead, context.Cause(ctx))
		case <-tick.C:
		}
	}
	return last, nil
}

// lastDeadWithin bounds that wait: the store may have one whose writer was told
// that there was no answer.
const lastDeadWithin = 2 * time.Second

// Unbury removes a dead letter; one that is gone is no error. A power cut may
// bring back one whose removal was not on the disk yet.
func (b *Bus) Unbury(ctx context.Context, number uint64) error {
	err := b.dead.js.DeleteMsg(ctx, number)
	// The server's answer about a message that is not there has no error of its own.
	if err == nil || errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if _, there := b.dead.js.GetMsg(ctx, number); errors.Is(there, jetstream.ErrMsgNotFound) {
		return nil
	}
	return fmt.Errorf("remove the dead letter %d: %w", number, err)
}
