package lanes

import (
	"container/heap"
	"time"
)

// Job is one delivery on its way through a lane. The caller fills in the
// exported fields and leaves them alone while the lane has it.
type Job struct {
	ID   string // the same over all attempts, and in its backlog entry
	Key  string // the deliveries of one key are in order; empty: in no order
	Size int    // in bytes, in memory
	Load any    // the caller's

	Tried   int       // attempts made
	First   time.Time // when the delivery began
	Due     time.Time // not before
	Written time.Time // when its entry was stored, where it came from the backlog
	Expires time.Time // by the event itself; zero: never

	// Place is where the delivery is in the backlog: 0 until that is known.
	Place uint64
	// Light says that only its place is in memory, and Load must be read again.
	Light bool

	Since time.Time // in its present state since

	state    state
	came     time.Time // when it came straight, of an ordered lane
	straight bool      // its event counts as unsettled
	lent     bool      // stored while under way
	released bool      // it ended, and its outcome is recorded
	stays    bool      // tried again where it is in the backlog: its entry does not know of all attempts
	chain    *chain
}

type state uint8

const (
	queued  state = iota // straight, to be handed over when there is room
	follows              // behind others of its key
	parked               // from the backlog, not due yet
	ready                // from the backlog, due
	active               // in the target's hands
	shelved              // light, and to be read again when there is room
	reading              // light, and being read again
	ending               // has an outcome that is being recorded
	gone                 // in the backlog, and forgotten here
)

// fifo is a first-in, first-out queue of jobs in one state; a job that has
// changed its state meanwhile is passed over.
type fifo struct {
	state state
	jobs  []*Job
	head  int
}

func (q *fifo) len() int { return len(q.jobs) - q.head }

func (q *fifo) push(j *Job) {
	j.state = q.state
	q.jobs = append(q.jobs, j)
}

// first is the oldest job, or nil.
func (q *fifo) first() *Job {
	for q.len() > 0 {
		if j := q.jobs[q.head]; j.state == q.state {
			return j
		}
		q.drop()
	}
	return nil
}

// pop takes the oldest job, or nil.
func (q *fifo) pop() *Job {
	j := q.first()
	if j != nil {
		q.drop()
	}
	return j
}

func (q *fifo) drop() {
	q.jobs[q.head] = nil
	if q.head++; q.head == len(q.jobs) {
		q.jobs, q.head = q.jobs[:0], 0
	} else if q.head >= 1024 && q.head*2 >= len(q.jobs) {
		n := copy(q.jobs, q.jobs[q.head:])
		clear(q.jobs[n:])
		q.jobs, q.head = q.jobs[:n], 0
	}
}

// all are the jobs, the oldest first.
func (q *fifo) all() (jobs []*Job) {
	for _, j := range q.jobs[q.head:] {
		if j.state == q.state {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// takeAll takes every job.
func (q *fifo) takeAll() []*Job {
	jobs := q.all()
	q.jobs, q.head = nil, 0
	return jobs
}

// waits holds jobs that are not due yet, the soonest first.
type waits []*Job

func (h waits) Len() int           { return len(h) }
func (h waits) Less(i, k int) bool { return h[i].Due.Before(h[k].Due) }
func (h waits) Swap(i, k int)      { h[i], h[k] = h[k], h[i] }
func (h *waits) Push(x any)        { *h = append(*h, x.(*Job)) }
func (h *waits) Pop() any {
	old := *h
	j := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return j
}

func (h *waits) park(j *Job) {
	j.state = parked
	heap.Push(h, j)
}

// due takes the soonest job if it is due, or gives nil.
func (h *waits) due(now time.Time) *Job {
	if len(*h) == 0 || (*h)[0].Due.After(now) {
		return nil
	}
	return heap.Pop(h).(*Job)
}

// only keeps the jobs that keep says, and gives the others.
func (h *waits) only(keep func(*Job) bool) (others []*Job) {
	kept := (*h)[:0]
	for _, j := range *h {
		if keep(j) {
			kept = append(kept, j)
		} else {
			others = append(others, j)
		}
	}
	clear((*h)[len(kept):])
	*h = kept
	heap.Init(h)
	return others
}
