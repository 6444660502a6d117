package router

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wye-events/wye/router/bus"
)

// recordsOf are the lines of the stored outcomes, in order, without what a test
// cannot know.
func recordsOf(t *testing.T, b *bus.Bus) (lines []string) {
	t.Helper()
	_, err := b.WalkOutcomes(t.Context(), 0, time.Time{}, func(batch []byte) bool {
		for line := range strings.Lines(string(batch)) {
			line, _, _ = strings.Cut(line, `,"attempts"`)
			lines = append(lines, line)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func wantRecords(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf(`{"sequence":%d,"rule":"r","target":"t","outcome":"delivered"`, i+1))
	}
	return lines
}

func record(seq int) outcomeRecord {
	return outcomeRecord{sequence: uint64(seq), rule: "r", target: "t", outcome: outcomeDelivered, attempts: 1, at: 1, version: "v"}
}

func embedded(t testing.TB) *bus.Bus {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// TestOutcomesAreAllThere adds outcomes faster than batches go out, and stops.
func TestOutcomesAreAllThere(t *testing.T) {
	b := embedded(t)
	o := startOutcomes(b, slog.New(slog.DiscardHandler))
	const n = 20_000
	var told atomic.Int64
	for i := range n {
		var durable func()
		if i%3 == 0 {
			durable = func() { told.Add(1) }
		}
		o.add(record(i+1), durable)
	}
	o.sync(t.Context())
	if got := told.Load(); got != (n+2)/3 {
		t.Errorf("%d were told that their outcomes are durable, want %d", got, (n+2)/3)
	}
	o.add(record(n+1), nil)
	if !o.stop(t.Context()) {
		t.Error("not all was stored")
	}
	o.add(record(n+2), func() { t.Error("an outcome after the stop is said to be durable") })
	if got := recordsOf(t, b); !slices.Equal(got, wantRecords(n+1)) {
		t.Errorf("%d records are there, or not in order, want %d", len(got), n+1)
	}
}

// TestOutcomesComeByThemselves: nobody waits, and there are few.
func TestOutcomesComeByThemselves(t *testing.T) {
	b := embedded(t)
	o := startOutcomes(b, slog.New(slog.DiscardHandler))
	defer o.stop(t.Context())
	o.add(record(1), nil)
	for len(recordsOf(t, b)) == 0 {
		if t.Context().Err() != nil {
			t.Fatal("it was not stored")
		}
	}
}

// TestOutcomesOfAStoreInTrouble takes the stream away: no outcome is lost, who
// adds too many waits, no floor is saved above what is not written down, and all
// is stored when the stream is there again.
func TestOutcomesOfAStoreInTrouble(t *testing.T) {
	w := startTidied(t)
	w.send("a")
	w.until("the floor is saved", func() bool { floor, err := w.bus.LoadFloor(t.Context()); return err == nil && floor == 1 })
	stream, err := w.js.Stream(t.Context(), "WYE_OUTCOMES")
	if err != nil {
		t.Fatal(err)
	}
	config := stream.CachedInfo().Config
	if err := w.js.DeleteStream(t.Context(), config.Name); err != nil {
		t.Fatal(err)
	}
	w.settle("b")
	const many = 200_000
	var added atomic.Int64
	go func() {
		for i := range many {
			w.outcomes.add(record(i+3), nil)
			added.Add(1)
		}
	}()
	w.until("too much waits", func() bool {
		w.outcomes.mu.Lock()
		defer w.outcomes.mu.Unlock()
		return w.outcomes.room != nil
	})
	if n := added.Load(); n == 0 || n == many {
		t.Errorf("%d of %d could be added", n, many)
	}
	if floor, err := w.bus.LoadFloor(t.Context()); floor != 1 || err != nil {
		t.Errorf("the floor %d is saved above an event whose outcome is not: %v", floor, err)
	}
	if _, err := w.js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	w.until("all is stored", func() bool { return added.Load() == many && len(recordsOf(t, w.bus)) == many+1 })
	w.until("the floor is saved", func() bool { floor, err := w.bus.LoadFloor(t.Context()); return err == nil && floor == 2 })
	got := recordsOf(t, w.bus)[1:]
	for i, line := range wantRecords(many + 2)[2:] {
		if got[i] != line {
			t.Fatalf("record %d is %s, want %s", i, got[i], line)
		}
	}
}

// TestOutcomesAgain: what a store took without saying so is stored again, and is
// there once.
func TestOutcomesAgain(t *testing.T) {
	b := embedded(t)
	for range 2 {
		done := make(chan error, 1)
		b.Outcomes("same", 1, 1, []byte("line\n"), func(err error) { done <- err })
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if got := recordsOf(t, b); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// TestStopWithoutAStore: a stop does not wait for ever for a store that is gone,
// and says that not all is stored.
func TestStopWithoutAStore(t *testing.T) {
	t.Parallel()
	w := startTidied(t)
	if err := w.js.DeleteStream(t.Context(), "WYE_OUTCOMES"); err != nil {
		t.Fatal(err)
	}
	w.settle("a")
	now, cancel := context.WithCancel(t.Context())
	cancel()
	w.Stop(now)
	if floor, err := w.bus.LoadFloor(t.Context()); floor != 0 || err != nil {
		t.Errorf("the floor %d is saved above an event whose outcome is not: %v", floor, err)
	}
}

func TestTeller(t *testing.T) {
	var told teller
	var got []int
	for i := range 100 {
		told.tell([]func(){func() { got = append(got, 2*i) }, func() { got = append(got, 2*i+1) }})
	}
	told.wait()
	if len(got) != 200 || !slices.IsSorted(got) {
		t.Errorf("%v", got)
	}
}

func BenchmarkOutcomes(b *testing.B) {
	o := startOutcomes(embedded(b), slog.New(slog.DiscardHandler))
	defer o.stop(b.Context())
	rec := outcomeRecord{rule: "large-orders", target: "fulfilment", outcome: outcomeDelivered, attempts: 1, first: 1790000000000, at: 1790000000123, version: "5192d501f674"}
	b.ReportAllocs()
	for b.Loop() {
		rec.sequence++
		o.add(rec, nil)
	}
	o.sync(b.Context())
}
