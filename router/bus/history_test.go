package bus

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
)

// quickly opens a bus that does not sync.
func quickly(t *testing.T, dir string) *Bus {
	return open1(t, Config{Dir: dir, Sync: SyncRelaxed})
}

func noise(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * i >> 8)
	}
	return data
}

func TestRemember(t *testing.T) {
	dir := t.TempDir()
	b := open1(t, Config{Dir: dir})
	things := map[string][]byte{"none": {}, "small": []byte("x"), "one-part": noise(partBytes), "large": noise(3*partBytes + 1)}
	for name, data := range things {
		if err := b.Remember(t.Context(), name, data); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	b = open1(t, Config{Dir: dir})
	for name, data := range things {
		if got, ok, err := b.Recollect(t.Context(), name); err != nil || !ok || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes of %d, %t, %v", name, len(got), len(data), ok, err)
		}
	}
	all, err := b.Memories(t.Context())
	if err != nil || len(all) != len(things) {
		t.Errorf("%v, %v", all, err)
	}
	if err := b.Forget(t.Context(), "large"); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := b.Recollect(t.Context(), "large"); ok || err != nil {
		t.Errorf("forgotten, and still there: %v", err)
	}
	if left, err := b.Fragments(t.Context()); len(left) > 0 || err != nil {
		t.Errorf("%v, %v", left, err)
	}
}

// TestRememberCutShort stores all parts but the last thing, as a crash would
// leave them: it is nothing until it is stored again.
func TestRememberCutShort(t *testing.T) {
	dir := t.TempDir()
	b := open1(t, Config{Dir: dir})
	for part := 1; part <= 2; part++ {
		if err := b.remember(t.Context(), "torn", part, noise(100)); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	b = open1(t, Config{Dir: dir})
	if _, ok, err := b.Recollect(t.Context(), "torn"); ok || err != nil {
		t.Errorf("%t, %v", ok, err)
	}
	if all, err := b.Memories(t.Context()); len(all) > 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	if left, err := b.Fragments(t.Context()); !slices.Equal(left, []string{"torn"}) || err != nil {
		t.Errorf("%v, %v", left, err)
	}
	whole := noise(partBytes + 7)
	if err := b.Remember(t.Context(), "torn", whole); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := b.Recollect(t.Context(), "torn"); !ok || err != nil || !bytes.Equal(got, whole) {
		t.Errorf("%d bytes, %t, %v", len(got), ok, err)
	}
	if left, err := b.Fragments(t.Context()); len(left) > 0 || err != nil {
		t.Errorf("%v, %v", left, err)
	}
}

// TestMarksKeepTheirOrder sets marks in an order that is not that of their
// sequences: the order in which they were set is what counts.
func TestMarksKeepTheirOrder(t *testing.T) {
	dir := t.TempDir()
	b := open1(t, Config{Dir: dir})
	for _, from := range []uint64{1, 100, 7, 100, 50} {
		done := make(chan error, 1)
		b.SetMark(Mark{from, fmt.Append(nil, "v", from)}, func(err error) { done <- err })
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if err := b.DropMark(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	b.Close()
	b = open1(t, Config{Dir: dir})
	marks, err := b.Marks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var order []uint64
	for _, m := range marks {
		order = append(order, m.From)
		if string(m.Data) != fmt.Sprint("v", m.From) {
			t.Errorf("%d: %s", m.From, m.Data)
		}
	}
	if !slices.Equal(order, []uint64{1, 100, 50}) {
		t.Errorf("%v", order)
	}
	if floor, err := b.LoadFloor(t.Context()); floor != 0 || err != nil {
		t.Errorf("a mark was taken for a floor: %d, %v", floor, err)
	}
}

// TestSearchBack looks for events over the bounds of several stretches.
func TestSearchBack(t *testing.T) {
	b := quickly(t, "")
	const events = 3*backFirst + 10
	open := make(chan struct{}, 512)
	for i := range events {
		open <- struct{}{}
		id := fmt.Sprint(i + 1)
		if i == 20 || i == events-20 {
			id = "twice"
		}
		b.AppendAsync(Message{Header: map[string][]string{"id": {id}}, Data: []byte("x")}, func(_ Receipt, err error) {
			if err != nil {
				t.Error(err)
			}
			<-open
		})
	}
	for range cap(open) {
		open <- struct{}{}
	}
	is := func(id string) func(map[string][]string) bool {
		return func(h map[string][]string) bool { return h["id"][0] == id }
	}
	const all = events + 1
	for _, c := range []struct {
		id            string
		before, found uint64
	}{
		{fmt.Sprint(events), all, events}, {"1", all, 1},
		{fmt.Sprint(events - backFirst), all, events - backFirst},
		{fmt.Sprint(events - backFirst + 1), all, events - backFirst + 1},
		{"twice", all, events - 19}, {"twice", events - 19, 21}, {"twice", 21, 0},
		{"no such", all, 0}, {"1", 1 << 60, 1},
	} {
		found, looked, err := b.SearchBack(t.Context(), c.before, is(c.id))
		if err != nil || found != c.found || found == 0 && looked != 1 {
			t.Errorf("%s below %d: found at %d, not %d; looked to %d, %v", c.id, c.before, found, c.found, looked, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	seen := 0
	found, looked, err := b.SearchBack(ended, all, func(map[string][]string) bool {
		if seen++; seen == 10 {
			cancel()
		}
		return false
	})
	if found != 0 || err != nil || looked != all-backFirst {
		t.Errorf("cut short: found %d, looked to %d, %v", found, looked, err)
	}
}

// TestSearchBackInATrimmedArchive asks for more than is kept.
func TestSearchBackInATrimmedArchive(t *testing.T) {
	b := quickly(t, "")
	appendN(t, b, "e", 100)
	if err := b.events.js.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, err := b.Archive(t.Context())
	if err != nil || a.First != 101 || a.Last != 100 {
		t.Errorf("%+v, %v", a, err)
	}
	found, looked, err := b.SearchBack(t.Context(), 90, func(map[string][]string) bool { return true })
	if found != 0 || looked > a.First || err != nil {
		t.Errorf("%d, %d, %v", found, looked, err)
	}
}

func TestRecall(t *testing.T) {
	b := quickly(t, "")
	appendN(t, b, "e", 10)
	for id, want := range map[string]uint64{"e0": 1, "e9": 10, "e10": 0} {
		if got, err := b.Recall(t.Context(), id); got != want || err != nil {
			t.Errorf("%s: %d, %v", id, got, err)
		}
	}
	if a, err := b.Archive(t.Context()); a.Last != 10 || err != nil {
		t.Errorf("asking stored something: %+v, %v", a, err)
	}
}

func TestWalkOutcomes(t *testing.T) {
	b := quickly(t, "")
	var middle time.Time
	for i := range 300 {
		if i == 150 {
			middle = time.Now()
		}
		done := make(chan error, 1)
		from := uint64(i) * 10
		b.Outcomes(fmt.Sprint(from), from, from+14, []byte(fmt.Sprint(i)), func(err error) { done <- err })
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	read := func(seq uint64, since time.Time) (batches []string) {
		w, err := b.WalkOutcomes(t.Context(), seq, since, func(batch []byte) bool {
			batches = append(batches, string(batch))
			return true
		})
		if err != nil || !w.End {
			t.Errorf("%+v, %v", w, err)
		}
		return batches
	}
	if got := read(2003, time.Time{}); !slices.Equal(got, []string{"199", "200"}) {
		t.Errorf("%v", got)
	}
	if got := read(103, middle); len(got) > 0 {
		t.Errorf("%v is from before", got)
	}
	if got := read(2003, time.Now().Add(time.Hour)); len(got) > 0 {
		t.Errorf("%v is not from the future", got)
	}
	if err := b.own.nc.Publish(subjectOutcomes, []byte("old")); err != nil {
		t.Fatal(err)
	}
	b.Outcomes("new", 1, 1, []byte("new"), func(error) {})
	if got := read(1e9, middle); !slices.Equal(got, []string{"old"}) {
		t.Errorf("a batch that does not tell its sequences was passed over: %v", got)
	}
	if err := b.TrimOutcomes(t.Context(), middle); err != nil {
		t.Fatal(err)
	}
	if got := read(103, time.Time{}); !slices.Equal(got, []string{"old"}) {
		t.Errorf("%v", got)
	}
}

// TestFarTimes: times that cannot be counted in nanoseconds are before or after
// all events like others.
func TestFarTimes(t *testing.T) {
	b := quickly(t, t.TempDir())
	for i := range 3 {
		if _, err := b.Append(t.Context(), Message{ID: fmt.Sprint(i), Data: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	for year, want := range map[int]struct{ at, since uint64 }{1: {1, 1}, 1600: {1, 1}, 1960: {1, 1}, 2261: {4, 0}, 3000: {4, 0}, 9999: {4, 0}} {
		day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		if got, err := b.SequenceAt(t.Context(), day); err != nil || got != want.at {
			t.Errorf("year %d: sequence at %d, %v, expected %d", year, got, err, want.at)
		}
		if got, err := b.EventSince(t.Context(), day); err != nil || got != want.since {
			t.Errorf("year %d: event since %d, %v, expected %d", year, got, err, want.since)
		}
	}
}
