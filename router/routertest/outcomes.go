package routertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/router/bus"
)

// Ended is what the directory of a Wye that is not running tells of deliveries.
type Ended struct {
	Floor, Head uint64            // the floor as it was saved, the end of the archive
	Outcomes    map[string]string // the newest of each delivery, "waiting" of those in a backlog; by ids such as 12/rule/target
	Records     int               // outcomes written down, also those that newer ones replaced
}

// ReadEnded reads the store in dir. It recovers the store as a start does; a
// test for which that would matter gives it a copy.
func ReadEnded(t testing.TB, dir string) Ended {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{Dir: dir, Sync: bus.SyncRelaxed, Log: newTailLog(t, "the store").logger()})
	if err != nil {
		t.Fatal("open the store: ", err)
	}
	defer b.Close()
	e := Ended{Head: b.Durable(), Outcomes: map[string]string{}}
	if e.Floor, err = b.LoadFloor(t.Context()); err != nil {
		t.Fatal(err)
	}
	waiting, err := b.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for target := range waiting {
		_, err = b.WalkBacklog(t.Context(), target, time.Time{}, func(r bus.Record) bool {
			id, _, _ := strings.Cut(r.Header[bus.IDHeader][0], "@")
			e.Outcomes[id] = "waiting"
			return true
		})
		if err != nil {
			t.Fatal("read the backlog: ", err)
		}
	}
	if _, err = b.WalkOutcomes(t.Context(), 0, time.Time{}, e.batch(t)); err != nil {
		t.Fatal("read the outcomes: ", err)
	}
	return e
}

func (e *Ended) batch(t testing.TB) func([]byte) bool {
	return func(text []byte) bool {
		for line := range bytes.Lines(text) {
			var o struct {
				Sequence              uint64
				Rule, Target, Outcome string
			}
			if err := json.Unmarshal(line, &o); err != nil {
				t.Fatalf("an outcome cannot be read: %v: %s", err, line)
			}
			e.Outcomes[fmt.Sprintf("%d/%s/%s", o.Sequence, o.Rule, o.Target)] = o.Outcome
			e.Records++
		}
		return true
	}
}
