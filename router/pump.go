package router

import (
	"time"

	"github.com/wye-events/wye/router/bus"
)

const (
	// longestLeave is for how long an entry is left with the bus: no longer, so
	// that it is looked at again soon after its target was corrected.
	longestLeave = 5 * time.Minute
	fetchBatch   = 256
	fetchAgain   = 100 * time.Millisecond // after a fetch that brought nothing although something waits
)

// startPump makes sure that somebody reads the backlog. l.mu is held.
func (l *lane) startPump() {
	if l.pumping || l.closed {
		l.wakePump()
		return
	}
	l.pumping = true
	l.r.workers.Add(1)
	go l.pump()
}

func (l *lane) wakePump() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// pump reads the target's backlog into the lane for as long as there is one,
// and lets new deliveries go straight again when what was due is through.
func (l *lane) pump() {
	defer l.r.workers.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var (
		backlog *bus.Backlog
		empty   int // fetches in a row that brought nothing
		holdAt  = time.Now().Add(bus.HoldEvery)
	)
	for {
		now := time.Now()
		want, next, done := l.plan(now, empty > 0)
		if done && l.end(backlog) {
			return
		}
		if now.After(holdAt) {
			l.hold()
			holdAt = now.Add(bus.HoldEvery)
		}
		if want > 0 {
			n, err := l.fetch(&backlog, want)
			if err != nil {
				l.r.log.Warn("the backlog could not be read; trying again", "target", l.name, "error", err)
				backlog = l.dropReader()
			}
			if n > 0 {
				empty = 0
				continue
			}
			empty++
			next = min(next, fetchAgain*time.Duration(min(empty, 10)))
			l.recount(backlog)
		}
		timer.Reset(next)
		select {
		case <-l.r.deliverCtx.Done():
			l.mu.Lock()
			l.pumping = false
			l.mu.Unlock()
			return
		case <-l.kick:
		case <-timer.C:
		}
	}
}

// plan moves what is due, starts workers, and says how many entries to fetch
// and when to look again, or that the pump is done.
func (l *lane) plan(now time.Time, empty bool) (want int, next time.Duration, done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for j := l.parked.due(now); j != nil; j = l.parked.due(now) {
		l.ready.push(j)
	}
	unread := l.waiting - len(l.held)
	if l.handle != nil && l.paused == nil && !l.trouble.tripped() && l.ready.len() == 0 && (unread <= 0 || empty) && l.spilling == 0 {
		l.aside = false
	}
	if l.closed || l.waiting == 0 && l.spilling == 0 {
		return 0, 0, true
	}
	if l.handle == nil {
		l.buryHeld()
	}
	l.startWorkers(now)
	return l.want(now, unread), l.nextLook(now), false
}

// want is how many entries to fetch. While the target is left alone nothing is
// fetched, and one at a time while it is probed. l.mu is held.
func (l *lane) want(now time.Time, unread int) int {
	room := min(unread, reservoir-len(l.held), fetchBatch)
	switch {
	case l.handle == nil:
		return room
	case l.paused != nil || l.trouble.holding(now) || l.ready.len() >= fetchBatch:
		return 0
	case l.trouble.tripped():
		if l.ready.len()+len(l.active) > 0 {
			return 0
		}
		return min(room, 1)
	}
	return room
}

// nextLook is when something changes by itself. l.mu is held.
func (l *lane) nextLook(now time.Time) time.Duration {
	next := bus.HoldEvery
	if len(l.parked) > 0 {
		next = min(next, l.parked[0].due.Sub(now))
	}
	if l.trouble.holding(now) {
		next = min(next, l.trouble.until.Sub(now))
	}
	if l.aside {
		next = min(next, fetchAgain)
	}
	return max(next, time.Millisecond)
}

// end ends the pump unless the store knows of entries that the lane does not
// (one that was stored although the store's answer was late).
func (l *lane) end(backlog *bus.Backlog) bool {
	l.recount(backlog)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed && (l.waiting > 0 || l.spilling > 0) {
		return false
	}
	l.pumping = false
	l.gone()
	return true
}

// recount sets the count of what waits to what the store says, while nothing is
// under way that would change it.
func (l *lane) recount(backlog *bus.Backlog) {
	if backlog == nil {
		return
	}
	l.mu.Lock()
	before, busy := l.waiting, l.closed || len(l.held) > 0 || l.spilling > 0
	l.mu.Unlock()
	if busy {
		return
	}
	waiting, err := backlog.Waiting(l.r.deliverCtx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && before == l.waiting && l.spilling == 0 && len(l.held) == 0 {
		l.waiting = waiting
	}
}

// fetch reads entries of the backlog into the lane.
func (l *lane) fetch(backlog **bus.Backlog, n int) (int, error) {
	if *backlog == nil {
		q, err := l.backlogReader()
		if err != nil {
			return 0, err
		}
		*backlog = q
	}
	entries, err := (*backlog).Fetch(n)
	for _, e := range entries {
		l.receive(e)
	}
	return len(entries), err
}

// backlogReader opens the target's consumer once for the life of the lane.
func (l *lane) backlogReader() (*bus.Backlog, error) {
	l.r.readersMu.Lock()
	defer l.r.readersMu.Unlock()
	if q := l.r.readers[l.name]; q != nil {
		return q, nil
	}
	q, err := l.r.bus.OpenBacklog(l.r.deliverCtx, l.name)
	if err == nil {
		l.r.readers[l.name] = q
	}
	return q, err
}

// dropReader makes the next fetch open the target's consumer anew: it may be gone.
func (l *lane) dropReader() *bus.Backlog {
	l.r.readersMu.Lock()
	defer l.r.readersMu.Unlock()
	delete(l.r.readers, l.name)
	return nil
}

// receive takes one entry of the backlog into the lane.
func (l *lane) receive(e bus.Entry) {
	j, err := jobOf(&e)
	l.mu.Lock()
	defer l.mu.Unlock()
	if mine := l.held[e.Sequence]; mine != nil {
		*mine = e // handed out again although it is here: a hold came too late
		return
	}
	l.held[e.Sequence] = &e
	if err != nil {
		l.unreadable(&e, err)
		return
	}
	if owed := l.lent[j.delivery.ID]; owed != nil && j.tried == 0 && j.redriven == 0 {
		if owed.concluded {
			delete(l.lent, j.delivery.ID)
			l.entryDone(&e)
			return
		}
		owed.entry = &e
		return
	}
	l.park(j)
}

// park keeps an entry until it is due. l.mu is held.
func (l *lane) park(j *job) {
	j.since = time.Now()
	if j.written.Before(l.healed) {
		j.due = time.Time{}
	}
	wait := min(j.due.Sub(j.since), longestLeave)
	if wait > fetchAgain && len(l.parked) >= parking && l.handle != nil && j.entry.Later(wait) == nil {
		// So many wait for their time that what is due behind them must not wait too.
		delete(l.held, j.entry.Sequence)
		return
	}
	l.parked.park(j)
}

// unreadable moves an entry that tells of no delivery to the dead letters as it
// is. l.mu is held.
func (l *lane) unreadable(e *bus.Entry, why error) {
	l.r.log.Error("a backlog entry cannot be read", "target", l.name, "error", why)
	m := bus.Message{Header: e.Header, Data: e.Data}
	delete(m.Header, "Nats-Msg-Id")
	l.r.background(func() {
		l.r.bus.Bury(l.name, m, func(_ bus.Receipt, err error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			if err != nil {
				delete(l.held, e.Sequence) // it stays, and is handed out again
				return
			}
			l.entryDone(e)
		})
	})
}

// hold keeps the entries in memory from being handed out again.
func (l *lane) hold() {
	l.mu.Lock()
	entries := make([]bus.Entry, 0, len(l.held))
	for _, e := range l.held {
		entries = append(entries, *e)
	}
	l.mu.Unlock()
	for _, e := range entries {
		if err := e.Hold(); err != nil {
			l.r.log.Warn("holding a backlog entry", "target", l.name, "error", err)
			return
		}
	}
}
