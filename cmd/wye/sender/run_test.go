package sender

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// book is a publisher that notes when it got what, and answers as it is told.
type book struct {
	mu     sync.Mutex
	start  time.Time
	calls  []string // "1s A-1 A-2"
	answer func(call int, items []Item) error
	takes  time.Duration
}

func (b *book) publish(ctx context.Context, items []Item) ([]Receipt, error) {
	b.mu.Lock()
	call := len(b.calls)
	line := time.Since(b.start).String()
	receipts := make([]Receipt, len(items))
	for i, it := range items {
		line += " " + it.Event.ID
		receipts[i] = Receipt{ID: it.Event.ID}
	}
	b.calls = append(b.calls, line)
	b.mu.Unlock()
	if b.takes > 0 {
		time.Sleep(b.takes)
	}
	if b.answer != nil {
		return receipts, b.answer(call, items)
	}
	return receipts, nil
}

func (b *book) close() {}

func events(n int) []Item {
	items := make([]Item, n)
	for i := range items {
		items[i] = Item{Event: &cloudevent.Event{ID: fmt.Sprintf("A-%d", i+1), Source: "/s", Type: "t"}, Place: fmt.Sprintf("f:%d", i+1)}
	}
	return items
}

// sending runs in virtual time and gives what was published when.
func inTime(t *testing.T, cfg Config, b *book, n int) (tally Tally, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b.start = time.Now()
		tally, err = run(t.Context(), cfg, b, Of(events(n)))
	})
	return tally, err
}

func expectCalls(t *testing.T, b *book, want ...string) {
	t.Helper()
	if !slices.Equal(b.calls, want) {
		t.Errorf("published\n  %s\nexpected\n  %s", strings.Join(b.calls, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestPacing(t *testing.T) {
	t.Run("one by one", func(t *testing.T) {
		b := &book{}
		tally, err := inTime(t, Config{Rate: 4}, b, 4)
		if err != nil || tally.Accepted != 4 {
			t.Errorf("%+v, %v", tally, err)
		}
		expectCalls(t, b, "0s A-1", "250ms A-2", "500ms A-3", "750ms A-4")
	})
	t.Run("batches", func(t *testing.T) {
		b := &book{}
		if _, err := inTime(t, Config{Rate: 4, Mode: cloudevent.Batched, Batch: 2}, b, 5); err != nil {
			t.Error(err)
		}
		expectCalls(t, b, "0s A-1 A-2", "500ms A-3 A-4", "750ms A-5")
	})
	t.Run("slower than a second", func(t *testing.T) {
		b := &book{}
		if _, err := inTime(t, Config{Rate: 1. / 60}, b, 3); err != nil {
			t.Error(err)
		}
		expectCalls(t, b, "0s A-1", "1m0s A-2", "2m0s A-3")
	})
	t.Run("a slow server is no reason to rush after", func(t *testing.T) {
		b := &book{takes: time.Second}
		if _, err := inTime(t, Config{Rate: 10}, b, 3); err != nil {
			t.Error(err)
		}
		expectCalls(t, b, "0s A-1", "1s A-2", "2s A-3")
	})
	t.Run("no limit", func(t *testing.T) {
		b := &book{}
		if _, err := inTime(t, Config{}, b, 2); err != nil {
			t.Error(err)
		}
		expectCalls(t, b, "0s A-1", "0s A-2")
	})
}

func TestConcurrency(t *testing.T) {
	b := &book{takes: time.Second}
	tally, err := inTime(t, Config{Concurrency: 3}, b, 6)
	if err != nil || tally.Accepted != 6 {
		t.Errorf("%+v, %v", tally, err)
	}
	var at []string
	for _, c := range b.calls {
		at = append(at, strings.Fields(c)[0])
	}
	if s := strings.Join(at, " "); s != "0s 0s 0s 1s 1s 1s" {
		t.Errorf("published at %s", s)
	}
}

var (
	busy    = &Refusal{Status: 503, Wait: 5 * time.Second}
	gone    = &Unreachable{"x", errors.New("refused")}
	invalid = &Refusal{Status: 400}
)

func TestRetry(t *testing.T) {
	tests := []struct {
		name    string
		retry   int
		answers []error // then nil
		calls   []string
		tally   Tally
		err     error
	}{
		{"as the server asks", 5, []error{busy, busy}, []string{"0s A-1", "5s A-1", "10s A-1"}, Tally{Accepted: 1}, nil},
		{"not for ever", 1, []error{busy, busy}, []string{"0s A-1", "5s A-1"}, Tally{Refused: 1}, nil},
		{"not at all", 0, []error{busy}, []string{"0s A-1"}, Tally{Refused: 1}, nil},
		{"a longer wait each time", 5, []error{&Refusal{Status: 429}, &Refusal{Status: 429}, &Refusal{Status: 503}},
			[]string{"0s A-1", "250ms A-1", "750ms A-1", "1.75s A-1"}, Tally{Accepted: 1}, nil},
		{"no wait is too long", 5, []error{&Refusal{Status: 503, Wait: time.Hour}}, []string{"0s A-1", "30s A-1"}, Tally{Accepted: 1}, nil},
		{"a refusal is final", 5, []error{invalid}, []string{"0s A-1"}, Tally{Refused: 1}, nil},
		{"nobody there", 5, []error{gone}, []string{"0s A-1"}, Tally{}, gone},
		{"somebody was there", 5, []error{busy, gone}, []string{"0s A-1", "5s A-1", "5.5s A-1"}, Tally{Accepted: 1}, nil},
		{"and did not come back", 2, []error{busy, gone, gone}, []string{"0s A-1", "5s A-1", "5.5s A-1"}, Tally{}, gone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &book{answer: func(call int, _ []Item) error {
				if call < len(tt.answers) {
					return tt.answers[call]
				}
				return nil
			}}
			tally, err := inTime(t, Config{Retry: tt.retry}, b, 1)
			if tally != tt.tally || !errors.Is(err, tt.err) {
				t.Errorf("got %+v, %v; expected %+v, %v", tally, err, tt.tally, tt.err)
			}
			expectCalls(t, b, tt.calls...)
		})
	}
}

// The good events of a batch that was refused are taken, and each bad one gets a
// refusal of its own.
func TestRefusedBatch(t *testing.T) {
	b := &book{answer: func(_ int, items []Item) error {
		if slices.ContainsFunc(items, func(it Item) bool { return it.Event.ID == "A-2" }) {
			return invalid
		}
		return nil
	}}
	var refused []string
	cfg := Config{Mode: cloudevent.Batched, Batch: 3, Report: func(o Outcome, _ Tally) {
		if o.Refusal != nil {
			refused = append(refused, o.Place)
		}
	}}
	tally, err := inTime(t, cfg, b, 5)
	if err != nil || (tally != Tally{Accepted: 4, Refused: 1}) || !slices.Equal(refused, []string{"f:2"}) {
		t.Errorf("got %+v, %v, refused %v", tally, err, refused)
	}
	expectCalls(t, b, "0s A-1 A-2 A-3", "0s A-1", "0s A-2", "0s A-3", "0s A-4 A-5")
}

// When nobody answers, nothing more is tried, whatever waits.
func TestUnreachableEndsAll(t *testing.T) {
	b := &book{answer: func(int, []Item) error { return gone }, takes: time.Second}
	tally, err := inTime(t, Config{Concurrency: 4, Retry: 3}, b, 1000)
	if !errors.Is(err, gone) || tally.Sent() != 0 || len(b.calls) > 8 {
		t.Errorf("%+v, %v after %d requests", tally, err, len(b.calls))
	}
}

func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		b := &book{start: time.Now()}
		tally, err := run(ctx, Config{Rate: 1}, b, Of(events(1000)))
		if !errors.Is(err, context.DeadlineExceeded) || tally.Accepted < 89 || tally.Accepted > 91 {
			t.Errorf("%+v, %v", tally, err)
		}
	})
}

// A source that waits for its next event does not keep an interrupted run.
func TestInterruptedWhileReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		never := make(chan struct{})
		defer close(never)
		endless := func(yield func(Item, error) bool) {
			if yield(events(1)[0], nil) {
				<-never
			}
		}
		tally, err := run(ctx, Config{}, &book{start: time.Now()}, Interruptible(ctx, endless))
		if !errors.Is(err, context.DeadlineExceeded) || tally.Accepted != 1 {
			t.Errorf("%+v, %v", tally, err)
		}
	})
}

func TestSourceError(t *testing.T) {
	bad := Fault{"f:2", "bad"}
	source := func(yield func(Item, error) bool) {
		if yield(events(1)[0], nil) {
			yield(Item{}, bad)
		}
	}
	for _, cfg := range []Config{{}, {Mode: cloudevent.Batched, Batch: 10}} {
		tally, err := run(t.Context(), cfg, &book{}, source)
		if !errors.Is(err, bad) || tally.Accepted != 1 {
			t.Errorf("%+v, %v", tally, err)
		}
	}
}

func TestBatchesAreBoundedInBytes(t *testing.T) {
	items := events(5)
	for i := range items {
		items[i].Event.Data = make([]byte, 200<<10)
	}
	var sizes []int
	for batch := range inBatches(Of(items), 100) {
		sizes = append(sizes, len(batch))
	}
	if !slices.Equal(sizes, []int{2, 2, 1}) {
		t.Errorf("batches of %v", sizes)
	}
}
