package routertest

import (
	"context"
	"strings"
	"testing"

	"github.com/wye-events/wye/router/bus"
)

// Stored is what the directory of a Wye that is not running holds.
type Stored struct {
	Floor, Head uint64              // the floor as it was saved, the end of the archive
	Archive     map[string]bool     // ids of the events in the archive
	Backlog     map[string][]string // ids of what waits, by target
	Dead        map[string][]string // ids of the dead letters, by target
}

const readAtOnce = 1000

// ReadStored reads the store in dir. It recovers the store as a start does; a
// test for which that would matter gives it a copy.
func ReadStored(t testing.TB, dir string, targets ...string) Stored {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{Dir: dir, Sync: bus.SyncRelaxed, Log: newTailLog(t, "the store").logger()})
	if err != nil {
		t.Fatal("open the store: ", err)
	}
	defer b.Close()
	s := Stored{Head: b.Durable(), Archive: map[string]bool{}, Backlog: map[string][]string{}, Dead: map[string][]string{}}
	if s.Floor, err = b.LoadFloor(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.readArchive(t, b)
	for _, target := range targets {
		s.readBacklog(t, b, target)
		s.readDead(t, b, target)
	}
	return s
}

func (s *Stored) readArchive(t testing.TB, b *bus.Bus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	reader := b.ReadFrom(1)
	for last := uint64(0); last < s.Head; {
		records, err := reader.Next(ctx, make([]bus.Record, 0, readAtOnce))
		if err != nil {
			t.Fatal("read the archive: ", err)
		}
		for _, r := range records {
			s.Archive[eventID(r)] = true
			last = r.Sequence
		}
	}
}

func (s *Stored) readBacklog(t testing.TB, b *bus.Bus, target string) {
	t.Helper()
	waiting, err := b.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if waiting[target] == 0 {
		return
	}
	backlog, err := b.OpenBacklog(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	for uint64(len(s.Backlog[target])) < waiting[target] {
		entries, err := backlog.Fetch(readAtOnce)
		if err != nil || len(entries) == 0 {
			t.Fatalf("read the backlog of %s: %d entries of %d, %v", target, len(s.Backlog[target]), waiting[target], err)
		}
		for _, e := range entries {
			s.Backlog[target] = append(s.Backlog[target], eventID(e.Record))
		}
	}
}

func (s *Stored) readDead(t testing.TB, b *bus.Bus, target string) {
	t.Helper()
	for from := uint64(1); ; {
		records, _, err := b.DeadLetters(t.Context(), target, from, readAtOnce)
		if err != nil {
			t.Fatal("read the dead letters: ", err)
		}
		if len(records) == 0 {
			return
		}
		for _, r := range records {
			s.Dead[target] = append(s.Dead[target], eventID(r))
			from = r.Sequence + 1
		}
	}
}

func eventID(r bus.Record) string {
	for name, values := range r.Header {
		if strings.EqualFold(name, "ce-id") && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}
