package bus

import (
	"context"
	"strings"
)

// SavePause keeps what is said of a target's pause, or with no data that there
// is none, and returns when that is durable.
func (b *Bus) SavePause(ctx context.Context, target string, data []byte) error {
	_, err := b.append(ctx, b.state, Message{Subject: subjectPaused + target, Data: data})
	return err
}

// Pauses is what SavePause kept, by target.
func (b *Bus) Pauses(ctx context.Context) (map[string][]byte, error) {
	all := map[string][]byte{}
	for from := uint64(1); ; {
		got, err := b.scan(ctx, streamState, scanRequest{From: from, Batch: walkMost, Subject: subjectPaused + "*"}, nil)
		if err != nil || len(got) == 0 {
			return all, err
		}
		for _, r := range got {
			if len(r.Data) > 0 {
				all[strings.TrimPrefix(r.Subject, subjectPaused)] = r.Data
			}
		}
		from = got[len(got)-1].Sequence + 1
	}
}
