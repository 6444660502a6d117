package lanes

import (
	"cmp"
	"slices"
	"time"
)

const (
	// longestLeave is for how long an entry is left with the bus: no longer, so
	// that it is looked at again soon after its target was corrected.
	longestLeave = 5 * time.Minute
	fetchBatch   = 256
	fetchAtLeast = 64 // unless there is nothing else to do
	// FetchAgain is the pause after a fetch that brought nothing although
	// something waits.
	FetchAgain = 100 * time.Millisecond
	lookEvery  = time.Second // for what has expired
	planAgain  = 5 * time.Second
)

// Plan is what a lane's backlog needs now.
type Plan struct {
	Fetch int           // entries to read, in order; each to Fetched
	Wake  time.Duration // plan again then, or sooner when something came up
	Done  bool          // there is nothing to look after
}

// Plan moves what is due, lets expire what has to, and says what to do next.
// Empty says that the last fetch brought nothing.
func (l *Lane) Plan(now time.Time, empty bool) Plan {
	for j := l.parked.due(now); j != nil; j = l.parked.due(now) {
		l.wake(j)
	}
	l.expireWaiting(now)
	unread := l.waiting - len(l.held)
	known := unread <= 0 || empty && !l.ordered()
	if l.policy != nil && !l.paused && l.through(now) && l.ready.first() == nil && known && l.spilling == 0 {
		l.aside = false
	}
	if l.closed || l.waiting == 0 && l.spilling == 0 && !l.Timed(now) {
		return Plan{Done: true}
	}
	return Plan{Fetch: l.want(now, unread), Wake: l.wakeIn(now)}
}

// through tells whether deliveries may go straight to the target as far as its
// health is concerned. The probe of one for which nothing waits is what comes next.
func (l *Lane) through(now time.Time) bool {
	return !l.breaker.probing() || l.waiting == 0 && !l.breaker.holding(now)
}

// want is how many entries to fetch. While the target is left alone only a few
// are looked at, until one is among them that can be the probe, and one at a time
// while it is probed.
func (l *Lane) want(now time.Time, unread int) int {
	heavy := len(l.held) - l.light
	room := min(unread, Reservoir-heavy, fetchBatch, (reservoirBytes-l.bytes)/max(l.largest, 1))
	if l.bytes == 0 && heavy == 0 {
		room = max(room, min(unread, 1)) // one, however large
	}
	switch {
	case l.closed, l.light >= lightMost, room <= 0:
		return 0
	case l.policy == nil:
		return room
	case l.paused:
		return 0
	case l.breaker.holding(now):
		most := watched
		if j := l.probe(&l.ready); j != nil && j.Tried == 0 {
			most -= heavy
		}
		return max(min(room, most), 0)
	case l.ready.len() >= fetchBatch, room < min(unread, fetchAtLeast) && l.ready.first() != nil:
		return 0
	case l.breaker.probing():
		if l.ready.first() != nil || len(l.active) > 0 {
			return 0
		}
		return min(room, 1)
	}
	return room
}

// wakeIn is when something changes by itself.
func (l *Lane) wakeIn(now time.Time) time.Duration {
	next := planAgain
	sooner := func(at time.Time) {
		if !at.IsZero() {
			next = min(next, at.Sub(now))
		}
	}
	if len(l.parked) > 0 {
		sooner(l.parked[0].Due)
	}
	if l.breaker.holding(now) {
		sooner(l.breaker.until)
		next = min(next, lookEvery)
	} else if l.Timed(now) {
		sooner(l.pace.next(now))
		sooner(l.gathered())
	}
	if l.aside && !l.paused && l.through(now) {
		next = min(next, FetchAgain)
	}
	return max(next, time.Millisecond)
}

// Timed tells whether something that is to be handed over waits for its time
// only, and nobody is working who would see when that has come.
func (l *Lane) Timed(now time.Time) bool {
	if l.working > 0 || l.limit(now) == 0 || l.queue.first() == nil && l.ready.first() == nil {
		return false
	}
	return !l.pace.next(now).IsZero() || l.gathering(now)
}

// expireWaiting ends what has waited longer than it may. While the target is
// paused nobody's time passes.
func (l *Lane) expireWaiting(now time.Time) {
	if l.policy == nil || l.paused || now.Sub(l.looked) < lookEvery {
		return
	}
	l.looked = now
	for _, j := range l.ready.jobs[l.ready.head:] {
		if j.state == ready && l.late(j, now) {
			l.expireWith(j, now)
		}
	}
	late := l.parked.only(func(j *Job) bool { return !l.late(j, now) })
	for _, j := range late {
		if j.Light {
			l.read(j) // it ends when it is here
			continue
		}
		l.expireWith(j, now)
	}
}

// expireWith ends a job, and those that follow it in memory if it is their time
// too: one after the other they would wait for a look each.
func (l *Lane) expireWith(j *Job, now time.Time) {
	if c := j.chain; c != nil {
		for _, next := range c.jobs {
			if next.state == follows && !next.Light && !next.straight && l.late(next, now) {
				l.expire(next)
			}
		}
	}
	l.expire(j)
}

// Fetched takes in an entry of the backlog.
func (l *Lane) Fetched(j *Job, now time.Time) {
	j.Since = now
	if mine := l.held[j.Place]; mine != nil {
		if mine.Light && mine.state != reading {
			l.do(Effect{What: Later, Place: j.Place, Wait: longestLeave})
		}
		return // handed out again although it is known here
	}
	if owed := l.lent[j.ID]; owed != nil && j.Tried == 0 {
		l.meet(owed, j)
		return
	}
	l.hold(j)
	switch {
	case l.policy == nil:
		l.bury(j, ReasonOrphaned, "")
	case l.late(j, now):
		if c := l.chains[j.Key]; c != nil && c.behind() {
			l.unkeep(c)
		}
		l.expire(j)
	case l.ordered() && j.Key != "":
		l.fetchedInOrder(j, now)
	default:
		l.park(j, now)
	}
}

func (l *Lane) hold(j *Job) {
	l.held[j.Place] = j
	l.bytes += j.Size
	l.largest = max(j.Size, l.largest-l.largest/64)
}

// meet gives an entry to the job that it is a copy of.
func (l *Lane) meet(owed, entry *Job) {
	delete(l.lent, entry.ID)
	owed.Place = entry.Place
	l.hold(owed)
	if owed.released {
		l.do(Effect{What: Done, Place: owed.Place})
	}
}

// fetchedInOrder takes in an entry behind those of its key.
func (l *Lane) fetchedInOrder(j *Job, now time.Time) {
	c := l.chainOf(j.Key)
	if c.behind() {
		c.kept = max(c.kept-1, 0)
	} else {
		l.fall(c) // the entry was stored in no order, and since then there was none behind
	}
	j.chain = c
	c.jobs = append(c.jobs, j)
	if c.jobs[0] == j {
		l.park(j, now)
		return
	}
	j.state = follows
	if len(c.jobs) > chainHeavy || len(l.held)-l.light > Reservoir/2 || l.bytes > reservoirBytes/2 {
		l.lighten(j)
	}
}

// park keeps an entry until it is due.
func (l *Lane) park(j *Job, now time.Time) {
	if j.Written.Before(l.healed) {
		j.Due = time.Time{}
	}
	wait := min(j.Due.Sub(now), longestLeave)
	switch {
	case wait <= 0:
		l.ready.push(j)
		return
	case wait > FetchAgain && len(l.parked) >= parking && j.chain != nil:
		l.lighten(j)
	case wait > FetchAgain && len(l.parked) >= parking:
		// So many wait for their time that what is due behind them must not wait too.
		l.do(Effect{What: Later, Place: j.Place, Wait: wait})
		j.state = gone
		l.Forget(j.Place)
		return
	}
	l.parked.park(j)
	l.look = true
}

// unread gives back what is in memory of the backlog: its keys were not looked at
// while there was no order. Read again, it has them.
func (l *Lane) unread() {
	jobs := slices.Concat(l.ready.takeAll(), l.toRead.takeAll(), l.parked)
	l.parked = nil
	slices.SortFunc(jobs, func(a, b *Job) int { return cmp.Compare(a.Place, b.Place) })
	for _, j := range jobs {
		if j.Place == 0 {
			l.wake(j) // lent; its copy is not met yet
			continue
		}
		l.handBack(j)
	}
}

// handBack gives an entry back to the bus, to be read again as if for the first time.
func (l *Lane) handBack(j *Job) {
	j.state = gone
	l.Forget(j.Place)
	l.do(Effect{What: Later, Place: j.Place})
}

// lighten leaves an entry with the bus until it is its turn.
func (l *Lane) lighten(j *Job) {
	j.Light = true
	l.light++
	l.bytes -= j.Size
	l.do(Effect{What: Later, Job: j, Place: j.Place, Wait: longestLeave})
}

// read has a light entry read again, when there is room.
func (l *Lane) read(j *Job) {
	l.toRead.push(j)
	l.readOn()
}

// readOn reads as much as there is room for beside what was fetched. The entries
// of a lane that loses its order, or its target, are all to be read at once.
func (l *Lane) readOn() {
	for j := l.toRead.first(); j != nil && l.canRead(j); j = l.toRead.first() {
		l.toRead.drop()
		j.state = reading
		l.reads++
		l.readBytes += j.Size
		l.do(Effect{What: Read, Job: j})
	}
}

// canRead tells whether there is room for a light entry. What is fetched and waits
// behind others leaves room always, so it cannot keep its own head out.
func (l *Lane) canRead(j *Job) bool {
	heavy := len(l.held) - l.light
	return l.reads == 0 && l.bytes <= reservoirBytes && heavy < 2*Reservoir ||
		l.reads+heavy < 2*Reservoir && l.readBytes+l.bytes+j.Size <= 2*reservoirBytes
}

// Reread tells that the entry of a light job was read again; found is false
// where it is not in the backlog any more.
func (l *Lane) Reread(j *Job, found bool, now time.Time) {
	l.reads--
	l.readBytes -= j.Size
	defer l.readOn()
	if !found {
		j.released = true
		l.Removed(j.Place)
		l.pass(j)
		return
	}
	j.Light = false
	l.light--
	l.bytes += j.Size
	j.Since = now
	switch {
	case l.policy == nil:
		l.bury(j, ReasonOrphaned, "")
	case l.late(j, now):
		l.expire(j)
	case l.ordered() && j.Key != "" && j.chain == nil:
		l.handBack(j) // the lane came to have an order meanwhile
	case j.chain != nil && j.chain.jobs[0] != j:
		j.state = follows
	default:
		l.ready.push(j)
	}
}

// Removed tells that an entry is not in the backlog any more.
func (l *Lane) Removed(place uint64) {
	l.look = true
	l.waiting = max(l.waiting-1, 0)
	l.Forget(place)
}

// Look tells whether something came up since the last call that a plan does
// not know of yet.
func (l *Lane) Look() bool {
	look := l.look
	l.look = false
	return look
}

// Forget tells that nothing is to be remembered of an entry. It is handed out
// again.
func (l *Lane) Forget(place uint64) {
	j := l.held[place]
	if j == nil {
		return
	}
	delete(l.held, place)
	if j.Light {
		l.light--
	} else {
		l.bytes -= j.Size
	}
	l.readOn()
}

// Knows tells whether an entry is known here.
func (l *Lane) Knows(place uint64) bool { return l.held[place] != nil }

// Unreadable tells of an entry that is none; Removed or Forget follows.
func (l *Lane) Unreadable(place uint64) {
	if l.held[place] == nil {
		l.hold(&Job{Place: place, state: ending})
	}
}

// Held shows visit the entries in memory that must be kept from being handed
// out again.
func (l *Lane) Held(visit func(place uint64)) {
	for place, j := range l.held {
		if !j.Light {
			visit(place)
		}
	}
}

// Waiting counts the entries in the backlog, and Spilling those on their way there.
func (l *Lane) Waiting() int { return l.waiting }

// Spilling counts the jobs on their way into the backlog.
func (l *Lane) Spilling() int { return l.spilling }

// Active counts the jobs in the target's hands.
func (l *Lane) Active() int { return len(l.active) }

// Settled tells whether the count of what waits can be compared with the bus's:
// nothing is under way that would change it.
func (l *Lane) Settled() bool { return !l.closed && len(l.held) == 0 && l.spilling == 0 }

// Recount corrects the count of what waits.
func (l *Lane) Recount(waiting int) { l.waiting = waiting }

// State tells how the lane is, for people.
func (l *Lane) State(now time.Time) State {
	s := State{Name: "straight"}
	switch {
	case l.policy == nil:
		s.Name = "orphaned"
	case l.paused:
		s.Name = "paused"
	case l.breaker.holding(now):
		s.Name, s.Until = "held", l.breaker.until
	case l.aside:
		s.Name = "aside"
	}
	if l.policy != nil {
		l.pace.grow(now)
		s.Rate, _ = l.pace.rate()
		s.Slowed = l.pace.slowed > 0
	}
	return s
}

// State is how a lane is: "straight" (deliveries go straight through), "aside"
// (they wait in the backlog until it is worked off), "held" (the target failed
// or asked for a pause and is left alone until Until), "paused" or "orphaned"
// (not in the rules any more).
type State struct {
	Name   string
	Until  time.Time
	Rate   float64 // events/s that it gets at most; 0: as fast as it answers
	Slowed bool    // because it said that it was too fast
}
