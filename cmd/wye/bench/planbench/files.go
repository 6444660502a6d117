package planbench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wye-events/wye/rules/rulestest"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// make writes both rule sets and the events, and gives the size of these.
func (b *bench) make(ctx context.Context) (int64, error) {
	set := rulestest.Mixed(b.Rules)
	if err := writeRules(b.old, set); err != nil {
		return 0, err
	}
	for i := range b.Changed {
		r := &set.Rules[i*b.Rules/b.Changed]
		if r.When != "" {
			r.When = "(" + r.When + ") && "
		}
		r.When += "event.data.amount > 250.0"
	}
	if err := writeRules(b.new, set); err != nil {
		return 0, err
	}
	return b.writeEvents(ctx, set.Events)
}

func writeRules(dir string, set *rulestest.Set) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, f := range set.Files() {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// writeEvents writes the events of the set again and again, each time with other
// ids, a thousand a second by their times.
func (b *bench) writeEvents(ctx context.Context, from []*cloudevent.Event) (int64, error) {
	f, err := os.Create(b.events)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	start := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	var line []byte
	for i := range b.Events {
		if i%4096 == 0 && ctx.Err() != nil {
			err = context.Cause(ctx)
			break
		}
		ev := *from[i%len(from)]
		ev.ID = fmt.Sprintf("%s-%d", ev.ID, i)
		ev.Time = start.Add(time.Duration(i) * time.Millisecond).Format(time.RFC3339Nano)
		line = append(ev.AppendStructured(line[:0]), '\n')
		if _, err = out.Write(line); err != nil {
			break
		}
	}
	if err := errors.Join(err, out.Flush(), f.Close()); err != nil {
		return 0, fmt.Errorf("write the events: %w", err)
	}
	info, err := os.Stat(b.events)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
