package bus

import (
	"context"
	"strings"
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
