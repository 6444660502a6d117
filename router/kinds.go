package router

import (
	"context"
	"errors"
	"fmt"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/targets"
)

// build makes the target that a rule file describes.
func build(ctx context.Context, t rules.Target, s targets.Streams) (targets.Target, error) {
	switch {
	case t.HTTP != nil:
		return targets.NewHTTP(targets.HTTPConfig{
			URL: t.HTTP.URL, Headers: t.HTTP.Headers, Timeout: t.HTTP.Timeout,
			Format: t.HTTP.Format, Batch: t.Batch != nil, Concurrency: t.Concurrency,
			Statuses: statuses(t.HTTP.OnStatus), MaxRetryAfter: t.HTTP.RetryAfterMax,
		})
	case t.Queue != nil:
		return targets.NewQueue(ctx, s, t.Queue.Name)
	case t.Stream != nil:
		return targets.NewStream(ctx, s, t.Stream.Subject)
	}
	return nil, fmt.Errorf("target %s has no kind", t.Name)
}

// kindOf is the key of the target's kind in the rule file.
func kindOf(t rules.Target) string {
	switch {
	case t.HTTP != nil:
		return "http"
	case t.Queue != nil:
		return "queue"
	case t.Stream != nil:
		return "stream"
	}
	return ""
}

// verdicts is what the words of a rule file mean to a target.
var verdicts = map[rules.StatusMeaning]targets.Verdict{
	rules.StatusDelivered:  targets.Accepted,
	rules.StatusRetry:      targets.Retry,
	rules.StatusBriefly:    targets.RetryBriefly,
	rules.StatusSlowDown:   targets.SlowDown,
	rules.StatusDeadLetter: targets.Refused,
	rules.StatusPause:      targets.Pause,
}

// statuses is the target's own table, then the default one.
func statuses(own []rules.StatusRow) targets.StatusTable {
	table := make(targets.StatusTable, 0, len(own))
	for _, row := range own {
		table = append(table, targets.StatusRow{From: row.From, To: row.To, Verdict: verdicts[row.Then]})
	}
	return append(table, targets.DefaultStatuses()...)
}

// streams is what the queue and stream kinds use of the bus.
func streams(b *bus.Bus) targets.Streams {
	return targets.Streams{
		Queue: func(ctx context.Context, name string) (targets.Append, error) {
			a, err := b.Queue(ctx, name)
			return appendTo(a), err
		},
		Stream: func(ctx context.Context, subject string) (targets.Append, error) {
			a, err := b.Kept(ctx, subject)
			return appendTo(a), err
		},
	}
}

// appendTo tells a target what an error of the bus means to it.
func appendTo(a bus.Appender) targets.Append {
	return func(ctx context.Context, id string, header map[string][]string, data []byte) error {
		err := a(ctx, id, header, data)
		if errors.Is(err, bus.ErrTooLarge) {
			return &targets.Permanent{Err: err}
		}
		return err
	}
}
