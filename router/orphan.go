package router

import "time"

// A target that is taken out of the rules leaves its lane behind as an orphan:
// what is under way ends, and all else that waits for it becomes a dead letter
// with the reason "orphaned". A lane that gets its target back before that
// simply goes on.

// orphan takes the target away from the lane.
func (l *lane) orphan() {
	l.mu.Lock()
	l.retire(nil)
	jobs := l.queue.popAll()
	l.startPump()
	l.wakePump()
	l.mu.Unlock()
	for _, j := range jobs {
		l.bury(j, ReasonOrphaned, "")
	}
}

// adopt gives the lane its target, in place of the one it may have. What waits
// is tried with the new one soon.
func (l *lane) adopt(h *handle) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retire(h)
	l.trouble, l.healed = trouble{}, time.Now()
	for _, j := range l.parked {
		l.ready.push(j)
	}
	l.parked = nil
	l.startPump()
	l.wakePump()
}

// retire replaces the handle; the old one is closed when nobody uses it. l.mu is held.
func (l *lane) retire(h *handle) {
	old := l.handle
	l.handle = h
	if old == nil {
		return
	}
	old.retired = true
	l.closeRetired(old)
}

// buryHeld makes dead letters of the entries that the lane has in memory. l.mu is held.
func (l *lane) buryHeld() {
	jobs := l.ready.popAll()
	jobs = append(jobs, l.parked...)
	l.parked = nil
	if len(jobs) == 0 {
		return
	}
	l.r.background(func() {
		for _, j := range jobs {
			l.bury(j, ReasonOrphaned, "")
		}
	})
}

// gone lets the router forget an orphan that has nothing left. l.mu is held.
func (l *lane) gone() {
	if l.handle == nil && !l.closed && len(l.active) == 0 {
		l.r.background(func() { l.r.forget(l) })
	}
}
