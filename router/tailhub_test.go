package router

import (
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// TestTailCostsNothing: while nobody watches, and after the last who did, the
// match loop makes nothing.
func TestTailCostsNothing(t *testing.T) {
	var h tailHub
	set, ev, now := &ruleset{}, &cloudevent.Event{ID: "1"}, time.Now()
	see := func() { h.event(set, 1, ev, nil, now) }
	if n := testing.AllocsPerRun(100, see); n != 0 {
		t.Errorf("%v allocations", n)
	}
	tail := &Tail{hub: &h, wake: make(chan struct{}, 1)}
	h.add(tail)
	see()
	if len(tail.queue) != 1 {
		t.Fatal("nothing is seen")
	}
	tail.Close()
	if n := testing.AllocsPerRun(100, see); n != 0 {
		t.Errorf("%v allocations after the end", n)
	}
}

// TestPassed: it remembers the newest, and no more than that.
func TestPassed(t *testing.T) {
	var p passed
	if p.has(0) || p.has(1) {
		t.Error("it knows what was not added")
	}
	for seq := uint64(1); seq <= 3*passedMost; seq++ {
		p.add(seq)
		if !p.has(seq) || seq > passedMost && p.has(seq-passedMost) {
			t.Fatal(seq)
		}
	}
	if len(p.known) != passedMost || len(p.order) != passedMost {
		t.Error(len(p.known), len(p.order))
	}
}

// BenchmarkTail is what showing an event costs the match loop.
func BenchmarkTail(b *testing.B) {
	ev := &cloudevent.Event{ID: "1", Source: "/shop", Type: "com.example.order", Data: make([]byte, 700)}
	set, now := &ruleset{version: "v"}, time.Now()
	for _, bb := range []struct {
		name  string
		tails int
	}{{"nobody", 0}, {"one", 1}, {"eight", 8}} {
		b.Run(bb.name, func(b *testing.B) {
			var h tailHub
			var tails []*Tail
			for range bb.tails {
				tails = append(tails, &Tail{hub: &h, wake: make(chan struct{}, 1)})
				h.add(tails[len(tails)-1])
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				h.event(set, uint64(i), ev, nil, now)
				if i%256 == 0 {
					for _, t := range tails {
						t.spare, _ = t.take()
						clear(t.spare)
						t.spare = t.spare[:0]
					}
				}
			}
		})
	}
}
