package router

import (
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/lanes"
)

// startPump makes sure that somebody looks after what waits. l.mu is held.
func (l *lane) startPump() {
	if l.pumping || l.core.Closed() {
		l.wakePump()
		return
	}
	l.pumping = true
	l.r.workers.Add(1)
	go l.pump()
}

func (l *lane) wakePump() {
	if !l.pumping {
		return
	}
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// pump reads the target's backlog into the lane for as long as there is one,
// and sees to what is to happen at a time of its own.
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
		l.mu.Lock()
		plan := l.core.Plan(now, empty > 0)
		l.after(now)
		if plan.Done && l.end(backlog) {
			return
		}
		if now.After(holdAt) {
			l.hold()
			holdAt = now.Add(bus.HoldEvery)
		}
		next := min(plan.Wake, time.Until(holdAt))
		if plan.Fetch > 0 {
			n, err := l.fetch(&backlog, plan.Fetch)
			if err != nil {
				l.r.log.Warn("the backlog could not be read; trying again", "target", l.name, "error", err)
				backlog = l.dropReader()
			}
			if n > 0 {
				empty = 0
				continue
			}
			empty++
			next = min(next, lanes.FetchAgain*time.Duration(min(empty, 10)))
			l.recount(backlog)
		}
		timer.Reset(max(next, time.Millisecond))
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

// end ends the pump unless the store knows of entries that the lane does not
// (one that was stored although the store's answer was late).
func (l *lane) end(backlog *bus.Backlog) bool {
	l.recount(backlog)
	l.mu.Lock()
	defer l.mu.Unlock()
	if plan := l.core.Plan(time.Now(), true); !plan.Done {
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
	before, settled := l.core.Waiting(), l.core.Settled()
	l.mu.Unlock()
	if !settled {
		return
	}
	waiting, err := backlog.Waiting(l.r.deliverCtx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && before == l.core.Waiting() && l.core.Settled() {
		l.core.Recount(waiting)
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
	j, err := l.jobOf(e.Record)
	l.change(func(core *lanes.Lane, now time.Time) {
		l.entries[e.Sequence] = e.Handle // the newest counts, of one that was handed out again too
		if err == nil {
			core.Fetched(&j.Job, now)
		} else if !core.Knows(e.Sequence) {
			core.Unreadable(e.Sequence)
			l.unreadable(e, err)
		}
	})
}

// unreadable moves an entry that tells of no delivery to the dead letters as it
// is. l.mu is held.
func (l *lane) unreadable(e bus.Entry, why error) {
	l.r.log.Error("a backlog entry cannot be read", "target", l.name, "error", why)
	m := bus.Message{Header: e.Header, Data: e.Data}
	delete(m.Header, "Nats-Msg-Id")
	l.r.background(func() {
		l.r.bus.Bury(l.name, m, func(_ bus.Receipt, err error) {
			if err == nil {
				l.acct.outcome(outcomeDead)
				l.done(e.Sequence)
				return
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.core.Forget(e.Sequence) // it stays, and is handed out again
		})
	})
}

// hold keeps the entries in memory from being handed out again.
func (l *lane) hold() {
	var all []bus.Handle
	l.mu.Lock()
	l.core.Held(func(place uint64) {
		if h, ok := l.entries[place]; ok {
			all = append(all, h)
		}
	})
	l.mu.Unlock()
	for _, h := range all {
		if err := h.Hold(); err != nil {
			l.r.log.Warn("holding a backlog entry", "target", l.name, "error", err)
			return
		}
	}
}
