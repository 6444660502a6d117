package lanes

import (
	"slices"
	"strings"
	"time"
)

const (
	// stuckAfter is how long the oldest delivery of a lane may wait for its turn
	// before the lane's queue, and what follows, goes to the backlog; stuckSoon
	// is the same while the window is more than half full. (Much less, and a
	// machine that is merely busy writes everything twice, which makes it busier.)
	stuckAfter = 400 * time.Millisecond
	stuckSoon  = 100 * time.Millisecond
	// lendAfter is how long a delivery may be under way before it is stored in
	// the backlog meanwhile, so that it does not hold the floor; lendSoon is the
	// same while the window is more than half full.
	lendAfter = time.Second
	lendSoon  = 100 * time.Millisecond
)

// store sends a job to the backlog; the lane forgets it.
func (l *Lane) store(j *Job) {
	j.state = gone
	l.spilling++
	l.do(Effect{What: Store, Job: j})
}

// retry tries a job again at its time.
func (l *Lane) retry(j *Job, due time.Time) {
	if j.chain != nil {
		l.retryOrdered(j, due)
		return
	}
	j.Due = due
	if j.Place != 0 && (j.stays || l.breaker.probing()) {
		// Behind all that came during an outage, it would expire when that does.
		j.stays = true
		l.parkInPlace(j)
		return
	}
	l.store(j)
}

// giveBack puts a job back that was not tried. One that is in the backlog stays
// where it is: stored again it would be the same to the bus, which would keep
// neither.
func (l *Lane) giveBack(j *Job, now time.Time) {
	switch {
	case j.chain != nil || j.stays || j.Place == 0 && !j.lent:
		l.retry(j, now)
	case j.Place != 0:
		l.handBack(j)
	default: // its copy is met as any other entry
		j.state = gone
		delete(l.lent, j.ID)
	}
}

// lend stores a job while it is under way, and so settles its event.
func (l *Lane) lend(j *Job) {
	j.lent = true
	l.lent[j.ID] = j
	l.spilling++
	l.do(Effect{What: Lend, Job: j})
}

// Lent tells that the copy of a job that was under way is in the backlog. Known
// says that it was there before, and may be gone already.
func (l *Lane) Lent(j *Job, known bool) {
	l.spilling--
	l.look = true
	if !known {
		l.waiting++
	}
	l.settle(j)
	if known && j.released {
		delete(l.lent, j.ID)
	}
}

// Stored tells that a job is in the backlog. Known says that it was there
// before, and may be gone already.
func (l *Lane) Stored(j *Job, known bool) {
	l.spilling--
	l.look = true
	if !known {
		l.waiting++
	}
	if c := j.chain; c != nil {
		j.chain = nil
		if known {
			l.unkeep(c)
		}
	}
	l.letGo(j)
}

// unkeep counts one of a chain's entries as known, or as gone.
func (l *Lane) unkeep(c *chain) {
	if c.kept = max(c.kept-1, 0); c.kept == 0 && len(c.jobs) == 0 && l.chains[c.key] == c {
		delete(l.chains, c.key)
	}
}

// Deposit takes in a delivery that somebody else puts into the backlog, behind
// what came before it; it ends with Stored or NotStored. False says that there is
// no target.
func (l *Lane) Deposit(j *Job) bool {
	if l.policy == nil {
		return false
	}
	j.state = gone
	l.spilling++
	if l.ordered() && j.Key != "" {
		j.chain = l.chainOf(j.Key)
		l.fall(j.chain)
		j.chain.kept++
	}
	return true
}

// NotStored tells that a job that was deposited is not in the backlog.
func (l *Lane) NotStored(j *Job) {
	l.spilling--
	l.look = true
	if c := j.chain; c != nil {
		j.chain = nil
		l.unkeep(c)
	}
}

// Ended tells that a job's outcome is recorded.
func (l *Lane) Ended(j *Job) {
	j.released = true
	l.pass(j)
	l.letGo(j)
}

// letGo lets go of what a job came from: it is settled, or in the backlog anew.
func (l *Lane) letGo(j *Job) {
	j.released = true
	l.settle(j)
	if j.Place != 0 {
		l.do(Effect{What: Done, Place: j.Place})
	} // else the copy of one that is lent is done when it is met
}

func (l *Lane) settle(j *Job) {
	if j.straight {
		j.straight = false
		l.do(Effect{What: Settle, Job: j})
	}
}

// Sweep looks for what waits too long. It is called at short intervals; tight
// says that there is little room for unsettled events.
func (l *Lane) Sweep(now time.Time, tight bool) {
	stuck, patience := stuckAfter, lendAfter
	if tight {
		stuck, patience = stuckSoon, lendSoon
	}
	if first := l.queue.first(); first != nil && now.Sub(first.Since) > stuck {
		l.stepAside()
	}
	l.sweepChains(now, stuck)
	var long []*Job
	for j := range l.active {
		if j.straight && !j.lent && now.Sub(j.Since) > patience {
			long = append(long, j)
		}
	}
	for _, j := range inOrder(long) {
		if j.chain != nil {
			l.fall(j.chain)
		} else {
			l.lend(j)
		}
	}
}

// inOrder sorts jobs that come out of a map: the same history is to lead to the
// same decisions.
func inOrder(jobs []*Job) []*Job {
	slices.SortFunc(jobs, func(a, b *Job) int { return strings.Compare(a.ID, b.ID) })
	return jobs
}

// sweepChains sends the chains to the backlog of which something waits too long
// behind its head: other keys are not held up by them.
func (l *Lane) sweepChains(now time.Time, stuck time.Duration) {
	n := 0
	for ; n < len(l.arrivals) && now.Sub(l.arrivals[n].came) > stuck; n++ {
		if j := l.arrivals[n]; j.straight && j.state == follows {
			l.fall(j.chain)
		} // else it has its turn, or is stored
	}
	l.arrivals = slices.Delete(l.arrivals, 0, n)
}

// stepAside sends what came straight, and what follows, to the backlog.
func (l *Lane) stepAside() {
	l.aside = true
	l.asideChains()
	for _, j := range l.queue.takeAll() {
		if j.chain != nil {
			l.fall(j.chain)
		} else {
			l.store(j)
		}
	}
}

// asideChains sends all chains that are straight to the backlog.
func (l *Lane) asideChains() {
	if len(l.chains) == 0 {
		return
	}
	for _, j := range l.arrivals {
		if j.straight && j.chain != nil && l.chains[j.chain.key] == j.chain {
			l.fall(j.chain)
		}
	}
	l.arrivals = nil
}

// Standing is how a job that a lane has in memory stands.
type Standing uint8

const (
	UnderWay Standing = iota // in the target's hands, or to be handed over as soon as it takes more
	Waits                    // to be tried later
	Behind                   // the first of its key is to be tried later, and it comes after that
)

// Each shows visit every job that the lane has in memory whole, those under way
// first.
func (l *Lane) Each(now time.Time, visit func(*Job, Standing)) {
	later := func(j *Job) Standing {
		if j.Due.After(now) {
			return Waits
		}
		return UnderWay
	}
	for j := range l.active {
		visit(j, UnderWay)
	}
	for _, q := range []*fifo{&l.queue, &l.ready} {
		for _, j := range q.all() {
			if j.straight {
				visit(j, UnderWay)
			} else {
				visit(j, later(j))
			}
		}
	}
	for _, j := range l.parked {
		visit(j, later(j))
	}
	for _, c := range l.chains {
		for _, j := range c.jobs {
			if j.state == follows && !j.Light {
				visit(j, c.follower(now))
			}
		}
	}
}

// follower is how those stand that are not the first of their key.
func (c *chain) follower(now time.Time) Standing {
	if first := c.jobs[0]; first.state == parked && first.Due.After(now) {
		return Behind
	}
	return UnderWay
}
