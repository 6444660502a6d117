package router

import (
	"time"

	"github.com/wye-events/wye/router/bus"
)

const (
	// lendAfter is how long a delivery may be under way before it is stored in
	// the backlog meanwhile, so that it does not hold the floor.
	lendAfter = time.Second
	// lendSoon is the same while the window is more than half full.
	lendSoon = 100 * time.Millisecond
)

// loan is a job that was taking long and was stored in the backlog while its
// delivery went on. Its entry must not be delivered again by itself.
type loan struct {
	entry     *bus.Entry // once the pump has met it
	concluded bool       // the delivery ended before that
	known     bool       // the entry was stored before, and may be gone already
}

// sweep looks for what waits too long. It is called at short intervals.
func (l *lane) sweep(now time.Time, tight bool) {
	stuck, patience := stuckAfter, lendAfter
	if tight {
		stuck, patience = stuckSoon, lendSoon
	}
	l.mu.Lock()
	if first := l.queue.first(); first != nil && now.Sub(first.since) > stuck {
		l.stepAside()
	}
	var long []*job
	for j := range l.active {
		if j.flight != nil && now.Sub(j.since) > patience {
			long = append(long, j)
		}
	}
	for _, j := range long {
		l.lend(j)
	}
	l.mu.Unlock()
}

// lend stores a job in the backlog while it is under way, and so settles its
// event. The entry is met by the pump and stays with the job. l.mu is held.
func (l *lane) lend(j *job) {
	flight, owed := j.flight, &loan{}
	j.flight, j.loan = nil, owed
	l.lent[j.delivery.ID] = owed
	l.spilling++
	copied := &job{delivery: j.delivery, attempts: j.attempts, tried: j.tried, first: j.first}
	l.r.background(func() {
		l.store(l.r.bus.Spill, storedID(copied, 0), copied.letter(time.Now()), copied, func(r bus.Receipt) {
			l.mu.Lock()
			owed.known = r.Duplicate
			if owed.known && owed.concluded {
				delete(l.lent, copied.delivery.ID)
			}
			l.mu.Unlock()
			l.stored(r)
			l.r.window.settle(flight)
		})
	})
}

// repay ends a lent job: its entry, if it was met already, is done; else the
// pump finds it concluded.
func (l *lane) repay(j *job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if j.loan.entry != nil {
		delete(l.lent, j.delivery.ID)
		l.entryDone(j.loan.entry)
		return
	}
	j.loan.concluded = true
	if j.loan.known {
		delete(l.lent, j.delivery.ID)
	}
}
