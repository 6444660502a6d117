package lanes

import (
	"slices"
	"time"
)

// Workers are how many more workers have something to do. They count as working
// from now on, until [Lane.Next] gives them nothing.
func (l *Lane) Workers(now time.Time) int {
	waiting := l.queue.len() + l.ready.len()
	if waiting == 0 {
		return 0
	}
	n := min(l.limit(now)-l.working, waiting)
	if n > 0 && l.policy.Batch != nil {
		if l.gathering(now) {
			return 0
		}
		n = min(n, (waiting-1)/l.policy.Batch.MaxEvents+1)
	}
	if n <= 0 || l.pace.room(1, now) == 0 {
		return 0
	}
	l.working += n
	return n
}

// aloneAfter is from how many attempts on a job goes alone where its target takes
// batches: one event that fails the whole batch must not take others with it.
const aloneAfter = 2

// Next gives a worker the jobs of its next request, which are in the target's
// hands from now on: one, or several where the target takes batches. Nothing
// means that the worker's work is over. Into is used for them.
func (l *Lane) Next(now time.Time, into []*Job) []*Job {
	if l.working > l.limit(now) {
		l.working--
		return nil
	}
	most, bytes := 1, 0
	if b := l.policy.Batch; b != nil && !l.breaker.probing() {
		if most = b.MaxEvents; l.gathering(now) {
			most = 0
		}
	}
	most = l.pace.room(most, now)
	for len(into) < most {
		j := l.pick(now)
		if j == nil {
			break
		}
		if b := l.policy.Batch; b != nil && len(into) > 0 && (bytes+j.Size > b.MaxBytes || j.Tried >= aloneAfter) {
			l.putBack(j)
			break
		}
		bytes += j.Size
		j.Since, j.state = now, active
		l.active[j] = struct{}{}
		if into = append(into, j); j.Tried >= aloneAfter {
			break
		}
	}
	if len(into) == 0 {
		l.working--
		l.look = l.look || l.Timed(now) // a plan made while somebody worked does not know of it
		return nil
	}
	l.pace.take(len(into), now)
	return into
}

// pick takes the next job that can be handed over, from what came straight and
// from the backlog by turns.
func (l *Lane) pick(now time.Time) *Job {
	if l.breaker.probing() {
		l.probeFirst()
	}
	for {
		first, second := &l.queue, &l.ready
		if l.turn = !l.turn; l.turn {
			first, second = second, first
		}
		j := first.pop()
		if j == nil {
			j = second.pop()
		}
		if l.ready.len() == fetchBatch/4 || l.ready.len() == 0 && l.waiting > 0 {
			l.look = true
		}
		if j == nil || !l.late(j, now) {
			return j
		}
		l.expire(j)
	}
}

// probe is the job of a queue that tells most about the target: the first of those
// that failed least often. What has failed before may fail for its own sake, and
// would hold up all others with every probe.
func (l *Lane) probe(q *fifo) (least *Job) {
	for _, j := range q.jobs[q.head:] {
		if j.state == q.state && (least == nil || j.Tried < least.Tried) {
			least = j
		}
	}
	return least
}

// probeFirst brings the job that is to be the probe to the head of its queue, and
// gives that queue the turn.
func (l *Lane) probeFirst() {
	q, j := &l.queue, l.probe(&l.queue)
	if other := l.probe(&l.ready); j == nil || other != nil && other.Tried < j.Tried {
		q, j = &l.ready, other
	}
	if j == nil {
		return
	}
	at := q.head + slices.Index(q.jobs[q.head:], j)
	copy(q.jobs[q.head+1:at+1], q.jobs[q.head:at])
	q.jobs[q.head] = j
	l.turn = q == &l.queue
}

// putBack undoes pick, for a job that is not to go with those before it.
func (l *Lane) putBack(j *Job) {
	q := &l.queue
	if !j.straight || j.lent {
		q = &l.ready
	}
	j.state = q.state
	q.jobs = append(q.jobs, nil)
	copy(q.jobs[q.head+1:], q.jobs[q.head:])
	q.jobs[q.head] = j
}

// gathering tells whether a batch waits for more events.
func (l *Lane) gathering(now time.Time) bool { return l.gathered().After(now) }

// gathered is when a batch that is not full goes all the same; zero where it is
// full or nobody waits.
func (l *Lane) gathered() time.Time {
	b := l.policy.Batch
	if b == nil || l.queue.len()+l.ready.len() >= b.MaxEvents {
		return time.Time{}
	}
	var oldest time.Time
	for _, q := range []*fifo{&l.queue, &l.ready} {
		if j := q.first(); j != nil && (oldest.IsZero() || j.Since.Before(oldest)) {
			oldest = j.Since
		}
	}
	if oldest.IsZero() {
		return oldest
	}
	return oldest.Add(b.MaxWait)
}

// Answered tells what came of handing over one job: err as [targets.Target]
// says. It is called once for each job that Next gave.
func (l *Lane) Answered(j *Job, err error, now time.Time) Result {
	delete(l.active, j)
	if l.policy == nil {
		j.Tried++
		if err == nil {
			l.deliver(j)
			return ResultOK
		}
		l.bury(j, ReasonOrphaned, "")
		return ResultFailed
	}
	v := decide(err, l.policy.Retry, j.Tried+1, l.left(j, now), l.draw)
	if !v.gone {
		j.Tried++
	}
	l.learn(v, j.Since, now)
	switch {
	case v.gone:
		l.giveBack(j, now)
		if !l.paused {
			l.SetPaused(true, now)
			l.do(Effect{What: Pause, Why: err.Error()})
		}
	case v.action == taken:
		l.deliver(j)
		return ResultOK
	case v.action == again:
		l.retry(j, now.Add(v.wait))
	case v.action == expire:
		l.expire(j)
		return ResultFailed
	default:
		return l.refused(j, v, now)
	}
	return ResultRetry
}

// Result is what an attempt came to, for those who count.
type Result string

const (
	ResultOK     Result = "ok"
	ResultRetry  Result = "retry"
	ResultFailed Result = "failed" // and it was the last
)

// learn takes in what an attempt that began at a time says of the target.
func (l *Lane) learn(v verdict, began, now time.Time) {
	switch {
	case v.slow:
		l.breaker.hold(now.Add(v.hold))
		l.pace.tooFast(began, now, v.hold)
	case v.gone:
	case v.failed():
		l.breaker.failed(l.policy.Breaker, began, now, l.draw)
	default:
		l.breaker.answered(l.policy.Breaker, now)
	}
	if l.breaker.holding(now) {
		l.stepAside()
	}
}

// deliver ends a job that was taken.
func (l *Lane) deliver(j *Job) {
	l.end(j)
	if j.straight && !j.lent {
		j.straight, j.released = false, true
		l.do(Effect{What: Finish, Job: j})
	} else {
		l.do(Effect{What: Record, Job: j, Outcome: Delivered})
	}
	l.pass(j)
}

// Unanswered tells that handing over was cut short by the stop: nothing is known
// of the job, and it is tried again after the next start.
func (l *Lane) Unanswered(j *Job, now time.Time) {
	delete(l.active, j)
	if j.straight && !j.lent {
		l.retry(j, now)
	}
}
