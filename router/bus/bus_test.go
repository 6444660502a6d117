package bus

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

func open1(t testing.TB, cfg Config) *Bus {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	b, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func appendN(t testing.TB, b *Bus, prefix string, n int) {
	t.Helper()
	for i := range n {
		r, err := b.Append(t.Context(), Message{ID: fmt.Sprint(prefix, i), Data: []byte(fmt.Sprint(prefix, i)), Local: i})
		if err != nil {
			t.Fatal(err)
		}
		if r.Duplicate {
			t.Fatalf("message %d was taken for a duplicate", i)
		}
	}
}

// readN reads n records and fails on a gap or disorder.
func readN(t testing.TB, r *Reader, n int) []Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var all []Record
	for len(all) < n {
		got, err := r.Next(ctx, make([]Record, 0, 64))
		if err != nil {
			t.Fatalf("after %d records: %v", len(all), err)
		}
		all = append(all, got...)
	}
	for i := 1; i < len(all); i++ {
		if all[i].Sequence != all[i-1].Sequence+1 {
			t.Fatalf("sequence %d follows %d", all[i].Sequence, all[i-1].Sequence)
		}
	}
	return all
}

func TestAppendIsReadInOrder(t *testing.T) {
	for _, sync := range []Sync{SyncDurable, SyncRelaxed, SyncAlways} {
		t.Run(string(sync), func(t *testing.T) {
			b := open1(t, Config{Sync: sync})
			appendN(t, b, "a", 20)
			got := readN(t, b.ReadFrom(1), 20)
			if got[0].Sequence != 1 || got[0].Local != 0 {
				t.Errorf("first record is %+v", got[0])
			}
			// A second reader finds the tail empty and reads the stream.
			got = readN(t, b.ReadFrom(5), 16)
			if string(got[0].Data) != "a4" || got[0].Local != nil {
				t.Errorf("record 5 read back is %+v", got[0])
			}
		})
	}
}

func TestDuplicatesAcrossRestart(t *testing.T) {
	dir := t.TempDir()
	b := open1(t, Config{Dir: dir})
	first, err := b.Append(t.Context(), Message{ID: "x", Data: []byte("1")})
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	b = open1(t, Config{Dir: dir})
	again, err := b.Append(t.Context(), Message{ID: "x", Data: []byte("2")})
	if err != nil {
		t.Fatal(err)
	}
	if !again.Duplicate || again.Sequence != first.Sequence {
		t.Errorf("after a restart: %+v, first was %+v", again, first)
	}
	if got := readN(t, b.ReadFrom(1), 1); string(got[0].Data) != "1" {
		t.Errorf("kept %q", got[0].Data)
	}
}

func TestReaderCatchesUpAndFollows(t *testing.T) {
	dir := t.TempDir()
	b := open1(t, Config{Dir: dir})
	appendN(t, b, "old", 300)
	b.Close()
	b = open1(t, Config{Dir: dir})
	r := b.ReadFrom(101)
	var wg sync.WaitGroup
	for p := range 4 {
		wg.Go(func() {
			for i := range 250 {
				if _, err := b.Append(t.Context(), Message{Data: fmt.Appendf(nil, "%d-%d", p, i), Local: i}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	got := readN(t, r, 200+1000)
	wg.Wait()
	if got[0].Sequence != 101 || string(got[0].Data) != "old100" {
		t.Errorf("first is %+v", got[0])
	}
}

func TestBlocksRoll(t *testing.T) {
	b := open1(t, Config{Dir: t.TempDir()})
	data := make([]byte, 512<<10)
	for range 40 { // more than two blocks of 8 MiB
		if _, err := b.Append(t.Context(), Message{Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	blocks := b.events.blocks
	b.Close()
	if blocks.index < 2 || len(blocks.known) < 3 {
		t.Errorf("newest block %d of %d known", blocks.index, len(blocks.known))
	}
}

func TestBacklogIsHeldAcrossRestart(t *testing.T) {
	dir := t.TempDir()
	b := open1(t, Config{Dir: dir})
	for i := range 3 {
		done := make(chan error, 1)
		b.Spill("billing", Message{ID: fmt.Sprint(i), Data: fmt.Append(nil, i)}, func(_ Receipt, err error) { done <- err })
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	q, err := b.OpenBacklog(t.Context(), "billing")
	if err != nil {
		t.Fatal(err)
	}
	held, err := q.Fetch(10)
	if err != nil || len(held) != 3 {
		t.Fatalf("fetched %d, %v", len(held), err)
	}
	if more, err := q.Fetch(10); err != nil || len(more) != 0 {
		t.Fatalf("held entries came again: %d, %v", len(more), err)
	}
	if err := held[0].Done(); err != nil {
		t.Fatal(err)
	}
	b.Close()

	b = open1(t, Config{Dir: dir})
	if n, err := b.Waiting(t.Context()); err != nil || n["billing"] != 2 {
		t.Fatalf("waiting %v, %v", n, err)
	}
	if q, err = b.OpenBacklog(t.Context(), "billing"); err != nil {
		t.Fatal(err)
	}
	if held, err = q.Fetch(10); err != nil || len(held) != 2 || string(held[0].Data) != "1" {
		t.Fatalf("after a restart: %d entries, %v", len(held), err)
	}
}

func TestFloor(t *testing.T) {
	dir := t.TempDir()
	b := open1(t, Config{Dir: dir})
	appendN(t, b, "a", 5)
	if floor, err := b.LoadFloor(t.Context()); err != nil || floor != 0 {
		t.Fatalf("floor of a new store %d, %v", floor, err)
	}
	for _, n := range []uint64{2, 4} {
		if err := b.SaveFloor(n, n == 4); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	b = open1(t, Config{Dir: dir})
	if floor, err := b.LoadFloor(t.Context()); err != nil || floor != 4 {
		t.Errorf("floor %d, %v", floor, err)
	}
	if _, err := b.append(t.Context(), b.state, Message{Subject: keyFloor, Data: []byte("99")}); err != nil {
		t.Fatal(err)
	}
	if floor, err := b.LoadFloor(t.Context()); err != nil || floor != 5 {
		t.Errorf("a floor beyond the end is read as %d, %v", floor, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, sync := range []Sync{SyncDurable, SyncRelaxed, SyncAlways} {
		for _, publishers := range []int{64, 256} {
			b.Run(fmt.Sprintf("%s/%d", sync, publishers), func(b *testing.B) {
				bus := open1(b, Config{Sync: sync})
				data := make([]byte, 512)
				b.SetParallelism(publishers / 2)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if _, err := bus.Append(context.Background(), Message{Data: data}); err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			})
		}
	}
}
