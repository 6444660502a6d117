package lanes

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
)

// play is the life of one lane with everything else made up: the clock, the
// backlog and the receiver. It does with the lane what the router does, and sees
// by itself what must never happen: more requests at once than may be, two of a
// key, a delivery that goes on after its end, an event that is let go of twice.
type play struct {
	t    testing.TB
	lane *Lane
	now  time.Time
	rand *rand.Rand

	answer func(j *Job) error // of the receiver; nil: it takes everything
	took   time.Duration      // by a request
	delay  time.Duration      // of the store
	lazy   bool               // plans again only after the target's pause: enough where nothing expires

	agenda  agenda
	serial  int
	acting  bool
	pumping bool
	sweeps  bool
	newest  int // plan; older ones are void

	backlog []*entry // by place, from 1 on
	stored  map[string]bool
	fresh   int    // entries that were handed out at least once
	back    agenda // places of entries that are handed out again

	coming   int // of what happens every while, goes on
	offered  int
	keys     map[string]string   // by ID
	line     map[string][]string // IDs by key, in order
	loose    bool                // a reload brings the order back: what was under way or failed before is in none
	settled  map[string]bool
	requests []request
	under    map[string]int // requests under way, by key
	atOnce   int
	most     int // of atOnce
	heavy    int // most entries in memory whole
	ended    map[string]end
}

type entry struct {
	job  Job
	done bool
}

// request is one that the receiver got.
type request struct {
	at   time.Time
	jobs []string
	size int
}

// end is how a delivery ended.
type end struct {
	outcome Outcome
	reason  string // of its dead letter
	tried   int
	at      time.Time
}

var (
	dawn    = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	errDown = errors.New("answered 503")
)

func down(*Job) error { return errDown }

// standard is the policy of a target that says nothing of it; see package rules.
func standard() *rules.Target {
	return &rules.Target{
		Name: "t", Concurrency: 32, OnExpired: rules.OnExpiredDeadLetter,
		Retry:   rules.Retry{Attempts: 1000, First: time.Second, Max: 5 * time.Minute, Factor: 2, GiveUp: 24 * time.Hour},
		Breaker: rules.Breaker{Failures: 5, Ratio: 0.5, Over: 30 * time.Second, First: time.Second, Max: 30 * time.Second},
	}
}

func newPlay(t testing.TB, policy *rules.Target, seed uint64) *play {
	p := &play{
		t: t, now: dawn, rand: rand.New(rand.NewPCG(seed, 0)), took: 5 * time.Millisecond, delay: time.Millisecond,
		stored: map[string]bool{}, keys: map[string]string{}, line: map[string][]string{}, settled: map[string]bool{}, under: map[string]int{}, ended: map[string]end{},
	}
	p.lane = New(policy, 0, p.draw, p.now)
	return p
}

func (p *play) draw(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(p.rand.Int64N(int64(d) + 1))
}

// in has something happen after a while.
func (p *play) in(d time.Duration, what func()) {
	p.serial++
	heap.Push(&p.agenda, happening{p.now.Add(d), p.serial, what})
}

// soon has something happen when the store has done its part.
func (p *play) soon(what func()) {
	if p.delay == 0 {
		what()
		return
	}
	p.in(p.delay, what)
}

// every has something happen n times, at even distances from now on.
func (p *play) every(d time.Duration, n int, what func(i int)) {
	i := 0
	p.coming++
	var next func()
	next = func() {
		what(i)
		if i++; i < n {
			p.in(d, next)
			return
		}
		p.coming--
	}
	p.in(0, next)
}

// run plays for a while.
func (p *play) run(d time.Duration) {
	end := p.now.Add(d)
	for len(p.agenda) > 0 && !p.agenda[0].at.After(end) && !p.t.Failed() {
		e := heap.Pop(&p.agenda).(happening)
		p.now = e.at
		e.what()
	}
	p.now = end
}

// finish plays on until nothing is left, for a while at most, and looks whether
// every delivery has ended.
func (p *play) finish(d time.Duration) {
	p.t.Helper()
	for end := p.now.Add(d); p.now.Before(end) && (p.coming > 0 || len(p.settled) < p.offered || !p.lane.Empty()) && !p.t.Failed(); {
		p.run(time.Second)
	}
	if len(p.ended) != p.offered || len(p.settled) != p.offered || !p.lane.Empty() {
		p.t.Fatalf("after %s, of %d deliveries %d have ended and %d are settled; waiting %d, spilling %d, active %d, held %d, %+v", p.now.Sub(dawn),
			p.offered, len(p.ended), len(p.settled), p.lane.Waiting(), p.lane.Spilling(), p.lane.Active(), len(p.lane.held), p.lane.State(p.now))
	}
}

// offer gives the lane a delivery of a key, with changes.
func (p *play) offer(key string, with ...func(*Job)) {
	p.offered++
	j := &Job{ID: fmt.Sprintf("%06d", p.offered), Key: key, Size: 600, First: p.now}
	for _, change := range with {
		change(j)
	}
	p.keys[j.ID], p.line[key] = key, append(p.line[key], j.ID)
	p.change(func(l *Lane) { l.Offer(j, p.now) })
}

// change does something to the lane, and all that follows.
func (p *play) change(what func(l *Lane)) {
	l := p.lane
	what(l)
	for range l.Workers(p.now) {
		p.in(0, p.work)
	}
	if look := l.Look(); p.pumping && look && !(p.lazy && l.breaker.holding(p.now)) || !p.pumping && (l.Waiting()+l.Spilling() > 0 || l.Timed(p.now)) {
		p.pumping = true
		p.pumpIn(0, false)
	}
	if !p.sweeps && (l.queue.first() != nil || len(l.active) > 0 || len(l.arrivals) > 0) {
		p.sweeps = true
		p.in(25*time.Millisecond, p.sweep)
	}
	if p.acting {
		return
	}
	p.acting = true
	for !l.Idle() {
		for _, e := range slices.Clone(l.Effects()) {
			p.act(e)
		}
	}
	p.acting = false
	p.heavy = max(p.heavy, len(l.held)-l.light)
}

func (p *play) sweep() {
	p.sweeps = false
	p.change(func(l *Lane) { l.Sweep(p.now, false) })
}

func (p *play) act(e Effect) {
	switch j := e.Job; e.What {
	case Store:
		p.append(j, j.Tried, func(known bool) { p.change(func(l *Lane) { l.Stored(j, known) }) })
	case Lend:
		p.append(j, 0, func(known bool) { p.change(func(l *Lane) { l.Lent(j, known) }) })
	case Bury, Record:
		p.end(j, e)
		p.soon(func() { p.change(func(l *Lane) { l.Ended(j) }) })
	case Finish:
		p.end(j, Effect{Outcome: Delivered})
		p.settle(j)
	case Settle:
		p.settle(j)
	case Done:
		p.backlog[e.Place-1].done = true
		p.lane.Removed(e.Place)
	case Later:
		heap.Push(&p.back, happening{at: p.now.Add(e.Wait), n: int(e.Place)})
	case Read:
		p.soon(func() { p.change(func(l *Lane) { l.Reread(j, !p.backlog[j.Place-1].done, p.now) }) })
	}
}

func (p *play) end(j *Job, e Effect) {
	if was, ok := p.ended[j.ID]; ok {
		p.t.Errorf("%s ended as %q after it had ended as %+v", j.ID, e.Outcome, was)
	}
	p.ended[j.ID] = end{e.Outcome, e.Reason, j.Tried, p.now}
}

func (p *play) settle(j *Job) {
	if p.settled[j.ID] {
		p.t.Errorf("the event of %s is let go of twice", j.ID)
	}
	p.settled[j.ID] = true
}

// append stores a delivery. What is stored in a row arrives in that order.
func (p *play) append(j *Job, tried int, then func(known bool)) {
	e := &entry{job: Job{ID: j.ID, Key: j.Key, Size: j.Size, Tried: tried, First: j.First, Expires: j.Expires, Written: p.now}}
	if tried > 0 {
		e.job.Due = j.Due
	}
	p.soon(func() {
		id := fmt.Sprint(j.ID, "#", tried)
		known := p.stored[id]
		if !known {
			p.stored[id] = true
			p.backlog = append(p.backlog, e)
			e.job.Place = uint64(len(p.backlog))
		}
		then(known)
	})
}

func (p *play) pumpIn(d time.Duration, empty bool) {
	if s := p.lane.State(p.now); p.lazy && s.Name == "held" {
		d = s.Until.Sub(p.now)
	}
	p.newest++
	n := p.newest
	p.in(d, func() {
		if n == p.newest {
			p.pump(empty)
		}
	})
}

// pump reads the backlog for the lane until there is nothing to look after.
func (p *play) pump(empty bool) {
	n := p.newest
	plan := p.lane.Plan(p.now, empty)
	p.pumping = !plan.Done
	p.change(func(*Lane) {})
	if n != p.newest || plan.Done {
		return
	}
	if plan.Fetch > 0 {
		if empty = !p.fetch(plan.Fetch); !empty {
			plan.Wake = p.delay
		}
		plan.Wake = min(plan.Wake, FetchAgain)
	}
	if n == p.newest {
		p.pumpIn(plan.Wake, empty)
	}
}

// fetch hands out what was given back and is due, then what was never handed out.
func (p *play) fetch(n int) (some bool) {
	for ; n > 0; n-- {
		var e *entry
		switch {
		case len(p.back) > 0 && !p.back[0].at.After(p.now):
			e = p.backlog[heap.Pop(&p.back).(happening).n-1]
		case p.fresh < len(p.backlog):
			e = p.backlog[p.fresh]
			p.fresh++
		default:
			return some
		}
		if !e.done {
			some = true
			j := e.job
			p.change(func(l *Lane) { l.Fetched(&j, p.now) })
		}
	}
	return some
}

// work makes one request after the other, as long as there are any.
func (p *play) work() {
	jobs := p.lane.Next(p.now, nil)
	p.change(func(*Lane) {})
	if len(jobs) == 0 {
		return
	}
	r := request{at: p.now}
	for _, j := range jobs {
		r.jobs, r.size = append(r.jobs, j.ID), r.size+j.Size
		if p.under[j.Key]++; j.Key != "" && p.lane.ordered() {
			p.checkTurn(j)
		}
		if was, ok := p.ended[j.ID]; ok {
			p.t.Errorf("%s is handed over after it ended as %+v", j.ID, was)
		}
	}
	p.requests = append(p.requests, r)
	p.atOnce++
	p.most = max(p.most, p.atOnce)
	p.in(p.took, func() {
		p.atOnce--
		p.change(func(l *Lane) {
			for _, j := range jobs {
				var err error
				if p.answer != nil {
					err = p.answer(j)
				}
				p.under[j.Key]--
				l.Answered(j, err, p.now)
			}
		})
		p.work()
	})
}

// checkTurn looks whether a delivery of an ordered lane is the only one of its key
// that is under way, and the oldest that has not ended.
func (p *play) checkTurn(j *Job) {
	if p.under[j.Key] > 1 {
		p.t.Errorf("two deliveries of the key %s are under way at once", j.Key)
	}
	line := p.line[j.Key]
	for len(line) > 0 && p.ended[line[0]].outcome != "" {
		line = line[1:]
	}
	if p.line[j.Key] = line; !p.loose && line[0] != j.ID {
		p.t.Errorf("%s is handed over before %s of the same key has ended", j.ID, line[0])
	}
}

// happening is something that is to happen.
type happening struct {
	at   time.Time
	n    int
	what func()
}

type agenda []happening

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, k int) bool {
	return cmp.Or(a[i].at.Compare(a[k].at), cmp.Compare(a[i].n, a[k].n)) < 0
}
func (a agenda) Swap(i, k int) { a[i], a[k] = a[k], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(happening)) }
func (a *agenda) Pop() any {
	old := *a
	h := old[len(old)-1]
	*a = old[:len(old)-1]
	return h
}
