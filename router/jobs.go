package router

import (
	"container/heap"
	"time"
)

// jobQueue is a first-in, first-out queue of jobs.
type jobQueue struct {
	jobs []*job
	head int
}

func (q *jobQueue) len() int { return len(q.jobs) - q.head }

func (q *jobQueue) push(j *job) { q.jobs = append(q.jobs, j) }

// first is the oldest job, or nil.
func (q *jobQueue) first() *job {
	if q.len() == 0 {
		return nil
	}
	return q.jobs[q.head]
}

// pop takes the oldest job, or nil.
func (q *jobQueue) pop() *job {
	j := q.first()
	if j == nil {
		return nil
	}
	q.jobs[q.head] = nil
	if q.head++; q.head == len(q.jobs) {
		q.jobs, q.head = q.jobs[:0], 0
	} else if q.head >= 1024 && q.head*2 >= len(q.jobs) {
		n := copy(q.jobs, q.jobs[q.head:])
		clear(q.jobs[n:])
		q.jobs, q.head = q.jobs[:n], 0
	}
	return j
}

// popAll takes every job.
func (q *jobQueue) popAll() []*job {
	all := q.jobs[q.head:]
	*q = jobQueue{}
	return all
}

// jobHeap holds jobs that are not due yet, the soonest first.
type jobHeap []*job

func (h jobHeap) Len() int           { return len(h) }
func (h jobHeap) Less(i, k int) bool { return h[i].due.Before(h[k].due) }
func (h jobHeap) Swap(i, k int)      { h[i], h[k] = h[k], h[i] }
func (h *jobHeap) Push(x any)        { *h = append(*h, x.(*job)) }
func (h *jobHeap) Pop() any {
	old := *h
	j := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return j
}

func (h *jobHeap) park(j *job) { heap.Push(h, j) }

// due takes the soonest job if it is due, or gives nil.
func (h *jobHeap) due(now time.Time) *job {
	if len(*h) == 0 || (*h)[0].due.After(now) {
		return nil
	}
	return heap.Pop(h).(*job)
}
