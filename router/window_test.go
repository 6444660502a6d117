package router

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

func admit(t *testing.T, w *window, seq uint64, size, matches int) *flight {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	f, err := w.admit(ctx, seq, size, matches)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFloorStaysBelowTheOldestUnsettled(t *testing.T) {
	w := newWindow(10, noneUnread)
	var flights []*flight
	for seq := uint64(11); seq <= 20; seq++ {
		flights = append(flights, admit(t, w, seq, 100, 2))
	}
	for _, f := range flights[1:] {
		w.settle(f)
		w.settle(f)
	}
	w.settle(flights[0])
	if floor, open := w.state(); floor != 10 || open != 10 {
		t.Errorf("floor %d with %d open; one match of 11 is not settled", floor, open)
	}
	w.settle(flights[0])
	if floor, open := w.state(); floor != 20 || open != 0 {
		t.Errorf("floor %d with %d open after all was settled", floor, open)
	}
	if w.bytes != 0 || w.unsettled != 0 {
		t.Errorf("%d bytes and %d events are still counted", w.bytes, w.unsettled)
	}
}

func TestUnmatchedEventsMoveTheFloor(t *testing.T) {
	w := newWindow(0, noneUnread)
	admit(t, w, 1, 1, 0)
	f := admit(t, w, 2, 1, 1)
	admit(t, w, 3, 1, 0)
	if floor, _ := w.state(); floor != 1 {
		t.Errorf("floor %d", floor)
	}
	w.settle(f)
	if floor, _ := w.state(); floor != 3 {
		t.Errorf("floor %d", floor)
	}
}

// TestFloorAnyOrder settles in any order and checks the floor against the
// plain definition.
func TestFloorAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	w := newWindow(0, noneUnread)
	var open []*flight
	next := uint64(1)
	for range 20_000 {
		if len(open) < 500 && rng.IntN(2) == 0 {
			open = append(open, admit(t, w, next, 1, 1))
			next++
		} else if len(open) > 0 {
			i := rng.IntN(len(open))
			w.settle(open[i])
			open = append(open[:i], open[i+1:]...)
		}
		want := next - 1
		for _, f := range open {
			want = min(want, f.seq-1)
		}
		if floor, _ := w.state(); floor != want {
			t.Fatalf("floor %d, want %d", floor, want)
		}
	}
}

func TestFullWindowWaits(t *testing.T) {
	for name, c := range map[string]struct{ n, size int }{
		"events": {windowEvents, 1},
		"bytes":  {8, windowBytes / 8},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWindow(0, noneUnread)
				first := admit(t, w, 1, c.size, 1)
				for seq := 2; seq <= c.n; seq++ {
					admit(t, w, uint64(seq), c.size, 1)
				}
				got := make(chan error, 1)
				go func() {
					_, err := w.admit(t.Context(), uint64(c.n+1), c.size, 1)
					got <- err
				}()
				synctest.Wait()
				select {
				case <-got:
					t.Fatal("a full window took one more")
				default:
				}
				w.settle(first)
				if err := <-got; err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestEventLargerThanTheWindowPasses(t *testing.T) {
	w := newWindow(0, noneUnread)
	w.settle(admit(t, w, 1, 2*windowBytes, 1))
	if floor, _ := w.state(); floor != 1 {
		t.Errorf("floor %d", floor)
	}
}

func TestPressure(t *testing.T) {
	unread := uint64(0)
	w := newWindow(0, func() uint64 { return unread })
	var flights []*flight
	for seq := range pressureAt {
		flights = append(flights, admit(t, w, uint64(seq+1), 1, 1))
	}
	relief := w.pressure()
	if relief == nil {
		t.Fatal("no pressure with much to do")
	}
	w.settle(flights[len(flights)-1]) // not the oldest: the floor does not move
	select {
	case <-relief:
	default:
		t.Error("no relief although there is less to do")
	}
	if w.pressure() != nil {
		t.Error("pressure although there is little to do")
	}
	for _, f := range flights[:len(flights)-1] {
		w.settle(f)
	}
	unread = pressureAt
	if relief = w.pressure(); relief == nil {
		t.Fatal("no pressure although much waits to be read")
	}
	unread--
	admit(t, w, pressureAt+1, 1, 0) // one that no rule matches
	select {
	case <-relief:
	default:
		t.Error("no relief although what was unread was read")
	}
}

func noneUnread() uint64 { return 0 }
