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

// DeadLetters gives up to n dead letters from sequence from on, oldest first,
// of one target or ("") of all.
func (b *Bus) DeadLetters(ctx context.Context, target string, from uint64, n int) ([]Record, error) {
	if target == "" {
		target = "*"
	}
	return b.scan(ctx, streamDead, scanRequest{From: max(from, 1), Batch: n, Subject: subjectDead + target}, nil)
}

// DeadTarget is the target whose dead letter r is.
func DeadTarget(r Record) string { return strings.TrimPrefix(r.Subject, subjectDead) }
