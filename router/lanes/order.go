package lanes

import (
	"maps"
	"slices"
	"time"

	"github.com/wye-events/wye/rules"
)

// chain is the deliveries of one key in order.
type chain struct {
	key string
	// jobs are those that are known here, the oldest first. Either all of them are
	// straight (and none is in the backlog), or those that are not active or lent
	// are entries of the backlog.
	jobs []*Job
	// kept counts those behind them that are in the backlog, or on their way
	// there, and are not known here any more. Entries of an earlier run are not
	// counted: while there are such, the whole lane is aside.
	kept int
}

func (l *Lane) ordered() bool { return l.policy != nil && l.policy.Order != nil }

// chainOf is the chain that a job belongs to, made where there is none.
func (l *Lane) chainOf(key string) *chain {
	c := l.chains[key]
	if c == nil {
		c = &chain{key: key}
		l.chains[key] = c
	}
	return c
}

// offerOrdered takes a straight job behind those of its key.
func (l *Lane) offerOrdered(j *Job) {
	c := l.chainOf(j.Key)
	if l.aside || c.behind() {
		l.fall(c)
		l.keep(c, j)
		return
	}
	j.chain, j.came = c, j.Since
	c.jobs = append(c.jobs, j)
	l.arrivals = append(l.arrivals, j)
	if len(c.jobs) == 1 {
		l.queue.push(j)
	} else {
		j.state = follows
	}
}

// behind tells whether some of the chain is in the backlog.
func (c *chain) behind() bool {
	return c.kept > 0 || slices.ContainsFunc(c.jobs, func(j *Job) bool { return !j.straight || j.lent })
}

// keep stores a job of a chain whose other jobs are all stored, and forgets it.
func (l *Lane) keep(c *chain, j *Job) {
	c.kept++
	j.chain = c
	l.store(j)
}

// fall sends all of a chain that is straight to the backlog, in order.
func (l *Lane) fall(c *chain) {
	if c.behind() {
		return
	}
	jobs := c.jobs
	c.jobs = nil
	if len(jobs) > 0 && jobs[0].state == active {
		head := jobs[0]
		l.lend(head)
		c.jobs, jobs = []*Job{head}, jobs[1:]
	}
	l.keepAll(c, jobs)
}

// keepAll keeps those jobs that have not ended.
func (l *Lane) keepAll(c *chain, jobs []*Job) {
	for _, j := range jobs {
		if j.state != ending {
			l.keep(c, j)
		} else {
			c.jobs = append(c.jobs, j)
		}
	}
}

// retryOrdered tries a chain's head again at its time.
func (l *Lane) retryOrdered(j *Job, due time.Time) {
	j.Due = due
	if j.straight && !j.lent {
		c := j.chain
		jobs := c.jobs
		c.jobs = nil
		l.keepAll(c, jobs)
		return
	}
	l.parkInPlace(j)
}

// parkInPlace keeps a job that is to be tried again where it is in the backlog.
func (l *Lane) parkInPlace(j *Job) {
	if len(l.parked) >= parking && j.Place != 0 {
		l.lighten(j)
	}
	l.parked.park(j)
	l.look = true
}

// pass lets the key go on after its head ended.
func (l *Lane) pass(j *Job) {
	c := j.chain
	if c == nil {
		return
	}
	j.chain = nil
	switch i := slices.Index(c.jobs, j); {
	case i == 0: // as nearly always; a hundred thousand that follow are not moved
		c.jobs[0] = nil
		c.jobs = c.jobs[1:]
	case i > 0:
		c.jobs = slices.Delete(c.jobs, i, i+1)
	}
	if len(c.jobs) == 0 {
		if c.kept <= 0 && l.chains[c.key] == c {
			delete(l.chains, c.key)
		}
		return
	}
	if head := c.jobs[0]; head.state == follows {
		l.wake(head)
	}
}

// wake puts a job where it will be handed over next: the head of a chain, or one
// in no order, that waits no more.
func (l *Lane) wake(j *Job) {
	switch {
	case j.chain != nil && j.chain.jobs[0] != j:
		j.state = follows
	case j.Light:
		l.read(j)
	case j.straight && !j.lent:
		l.queue.push(j)
	default:
		l.ready.push(j)
	}
}

// dissolve lets the jobs of all chains go in no order.
func (l *Lane) dissolve() {
	for _, key := range slices.Sorted(maps.Keys(l.chains)) {
		for _, j := range l.chains[key].jobs {
			j.chain = nil
			if j.state == follows {
				l.wake(j)
			}
		}
	}
	l.chains, l.arrivals = map[string]*chain{}, nil
}

// unsure forgets what is known of keys: under another order they may be others.
// What is in memory and not under way is read again, behind what is under way of
// its key, and until all of the backlog is read, nothing goes straight.
func (l *Lane) unsure() {
	if l.waiting+l.spilling+l.queue.len()+len(l.chains) > 0 {
		l.stepAside()
	}
	for _, key := range slices.Sorted(maps.Keys(l.chains)) {
		c := l.chains[key]
		jobs := c.jobs
		c.jobs, c.kept = nil, 0
		for _, j := range jobs {
			if j.state == active || j.state == ending {
				c.jobs = append(c.jobs, j)
				continue
			}
			j.chain = nil
			if j.state == follows {
				l.wake(j)
			}
		}
		if len(c.jobs) == 0 {
			delete(l.chains, key)
		}
	}
	l.arrivals = nil
	l.unread()
}

// refused ends a job that will not be taken, as the target's policy says.
func (l *Lane) refused(j *Job, v verdict, now time.Time) Result {
	poison := rules.OnPoisonPark
	if l.ordered() && j.chain != nil {
		poison = l.policy.Order.OnPoison
	}
	switch poison {
	case rules.OnPoisonBlock:
		wait := l.draw(grown(l.policy.Retry.First, l.policy.Retry.Max, l.policy.Retry.Factor, j.Tried))
		if wait > l.left(j, now) {
			l.expire(j)
			break
		}
		l.retry(j, now.Add(wait))
		return ResultRetry
	case rules.OnPoisonSkip:
		l.end(j)
		l.do(Effect{What: Record, Job: j, Outcome: Dropped})
	default:
		l.bury(j, v.reason, "")
	}
	return ResultFailed
}
