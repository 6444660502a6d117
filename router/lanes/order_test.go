package lanes

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
)

var (
	t0       = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	errTried = errors.New("answered 500")
)

// try is a lane with a target that keeps order, and a backlog that is a list.
type try struct {
	t      *testing.T
	l      *Lane
	now    time.Time
	slow   bool // the store does not answer
	stored []*Job
	lent   []*Job
	ended  map[string]int
	free   map[string]bool // events that are let go of
	done   map[uint64]bool
}

func newTry(t *testing.T, change func(p *rules.Target)) *try {
	p := tryPolicy()
	if change != nil {
		change(p)
	}
	return &try{
		t: t, l: New(p, 0, func(d time.Duration) time.Duration { return d }, t0), now: t0,
		ended: map[string]int{}, free: map[string]bool{}, done: map[uint64]bool{},
	}
}

func tryPolicy() *rules.Target {
	return &rules.Target{
		Name: "t", Concurrency: 1, Order: &rules.Order{By: "event.subject", OnPoison: rules.OnPoisonPark},
		Retry:   rules.Retry{Attempts: 20, First: 100 * time.Millisecond, Max: time.Minute, Factor: 2, GiveUp: time.Hour},
		Breaker: rules.Breaker{Failures: 50, Over: time.Minute, First: time.Second, Max: time.Minute},
	}
}

func (y *try) offer(id, key string) *Job {
	j := &Job{ID: id, Key: key, First: y.now, Size: 100}
	y.l.Offer(j, y.now)
	y.act()
	return j
}

// act does what the lane wants done. What is stored is told at once.
func (y *try) act() {
	for !y.l.Idle() {
		for _, e := range append([]Effect(nil), y.l.Effects()...) {
			switch e.What {
			case Store:
				y.stored = append(y.stored, e.Job)
				if !y.slow {
					// The bus takes an entry that is stored again as it is for a repetition.
					y.l.Stored(e.Job, e.Job.Place != 0)
				}
			case Lend:
				y.lent = append(y.lent, e.Job)
				if !y.slow {
					y.l.Lent(e.Job, false)
				}
			case Bury, Record:
				y.ended[e.Job.ID]++
				if !y.slow {
					y.l.Ended(e.Job)
				}
			case Finish:
				y.ended[e.Job.ID]++
				y.free[e.Job.ID] = true
			case Settle:
				y.free[e.Job.ID] = true
			case Done:
				y.done[e.Place] = true
				y.l.Removed(e.Place)
			}
		}
	}
}

// next hands over the next job, which must be of this id.
func (y *try) next(id string) *Job {
	y.t.Helper()
	y.l.Workers(y.now)
	jobs := y.l.Next(y.now, nil)
	y.act()
	if len(jobs) != 1 || jobs[0].ID != id {
		y.t.Fatalf("the lane hands over %v, not %s", ids(jobs), id)
	}
	return jobs[0]
}

func (y *try) answer(j *Job, err error) {
	y.l.Answered(j, err, y.now)
	y.act()
}

// met takes an entry of the backlog into the lane.
func (y *try) met(id, key string, place uint64) *Job {
	j := &Job{ID: id, Key: key, First: y.now, Size: 100, Place: place}
	y.l.Fetched(j, y.now)
	y.act()
	return j
}

func ids(jobs []*Job) (ids []string) {
	for _, j := range jobs {
		ids = append(ids, j.ID)
	}
	return ids
}

// A redrive or replay puts an entry behind a key whose deliveries go straight.
// What follows must neither lose the entry nor leave the straight ones behind.
func TestDepositBehindStraight(t *testing.T) {
	begin := func(t *testing.T) (*try, *Job) {
		y := newTry(t, nil)
		y.offer("1", "k")
		y.offer("2", "k")
		head := y.next("1")
		d := &Job{ID: "old", Key: "k"}
		if !y.l.Deposit(d) {
			t.Fatal("there is a target")
		}
		y.act()
		y.l.Stored(d, false)
		y.act()
		return y, head
	}
	t.Run("the head fails", func(t *testing.T) {
		y, head := begin(t)
		y.met("old", "k", 7)
		y.answer(head, errTried)
		if y.done[7] && y.ended["old"] == 0 {
			t.Fatal("the entry is removed, and has no outcome")
		}
	})
	t.Run("the head hangs", func(t *testing.T) {
		y, _ := begin(t)
		y.met("old", "k", 7)
		y.now = y.now.Add(5 * time.Second)
		y.l.Sweep(y.now, false)
		y.act()
		if !y.free["1"] || !y.free["2"] {
			t.Fatalf("of the straight events %v are let go of, and one hangs for 5 s", y.free)
		}
	})
	t.Run("it is paused", func(t *testing.T) {
		y := newTry(t, nil)
		y.offer("0", "other")
		y.next("0")
		y.offer("1", "k") // in the queue: there is one worker
		d := &Job{ID: "old", Key: "k"}
		y.l.Deposit(d)
		y.act()
		y.l.Stored(d, false)
		y.l.SetPaused(true, y.now)
		y.act()
		if !y.free["1"] {
			t.Fatal("the straight event is neither delivered nor stored")
		}
	})
	t.Run("it is read before the store has answered", func(t *testing.T) {
		y := newTry(t, nil)
		d := &Job{ID: "old", Key: "k"}
		y.l.Deposit(d)
		y.act()
		y.met("old", "k", 7)
		y.answer(y.next("old"), nil)
		y.l.Stored(d, false)
		y.act()
		if n := len(y.l.chains); n != 0 {
			t.Fatalf("%d keys are remembered, and nothing waits", n)
		}
	})
	t.Run("it is not stored", func(t *testing.T) {
		y := newTry(t, nil)
		d := &Job{ID: "old", Key: "k"}
		y.l.Deposit(d)
		y.l.NotStored(d)
		if n := len(y.l.chains); n != 0 || y.l.Spilling() != 0 {
			t.Fatalf("%d keys are remembered and %d are on their way, and nothing waits", n, y.l.Spilling())
		}
	})
}

// An entry that was stored in no order is met when its key goes straight.
func TestEntryBehindStraight(t *testing.T) {
	y := newTry(t, func(p *rules.Target) { p.Order = nil })
	y.offer("1", "") // of the key k, as will turn out
	first := y.next("1")
	y.l.SetPolicy(tryPolicy(), y.now)
	y.offer("2", "k")
	y.answer(first, errTried)
	head := y.next("2")
	y.met("1", "k", 7)
	y.answer(head, errTried)
	if y.done[7] {
		t.Fatal("the entry is removed, and has no outcome")
	}
}

// One key that gets more than its receiver takes must not hold up the floor,
// though no single delivery takes long.
func TestBusyKeyGoesAside(t *testing.T) {
	y := newTry(t, nil)
	for n := range 200 {
		y.offer(fmt.Sprint(n), "k")
	}
	for n := range 40 {
		j := y.next(fmt.Sprint(n))
		for range 2 {
			y.now = y.now.Add(25 * time.Millisecond)
			y.l.Sweep(y.now, true)
			y.act()
		}
		y.answer(j, nil)
		if len(y.stored) > 0 {
			return
		}
	}
	t.Fatal("after 2 s nothing is stored of what waits behind others of its key")
}

// A lent job that is put back must stay where a pause does not lose it.
func TestLentIsPutBack(t *testing.T) {
	y := newTry(t, func(p *rules.Target) {
		p.Batch = &rules.Batch{MaxEvents: 10, MaxBytes: 1 << 20}
		p.Concurrency = 3
	})
	y.slow = true
	y.offer("1", "k")
	j := y.next("1")
	y.now = y.now.Add(2 * time.Second)
	y.l.Sweep(y.now, false) // lends it, and the store does not answer yet
	y.act()
	for range 2 {
		y.answer(j, errTried)
		y.now = y.now.Add(time.Minute)
		if y.offer("new", "other"); j.Tried == 2 {
			break
		}
		y.l.Plan(y.now, true)
		y.l.Workers(y.now)
		for _, j := range y.l.Next(y.now, nil) {
			if j.ID == "new" {
				y.answer(j, nil)
			}
		}
	}
	y.l.turn = true // queue first
	y.l.Plan(y.now, true)
	y.l.Workers(y.now)
	if jobs := y.l.Next(y.now, nil); len(jobs) != 1 || jobs[0].ID != "new" {
		t.Fatalf("handed over %v", ids(jobs))
	}
	y.l.SetPaused(true, y.now)
	y.l.Lent(j, false)
	y.l.SetPaused(false, y.now)
	if y.l.queue.first() == nil && y.l.ready.first() == nil {
		t.Fatal("the delivery is nowhere")
	}
}

// What a removed target left behind ends once, also when the target comes back
// before that is recorded.
func TestOrphanComesBack(t *testing.T) {
	y := newTry(t, nil)
	y.offer("1", "k")
	y.offer("2", "k")
	head := y.next("1")
	y.slow = true
	y.l.SetPolicy(nil, y.now)
	y.act()
	y.l.SetPolicy(tryPolicy(), y.now)
	y.answer(head, errTried)
	for _, j := range y.stored {
		if j.ID == "2" {
			t.Fatal("a delivery becomes a dead letter and is stored as well")
		}
	}
}

// What a removed target left in its backlog becomes dead letters, and no key is
// remembered for it when the target comes back.
func TestOrphanForgetsKeys(t *testing.T) {
	y := newTry(t, nil)
	y.l.SetPaused(true, y.now)
	y.offer("1", "k")
	y.l.SetPaused(false, y.now)
	y.l.SetPolicy(nil, y.now)
	y.met("1", "k", 7)
	y.l.SetPolicy(tryPolicy(), y.now)
	if n := len(y.l.chains); n != 0 || y.ended["1"] != 1 {
		t.Fatalf("%d keys are remembered, and nothing waits; outcomes: %v", n, y.ended)
	}
}

// With another order, what waits is in other chains than was thought: until all
// is read nothing goes straight, and no key is remembered for ever.
func TestOrderChanges(t *testing.T) {
	y := newTry(t, nil)
	y.l.SetPaused(true, y.now)
	y.offer("1", "a")
	y.offer("2", "b")
	y.l.SetPaused(false, y.now)
	p := tryPolicy()
	p.Order.By = "event.source"
	y.l.SetPolicy(p, y.now)
	if y.offer("3", "x"); y.l.queue.first() != nil {
		t.Fatal("an event goes straight, and some of its key may wait")
	}
	place := uint64(0)
	for _, id := range []string{"1", "2", "3"} {
		place++
		y.met(id, "x", place)
	}
	for _, id := range []string{"1", "2", "3"} {
		y.answer(y.next(id), nil)
	}
	if n := len(y.l.chains); n != 0 {
		t.Fatalf("%d keys are remembered, and nothing waits", n)
	}
}

// What comes while the lane is aside must not overtake one of its key that is
// under way and may fail.
func TestAsideBehindActive(t *testing.T) {
	y := newTry(t, nil)
	y.offer("1", "k")
	y.next("1")
	y.now = y.now.Add(stuckAfter + 100*time.Millisecond)
	y.l.Sweep(y.now, false)
	y.l.SetPaused(true, y.now)
	y.act()
	if y.offer("2", "k"); len(y.lent) != 1 || len(y.stored) != 1 {
		t.Fatalf("lent %v and stored %v, which would be before the first if that fails", ids(y.lent), ids(y.stored))
	}
}
