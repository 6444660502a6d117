package lanes

import (
	"time"

	"github.com/wye-events/wye/rules"
)

// Bounds of what a lane has in memory of its backlog. More is left with the bus.
const (
	Reservoir      = 2048     // entries
	reservoirBytes = 32 << 20 // of them
	parking        = 1024     // entries among them that are not due yet
	lightMost      = 200_000  // entries of which only the place is known
	chainHeavy     = 16       // entries of one key, where others wait for room
	watched        = 64       // entries that are looked at while the target is left alone
)

// Lane is the way to one target. Its zero value is not usable; see [New].
type Lane struct {
	policy *rules.Target // nil when it is not in the rules any more
	draw   Draw

	queue  fifo // straight, to be handed over
	ready  fifo // from the backlog, due
	parked waits
	turn   bool // which of queue and ready is served next
	active map[*Job]struct{}
	chains map[string]*chain
	// arrivals are the straight jobs of an ordered lane in the order in which they
	// came, whether they are their key's head or follow it.
	arrivals []*Job

	lent map[string]*Job // by ID: stored while under way, and not met in the backlog yet
	held map[uint64]*Job // entries of the backlog that are known here, by their place

	working   int // workers that are out with jobs or about to ask for some
	waiting   int // entries in the backlog
	spilling  int // jobs on their way there
	light     int // of held
	bytes     int // of those that are not light
	toRead    fifo
	reads     int // light ones that are being read
	readBytes int // of them
	largest   int // size of the largest entry of late

	breaker breaker
	pace    pace
	aside   bool // new jobs go to the backlog
	paused  bool
	look    bool // something came up that the last plan does not know of
	closed  bool
	resumed time.Time // time that a delivery spent before this does not count
	healed  time.Time // when the target was last set differently: waits from before are void
	looked  time.Time // when what waits was last looked through for what has expired

	effects, spare []Effect
}

// New makes a lane for a target, or with nil for deliveries to one that is not
// in the rules any more. The bus has waiting entries for it. Draw is [Jitter],
// except in simulations.
func New(policy *rules.Target, waiting int, draw Draw, now time.Time) *Lane {
	l := &Lane{
		draw: draw, queue: fifo{state: queued}, ready: fifo{state: ready}, toRead: fifo{state: shelved}, active: map[*Job]struct{}{},
		chains: map[string]*chain{}, lent: map[string]*Job{}, held: map[uint64]*Job{},
	}
	l.set(policy, now)
	l.Recover(waiting)
	return l
}

// Recover tells how many entries an earlier run left in the backlog.
func (l *Lane) Recover(waiting int) {
	l.look = true
	l.waiting += waiting
	if waiting > 0 && l.ordered() {
		l.aside = true // which keys wait is not known until all are read
	}
}

func (l *Lane) set(policy *rules.Target, now time.Time) {
	l.policy = policy
	l.breaker = breaker{}
	if policy != nil {
		l.pace.set(policy.Rate, now)
	}
}

// SetPolicy gives the target another policy, or with nil takes it away. What
// waits is tried with the new one soon; without a target, it becomes dead
// letters.
func (l *Lane) SetPolicy(policy *rules.Target, now time.Time) {
	before := l.policy
	l.set(policy, now)
	l.healed, l.look = now, true
	if policy == nil {
		l.orphan()
		return
	}
	switch {
	case policy.Order == nil:
		l.dissolve()
	case before == nil || before.Order == nil || before.Order.By != policy.Order.By:
		l.unsure()
	}
	due := l.parked
	l.parked = nil
	for _, j := range due {
		j.Due = time.Time{}
		l.wake(j)
	}
}

// orphan makes dead letters of all that is not in the target's hands.
func (l *Lane) orphan() {
	jobs := append(l.queue.takeAll(), l.ready.takeAll()...)
	jobs = append(jobs, l.parked...)
	l.parked = nil
	for _, c := range l.chains {
		for _, j := range c.jobs {
			if j.state == follows {
				jobs = append(jobs, j)
			}
		}
	}
	for _, j := range inOrder(jobs) {
		if j.Light {
			l.read(j)
			continue
		}
		l.bury(j, ReasonOrphaned, "")
	}
}

// Orphaned tells whether there is no target.
func (l *Lane) Orphaned() bool { return l.policy == nil }

// SetPaused pauses the target, or lets it go on. While it is paused nothing is
// handed over, and nothing of what waits gets older by the target's policy.
func (l *Lane) SetPaused(paused bool, now time.Time) {
	if l.paused == paused {
		return
	}
	l.paused, l.look = paused, true
	if paused {
		l.stepAside()
		return
	}
	l.resumed = now
	l.breaker = breaker{}
}

// Close hands nothing over any more, and sends what has not been to the backlog:
// so no other target of the same event gets it again after the next start.
func (l *Lane) Close() {
	l.closed, l.look = true, true
	if l.policy != nil {
		l.stepAside()
	}
}

// Closed tells whether it was closed.
func (l *Lane) Closed() bool { return l.closed }

// Empty tells whether the lane holds nothing and nothing waits for it.
func (l *Lane) Empty() bool {
	return l.waiting <= 0 && l.spilling == 0 && len(l.active) == 0 && len(l.held) == 0 && l.queue.len() == 0 && len(l.effects) == 0
}

// Offer takes a delivery straight from the reader. Its event counts as
// unsettled until [Settle].
func (l *Lane) Offer(j *Job, now time.Time) {
	j.straight, j.Since = true, now
	switch {
	case l.policy == nil:
		l.bury(j, ReasonOrphaned, "")
	case !j.Expires.IsZero() && !j.Expires.After(now):
		l.expire(j)
	case l.ordered() && j.Key != "":
		l.offerOrdered(j)
	case l.aside:
		l.store(j)
	default:
		l.queue.push(j)
	}
}

// BuryStraight makes a dead letter of a delivery that is not even to be tried.
func (l *Lane) BuryStraight(j *Job, reason, why string) {
	j.straight = true
	l.bury(j, reason, why)
}

// bury ends a job as a dead letter.
func (l *Lane) bury(j *Job, reason, why string) {
	outcome := DeadLettered
	if reason == ReasonExpired {
		outcome = Expired
	}
	l.end(j)
	l.do(Effect{What: Bury, Job: j, Reason: reason, Why: why, Outcome: outcome})
}

// expire ends a job whose time is over.
func (l *Lane) expire(j *Job) {
	if l.policy != nil && l.policy.OnExpired == rules.OnExpiredDrop {
		l.end(j)
		l.do(Effect{What: Record, Job: j, Outcome: Expired})
		return
	}
	l.bury(j, ReasonExpired, "")
}

// end marks a job as one whose outcome is being recorded.
func (l *Lane) end(j *Job) { j.state = ending }

// left is for how long a job may still be tried.
func (l *Lane) left(j *Job, now time.Time) time.Duration {
	since := j.First
	if l.resumed.After(since) {
		since = l.resumed
	}
	left := since.Add(l.policy.Retry.GiveUp).Sub(now)
	if !j.Expires.IsZero() {
		left = min(left, j.Expires.Sub(now))
	}
	return left
}

// late tells whether a job's time is over. While the target is paused nobody's is.
func (l *Lane) late(j *Job, now time.Time) bool {
	return !l.paused && l.left(j, now) <= 0
}

// limit is how many requests may be under way now.
func (l *Lane) limit(now time.Time) int {
	switch {
	case l.closed || l.policy == nil || l.paused || l.breaker.holding(now):
		return 0
	case l.breaker.probing():
		return 1
	}
	return l.policy.Concurrency
}
