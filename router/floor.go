package router

import (
	"context"
	"sync/atomic"
	"time"
)

// The settled floor is saved behind what it promises. Whoever finds it on the
// disk reads no event up to it again; so by then there must be on the disk what
// became of each of their deliveries (the outcome, or the entry in the backlog,
// which was durable before the event was settled), and the files of the rule
// sets that decided them. The floor is taken first, then those are waited for,
// then that floor is saved, which by then may be behind the one of the moment.

const (
	floorEvery = 100 * time.Millisecond
	lastEvery  = time.Second // a floor that outlasts a power cut
)

// floorKeeper saves the floor from time to time. It is used by one goroutine.
type floorKeeper struct {
	r                 *Router
	saved, lasted     uint64
	savedAt, lastedAt time.Time
	waits             atomic.Bool // one floor waits for what must be durable before it
}

// look saves the floor if it is time to, and there is a new one.
func (k *floorKeeper) look(now time.Time) {
	floor, _ := k.r.window.state()
	lasting := floor != k.lasted && now.Sub(k.lastedAt) >= lastEvery
	if !lasting && (floor == k.saved || now.Sub(k.savedAt) < floorEvery) {
		return
	}
	if k.r.history.unstored() || !k.waits.CompareAndSwap(false, true) {
		return
	}
	k.saved, k.savedAt = floor, now
	if lasting {
		k.lasted, k.lastedAt = floor, now
	}
	k.r.outcomes.after(func() {
		defer k.waits.Store(false)
		if err := k.r.bus.SaveFloor(floor, lasting); err != nil {
			k.r.log.Warn("the settled floor could not be saved; more would be read again after a crash", "error", err)
		}
	})
}

// lastFloor saves the floor of a router that has stopped, when all that it
// promises is stored.
func (r *Router) lastFloor(ctx context.Context) {
	floor, _ := r.window.state()
	durable := r.outcomes.stop(ctx)
	r.history.stop(ctx)
	if !durable || r.history.unstored() {
		r.log.Warn("not all that became of deliveries could be stored; what is not is read again", "floor", floor)
		return
	}
	if err := r.bus.SaveFloor(floor, true); err != nil {
		r.log.Warn("the settled floor could not be saved; more will be read again", "error", err)
	}
}
