package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
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

// TestFailedSyncIsFinal breaks the disk under the committer: nothing is
// acknowledged afterwards, also when a later sync would succeed.
func TestFailedSyncIsFinal(t *testing.T) {
	b := open1(t, Config{})
	appendN(t, b, "a", 3)
	b.events.blocks.newest.Close() // the next fsync fails
	if r, err := b.Append(t.Context(), Message{ID: "lost", Data: []byte("x")}); err == nil {
		t.Fatalf("acknowledged as %+v without a sync", r)
	}
	<-b.FailedCh()
	if b.Durable() != 3 {
		t.Errorf("%d messages count as durable", b.Durable())
	}
	// What the store had in hand comes after the failure, and finds a disk that works.
	b.events.blocks.newest = nil
	if err := b.events.sync(); err == nil {
		t.Error("a sync after a failed one is believed")
	}
	if _, err := b.Append(t.Context(), Message{ID: "later", Data: []byte("x")}); err == nil {
		t.Error("taken after the store failed")
	}
}

// TestReaderSkipsNothing answers a reader as a store does that cannot look.
func TestReaderSkipsNothing(t *testing.T) {
	b := open1(t, Config{})
	appendN(t, b, "a", 3)
	r := b.ReadFrom(2)
	into := make([]Record, 0, 8)
	for range 3 * missedMost {
		if got, err := r.missing(t.Context(), into, into); err == nil || len(got) > 0 || r.next != 2 {
			t.Fatalf("nothing was read, and the reader is at %d with %v, %v", r.next, got, err)
		}
	}
	r = b.ReadFrom(2)
	later := append(into, Record{Sequence: 3})
	for range missedMost - 1 {
		if _, err := r.missing(t.Context(), later, into); err == nil || r.next != 2 {
			t.Fatalf("a gap is believed at once: at %d, %v", r.next, err)
		}
	}
	got, err := r.missing(t.Context(), later, into)
	if err != nil || len(got) != 1 || got[0].Sequence != 2 || !errors.Is(got[0].Err, ErrUnreadable) || r.next != 3 {
		t.Errorf("a damaged message is %+v, %v; the reader is at %d", got, err, r.next)
	}
	if err := b.events.js.Purge(t.Context(), jetstream.WithPurgeSequence(3)); err != nil {
		t.Fatal(err)
	}
	r = b.ReadFrom(1)
	if got, err := r.missing(t.Context(), into, into); err != nil || len(got) > 0 || r.next != 3 {
		t.Errorf("after the head was trimmed: %v, %v, at %d", got, err, r.next)
	}
}

func TestContiguous(t *testing.T) {
	records := func(seqs ...uint64) (rs []Record) {
		for _, s := range seqs {
			rs = append(rs, Record{Sequence: s})
		}
		return rs
	}
	for _, c := range []struct {
		got     []Record
		durable uint64
		want    int
	}{
		{records(5, 6, 7), 9, 3}, {records(5, 6, 7), 6, 2}, {records(5, 7, 8), 9, 1}, {records(5), 4, 0}, {nil, 9, 0},
	} {
		if n := len(contiguous(c.got, 0, c.durable)); n != c.want {
			t.Errorf("%v up to %d: %d, want %d", c.got, c.durable, n, c.want)
		}
	}
}

func TestOwnSubjects(t *testing.T) {
	for subject, own := range map[string]bool{
		"": true, "wye.events": true, "$JS.API.INFO": true, "_WYE.abc.1": true, "_INBOX.abc": false, "answers": false, "wyeless": false,
	} {
		if ownSubject(subject) != own {
			t.Errorf("%q: %v", subject, !own)
		}
	}
}

func TestStreamTokens(t *testing.T) {
	if got := streamToken("audit.orders"); got != "AUDIT_ORDERS" {
		t.Errorf("got %s", got)
	}
	seen := map[string]string{}
	for _, s := range []string{"a.b", "a_b", "a_.b", "a._b", "A.b", "a.B", "A_B", "a-b"} {
		token := streamToken(s)
		if other, ok := seen[token]; ok {
			t.Errorf("%s and %s are both %s", s, other, token)
		}
		seen[token] = s
	}
}

func TestCredentialsAreNotShown(t *testing.T) {
	for url, want := range map[string]string{
		"nats://user:s3cret@a:4222":           "nats://a:4222",
		"nats://TOKEN@a, tls://u:p@ss@b:4222": "nats://a,tls://b:4222",
		"a:4222":                              "nats://a:4222",
	} {
		if got := redacted(url); got != want {
			t.Errorf("%s is shown as %s", url, got)
		}
	}
	_, err := Open(t.Context(), Config{URL: "nats://user:s3cret@127.0.0.1:1"})
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v", err)
	}
}

func TestTwoOnOneStore(t *testing.T) {
	b := open1(t, Config{})
	if second, err := Open(t.Context(), Config{Dir: b.cfg.Dir}); err == nil {
		second.Close()
		t.Error("a second bus opened the store")
	}
}
