package router

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/wye-events/wye/router/lanes"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/targets"
)

var (
	simSeed  = flag.Uint64("sim.seed", 0, "seed of the simulation; 0: a new one")
	simSteps = flag.Int("sim.steps", 1_000_000, "steps of the simulation")
)

// TestSimulation plays the life of events with the real decisions (lanes and
// window) and everything else made up: the clock, the store with its delays,
// failures and crashes, the receivers with theirs, and people who pause targets
// and change rules. One seed is one history, to the last step.
//
// What must hold at every crash, of what is on the disk at that moment: an
// accepted event is, for each of its targets, delivered, dead-lettered, expired,
// dropped, in the backlog, or above the saved floor. At the end all is well and
// everything must have an outcome: what counts as delivered was taken, what
// counts as dead has a letter, and the events of a key were taken in order.
func TestSimulation(t *testing.T) {
	seed := *simSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	histories, steps := 20, *simSteps
	for n := range histories {
		s := newSim(seed + uint64(n))
		s.run(steps / histories)
		s.finish()
		if len(s.faults) > 0 {
			for _, f := range s.faults[:min(len(s.faults), 10)] {
				t.Error(f)
			}
			t.Fatalf("%d faults; the same again: go test ./router -run TestSimulation -sim.seed=%d -sim.steps=%d", len(s.faults), seed+uint64(n), steps)
		}
		if n == 0 || testing.Verbose() {
			t.Logf("seed %d: %s", seed+uint64(n), s)
		}
	}
}

// sim is one history.
type sim struct {
	rand   *rand.Rand
	now    time.Time
	agenda agenda
	serial int
	life   int // counts crashes; what was under way before one does not happen
	steps  int
	faults []string

	// What is on the disk, or on its way there.
	head    uint64 // accepted events are 1 to head
	saved   uint64 // floor
	backlog simStream[*simEntry]
	dead    simStream[simKey]
	records simStream[simRecord]
	ids     map[string]bool // that the backlog has stored
	places  map[uint64]*simEntry
	paused  map[int]bool
	buried  map[simKey]bool // also those whose letters a crash took

	// What is in memory.
	window   *window
	read     uint64
	looping  bool
	stopping bool
	lanes    []*simLane
	fresh    simKey // what is accepted or replayed beyond these is new in this life
	ended    map[simKey]lanes.Outcome

	furthest uint64   // event ever read
	replays  int      // begun
	replayed []simKey // and durable

	policies []*rules.Target
	targets  []*simTarget
	crashes  int
	healing  bool
}

// simKey names a delivery.
type simKey struct {
	seq    uint64
	target int
	replay int // 0: as it was accepted
}

func (k simKey) String() string {
	if k.replay == 0 {
		return fmt.Sprint(k.seq, "/", k.target)
	}
	return fmt.Sprint(k.seq, "/", k.target, "~", k.replay)
}

type simRecord struct {
	key     simKey
	outcome lanes.Outcome
}

// simEntry is an entry of the backlog.
type simEntry struct {
	key      simKey
	id       string
	place    uint64
	tried    int
	first    time.Time
	due      time.Time
	written  time.Time
	handed   bool
	again    time.Time // handed out again then
	done     bool
	doneSure bool
}

// simStream takes what is appended in order, after a while; what has not become
// durable is lost in a crash.
type simStream[T any] struct {
	durable []T
	open    []simOpen[T]
}

type simOpen[T any] struct {
	value T
	keep  func(T) // puts it on the disk
	then  func()
}

// simTarget is a receiver, and all that it took.
type simTarget struct {
	mood    string // well, down, flaky, busy, gone
	slow    bool
	until   time.Time // it asked not to be called before
	taken   map[uint64]int
	again   map[int]bool // replays that it took
	first   []uint64     // events in the order in which each was first taken
	open    map[string]int
	atOnce  int
	expired map[uint64]bool
}

type simLane struct {
	s        *sim
	n        int
	core     *lanes.Lane
	acting   bool
	pumping  bool
	fetching bool
	kicked   bool // while it was fetching
	wake     int  // number of the plan that is to come
}

const (
	simTargets = 5
	simOrdered = 2 // and the next one keep order; the last does now and then
	simFickle  = 4
	simKeys    = 7
)

var simMoods = []string{"well", "well", "well", "down", "flaky", "busy", "gone", "picky"}

func newSim(seed uint64) *sim {
	s := &sim{
		rand: rand.New(rand.NewPCG(seed, 0)), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		ids: map[string]bool{}, places: map[uint64]*simEntry{}, paused: map[int]bool{}, buried: map[simKey]bool{},
	}
	for n := range simTargets {
		s.targets = append(s.targets, &simTarget{mood: "well", taken: map[uint64]int{}, again: map[int]bool{}, open: map[string]int{}, expired: map[uint64]bool{}})
		s.policies = append(s.policies, s.policy(n))
	}
	s.start()
	s.in(0, s.publish)
	s.in(time.Second, s.trouble)
	return s
}

// policy draws a policy.
func (s *sim) policy(n int) *rules.Target {
	p := &rules.Target{
		Name: fmt.Sprint("t", n), Concurrency: 1 + s.rand.IntN(8), OnExpired: rules.OnExpiredDeadLetter,
		Retry:   rules.Retry{Attempts: 3 + s.rand.IntN(20), First: 100 * time.Millisecond, Max: 10 * time.Second, Factor: 2, GiveUp: time.Duration(1+s.rand.IntN(60)) * time.Minute},
		Breaker: rules.Breaker{Failures: 5, Ratio: 0.5, Over: 30 * time.Second, First: time.Second, Max: 30 * time.Second},
	}
	if n >= simOrdered && (n != simFickle || s.rand.IntN(2) == 0) {
		p.Order = &rules.Order{By: "a", OnPoison: []rules.OnPoison{rules.OnPoisonPark, rules.OnPoisonBlock, rules.OnPoisonSkip}[s.rand.IntN(3)]}
	}
	if n == simFickle && p.Order != nil && s.rand.IntN(2) == 0 {
		p.Order.By = "b"
	}
	if s.rand.IntN(3) == 0 {
		p.Batch = &rules.Batch{MaxEvents: 2 + s.rand.IntN(20), MaxBytes: 1 << 20, MaxWait: 20 * time.Millisecond}
	}
	if s.rand.IntN(4) == 0 {
		p.Rate = &rules.Rate{PerSecond: 50 + 200*s.rand.Float64(), Burst: 1 + s.rand.IntN(20)}
	}
	if s.rand.IntN(4) == 0 {
		p.OnExpired = rules.OnExpiredDrop
	}
	return p
}

// run plays a number of steps.
func (s *sim) run(steps int) {
	for s.steps < steps && len(s.faults) == 0 && len(s.agenda) > 0 {
		s.step()
	}
}

func (s *sim) step() {
	e := heap.Pop(&s.agenda).(simEvent)
	s.now = e.at
	s.steps++
	if e.life == 0 || e.life == s.life {
		e.what()
	}
}

// finish lets everything be well, and looks whether all came to its end.
func (s *sim) finish() {
	s.healing = true
	for n, t := range s.targets {
		t.mood, t.slow = "well", false
		if s.policies[n] == nil {
			s.policies[n] = s.policy(n)
		}
		s.lanes[n].set(s.policies[n])
		s.resume(n)
	}
	for end, most := s.now.Add(3*time.Hour), 2*s.steps+1_000_000; s.steps < most && s.now.Before(end) && len(s.agenda) > 0 && len(s.faults) == 0; {
		s.step()
		if s.steps%1000 == 0 && s.quiet() {
			break
		}
	}
	if len(s.faults) > 0 {
		return
	}
	if !s.quiet() {
		floor, open := s.window.state()
		s.fault("not all came to its end: floor %d of %d, %d unsettled", floor, s.head, open)
		for _, l := range s.lanes {
			s.fault("lane %d: %+v, waiting %d, spilling %d, active %d, plan %+v", l.n, l.core.State(s.now), l.core.Waiting(), l.core.Spilling(), l.core.Active(), l.core.Plan(s.now, false))
		}
		return
	}
	s.accounts()
	s.orders()
}

// quiet tells whether nothing is under way and nothing waits.
func (s *sim) quiet() bool {
	floor, open := s.window.state()
	if floor != s.head || open > 0 || s.saved != s.head || s.read != s.head {
		return false
	}
	for _, l := range s.lanes {
		if l.core.Waiting() > 0 || l.core.Spilling() > 0 || l.core.Active() > 0 {
			return false
		}
	}
	return len(s.backlog.open)+len(s.dead.open)+len(s.records.open) == 0
}

// accounts looks for the outcome of every delivery: the newest record stands.
func (s *sim) accounts() {
	last := map[simKey]lanes.Outcome{}
	for _, r := range s.records.durable {
		last[r.key] = r.outcome
	}
	letters := map[simKey]bool{}
	for _, k := range s.dead.durable {
		letters[k] = true
	}
	for _, k := range s.replayed {
		switch how := last[k]; {
		case how == "":
			s.fault("%s has no outcome", k)
		case how == lanes.Delivered && !s.targets[k.target].again[k.replay]:
			s.fault("%s counts as delivered, and was never taken", k)
		}
	}
	for seq := uint64(1); seq <= s.head; seq++ {
		for n := range s.targets {
			k := simKey{seq, n, 0}
			switch how := last[k]; {
			case how == "":
				s.fault("event %d has no outcome at target %d", seq, n)
			case how == lanes.Delivered && s.targets[n].taken[seq] == 0:
				s.fault("event %d counts as delivered to target %d, which never took it", seq, n)
			case how == lanes.DeadLettered && !letters[k]:
				s.fault("event %d counts as dead at target %d, and there is no letter", seq, n)
			}
		}
	}
}

// orders looks at the first time that each event was taken: those of one key
// must be in the order of their sequences, except what had ended in another way
// before and was read again after a crash.
func (s *sim) orders() {
	ended := map[simKey]bool{}
	for _, r := range s.records.durable {
		if r.outcome != lanes.Delivered {
			ended[r.key] = true
		}
	}
	for k := range s.buried {
		ended[k] = true
	}
	for n := simOrdered; n < simFickle; n++ {
		latest := map[string]uint64{}
		for _, seq := range s.targets[n].first {
			key := simKeyOf(seq)
			if key == "" || ended[simKey{seq, n, 0}] {
				continue
			}
			if seq < latest[key] {
				s.fault("target %d took event %d of key %s after event %d", n, seq, key, latest[key])
			}
			latest[key] = max(latest[key], seq)
		}
	}
}

// simKeyOf is an event's key; some have none.
func simKeyOf(seq uint64) string {
	if k := seq * 2654435761 >> 7 % (simKeys + 1); k < simKeys {
		return fmt.Sprint("k", k)
	}
	return ""
}

// keyOf is the key of an event at a target, as its policy says.
func (s *sim) keyOf(n int, seq uint64) string {
	switch p := s.policies[n]; {
	case p == nil || p.Order == nil:
		return ""
	case p.Order.By == "b":
		return simKeyOf(seq + 1)
	}
	return simKeyOf(seq)
}

// simPoison tells whether no target takes the event.
func simPoison(seq uint64) bool { return seq%97 == 0 }

func (s *sim) fault(format string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf("step %d, %s: ", s.steps, s.now.Format("15:04:05.000"))+fmt.Sprintf(format, args...))
}

func (s *sim) String() string {
	outcomes := map[lanes.Outcome]int{}
	for _, r := range s.records.durable {
		outcomes[r.outcome]++
	}
	return fmt.Sprintf("%d steps, %s of virtual time, %d events accepted, %d crashes, %d stored in the backlog, records %v",
		s.steps, s.now.Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Round(time.Second), s.head, s.crashes, len(s.backlog.durable), outcomes)
}

// simEvent is something that happens at a time, in one life of the process or
// (life 0) in any.
type simEvent struct {
	at   time.Time
	n    int
	life int
	what func()
}

type agenda []simEvent

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, k int) bool {
	return cmp.Or(a[i].at.Compare(a[k].at), cmp.Compare(a[i].n, a[k].n)) < 0
}
func (a agenda) Swap(i, k int) { a[i], a[k] = a[k], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(simEvent)) }
func (a *agenda) Pop() any {
	old := *a
	e := old[len(old)-1]
	*a = old[:len(old)-1]
	return e
}

// in has something happen after a while, whatever crashes meanwhile.
func (s *sim) in(d time.Duration, what func()) { s.plan(d, 0, what) }

// soon has something happen after a while unless the process crashes.
func (s *sim) soon(d time.Duration, what func()) { s.plan(d, s.life, what) }

func (s *sim) plan(d time.Duration, life int, what func()) {
	s.serial++
	heap.Push(&s.agenda, simEvent{s.now.Add(max(d, 0)), s.serial, life, what})
}

func (s *sim) upTo(d time.Duration) time.Duration { return time.Duration(s.rand.Int64N(int64(d))) }

// publish accepts events, in bursts.
func (s *sim) publish() {
	if s.healing {
		return
	}
	s.head += uint64(1 + s.rand.IntN(5))
	if !s.looping {
		s.looping = true
		s.soon(time.Millisecond, s.loop)
	}
	wait := s.upTo(40 * time.Millisecond)
	if s.rand.IntN(1000) == 0 {
		wait = s.upTo(10 * time.Second)
	}
	s.in(wait, s.publish)
}

// trouble changes the receivers, the rules, or kills the process.
func (s *sim) trouble() {
	if s.healing {
		return
	}
	n := s.rand.IntN(simTargets)
	t := s.targets[n]
	switch s.rand.IntN(10) {
	case 0, 1, 2:
		t.mood, t.slow = simMoods[s.rand.IntN(len(simMoods))], s.rand.IntN(6) == 0
	case 3:
		if s.rand.IntN(3) > 0 {
			s.crash()
			break
		}
		s.stopping = true
		for _, l := range s.lanes {
			l.change(func(core *lanes.Lane) { core.Close() })
		}
		s.in(s.upTo(500*time.Millisecond), s.crash)
	case 8, 9:
		for range 1 + s.rand.IntN(5) {
			s.replay(n)
		}
	case 4:
		s.policies[n] = s.policy(n)
		s.lanes[n].set(s.policies[n])
	case 5:
		if s.rand.IntN(4) == 0 {
			s.policies[n] = nil
			s.lanes[n].set(nil)
		}
	case 6:
		s.paused[n] = true
		s.lanes[n].change(func(l *lanes.Lane) { l.SetPaused(true, s.now) })
		s.in(s.upTo(5*time.Minute), func() { s.resume(n) })
	default:
		for n := range s.targets {
			t := s.targets[n]
			t.mood, t.slow = "well", false
			s.resume(n)
			if s.policies[n] == nil {
				s.policies[n] = s.policy(n)
				s.lanes[n].set(s.policies[n])
			}
		}
	}
	s.in(s.upTo(400*time.Millisecond), s.trouble)
}

// replay puts an event that was read into the backlog once more.
func (s *sim) replay(n int) {
	if s.read == 0 || s.stopping {
		return
	}
	s.replays++
	l := s.lanes[n]
	j := &simJob{key: simKey{1 + s.rand.Uint64N(s.read), n, s.replays}}
	j.ID, j.First, j.Key, j.Load = j.key.String(), s.now, s.keyOf(n, j.key.seq), j
	ok := false
	if l.change(func(core *lanes.Lane) { ok = core.Deposit(&j.Job) }); !ok {
		return
	}
	if s.rand.IntN(10) == 0 {
		s.soon(s.upTo(time.Second), func() { l.change(func(core *lanes.Lane) { core.NotStored(&j.Job) }) })
		return
	}
	l.store(j, 0, func(known bool) { l.change(func(core *lanes.Lane) { core.Stored(&j.Job, known) }) })
}

func (s *sim) resume(n int) {
	s.paused[n], s.targets[n].until = false, time.Time{}
	s.lanes[n].change(func(l *lanes.Lane) { l.SetPaused(false, s.now) })
}

// start begins a life of the process with what is on the disk.
func (s *sim) start() {
	s.life++
	s.fresh, s.ended, s.stopping = simKey{seq: s.furthest, replay: s.replays}, map[simKey]lanes.Outcome{}, false
	s.window = newWindow(s.saved, func() uint64 { return 0 })
	s.read = s.saved
	s.lanes = nil
	waiting := make([]int, simTargets)
	for _, e := range s.places {
		e.handed, e.again = false, time.Time{}
		waiting[e.key.target]++
	}
	for n := range simTargets {
		l := &simLane{s: s, n: n, core: lanes.New(s.policies[n], 0, s.upToOrNothing, s.now)}
		s.lanes = append(s.lanes, l)
		l.change(func(core *lanes.Lane) {
			core.SetPaused(s.paused[n], s.now)
			core.Recover(waiting[n])
		})
	}
	s.looping = true
	s.soon(time.Millisecond, s.loop)
	s.soon(sweepEvery, s.sweep)
	s.soon(floorEvery, s.saveFloor)
}

func (s *sim) upToOrNothing(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return s.upTo(d + 1)
}

// crash ends the process: of what was on its way to the disk a part arrives, in
// order. Then what must always hold must hold.
func (s *sim) crash() {
	s.crashes++
	s.backlog.crash(s.rand)
	s.dead.crash(s.rand)
	s.records.crash(s.rand)
	for _, place := range slices.Sorted(maps.Keys(s.places)) {
		e := s.places[place]
		if e.done && !e.doneSure && s.rand.IntN(2) == 0 {
			e.done = false // the word that it is done was lost
		}
		if e.done {
			delete(s.places, place)
		}
	}
	s.check()
	for _, t := range s.targets {
		clear(t.open)
		t.atOnce, t.until = 0, time.Time{} // what it asked for is not kept
	}
	s.start()
}

// check looks for every accepted event on the disk.
func (s *sim) check() {
	safe := map[simKey]bool{}
	for _, r := range s.records.durable {
		safe[r.key] = true
	}
	for _, e := range s.places {
		safe[e.key] = true
	}
	for _, k := range s.replayed {
		if !safe[k] {
			s.fault("at the crash, %s is nowhere to be found", k)
		}
	}
	for seq := uint64(1); seq <= s.saved; seq++ {
		for n := range s.targets {
			if !safe[simKey{seq, n, 0}] {
				s.fault("at the crash, event %d at target %d is below the floor %d and nowhere to be found", seq, n, s.saved)
				return
			}
		}
	}
}

// crash loses what is not durable, except a part at its beginning.
func (q *simStream[T]) crash(r *rand.Rand) {
	for range r.IntN(len(q.open) + 1) {
		q.first()
	}
	q.open = nil
}

// first makes the first durable that is not.
func (q *simStream[T]) first() simOpen[T] {
	o := q.open[0]
	q.open = q.open[1:]
	q.durable = append(q.durable, o.value)
	if o.keep != nil {
		o.keep(o.value)
	}
	return o
}

// simAppend stores something after a while.
func simAppend[T any](s *sim, q *simStream[T], value T, keep func(T), then func()) {
	q.open = append(q.open, simOpen[T]{value, keep, then})
	wait := s.upTo(5 * time.Millisecond)
	if s.rand.IntN(20) == 0 {
		wait = s.upTo(200 * time.Millisecond)
	}
	s.soon(time.Millisecond+wait, func() { q.first().then() })
}

// keepEntry puts an entry into the backlog, unless its id is there.
func (s *sim) keepEntry(e *simEntry) {
	if s.ids[e.id] {
		return
	}
	s.ids[e.id] = true
	s.places[e.place] = e
	if e.key.replay > 0 && e.tried == 0 {
		s.replayed = append(s.replayed, e.key)
	}
}

// loop reads accepted events, as the router's does.
func (s *sim) loop() {
	if s.stopping {
		return
	}
	for range 64 {
		if _, open := s.window.state(); s.read >= s.head || open >= windowEvents-1 {
			break
		}
		s.read++
		s.furthest = max(s.furthest, s.read)
		f, err := s.window.admit(context.Background(), s.read, 100, simTargets)
		if err != nil {
			s.fault("admit: %v", err)
		}
		for n, l := range s.lanes {
			j := &simJob{key: simKey{s.read, n, 0}, flight: f}
			j.ID, j.First, j.Size, j.Key, j.Load = j.key.String(), s.now, 600, s.keyOf(n, s.read), j
			if s.read%211 == 0 {
				j.Expires = s.now.Add(time.Duration(s.read%7) * time.Second)
			}
			l.change(func(core *lanes.Lane) { core.Offer(&j.Job, s.now) })
		}
	}
	if s.looping = s.read < s.head; s.looping {
		s.soon(time.Millisecond+s.upTo(5*time.Millisecond), s.loop)
	}
}

func (s *sim) sweep() {
	_, open := s.window.state()
	for _, l := range s.lanes {
		l.change(func(core *lanes.Lane) { core.Sweep(s.now, s.window.tight()) })
	}
	again := sweepEvery
	if open == 0 {
		again = 10 * sweepEvery // nothing can be long under way
	}
	s.soon(again, s.sweep)
}

// saveFloor saves the floor behind the records of what is below it.
func (s *sim) saveFloor() {
	floor, _ := s.window.state()
	save := func() { s.saved = max(s.saved, floor) }
	if n := len(s.records.open); n > 0 {
		last := &s.records.open[n-1]
		then := last.then
		last.then = func() { then(); save() }
	} else {
		save()
	}
	s.soon(floorEvery, s.saveFloor)
}

// simJob is a delivery in memory.
type simJob struct {
	lanes.Job
	key    simKey
	flight *flight
}

func (l *simLane) set(p *rules.Target) {
	l.s.targets[l.n].until = time.Time{} // it may be another receiver now
	l.change(func(core *lanes.Lane) { core.SetPolicy(p, l.s.now) })
}

// change does something to the lane and all that follows, as the router's lane does.
func (l *simLane) change(what func(*lanes.Lane)) {
	what(l.core)
	for range l.core.Workers(l.s.now) {
		l.s.soon(0, l.work)
	}
	if look := l.core.Look(); l.fetching {
		l.kicked = l.kicked || look
	} else if l.pumping && look || !l.pumping && !l.core.Closed() && (l.core.Waiting()+l.core.Spilling() > 0 || l.core.Timed(l.s.now)) {
		l.pumping = true
		l.wake++
		n := l.wake
		l.s.soon(0, func() { l.pump(n, 0) })
	}
	if l.acting {
		return
	}
	l.acting = true
	for !l.core.Idle() {
		for _, e := range slices.Clone(l.core.Effects()) {
			l.act(e)
		}
	}
	l.acting = false
}

func (l *simLane) act(e lanes.Effect) {
	s := l.s
	var j *simJob
	if e.Job != nil {
		j = e.Job.Load.(*simJob)
	}
	switch e.What {
	case lanes.Store:
		l.store(j, j.Tried, func(known bool) { l.change(func(c *lanes.Lane) { c.Stored(&j.Job, known) }) })
	case lanes.Lend:
		l.store(j, 0, func(known bool) { l.change(func(c *lanes.Lane) { c.Lent(&j.Job, known) }) })
	case lanes.Bury:
		s.buried[j.key] = true
		simAppend(s, &s.dead, j.key, nil, func() { l.record(j, e.Outcome) })
	case lanes.Record:
		l.record(j, e.Outcome)
	case lanes.Finish:
		s.end(j.key, lanes.Delivered)
		simAppend(s, &s.records, simRecord{j.key, lanes.Delivered}, nil, func() {})
		s.window.settle(j.flight)
	case lanes.Settle:
		s.window.settle(j.flight)
	case lanes.Done:
		if entry := s.places[e.Place]; entry != nil {
			entry.done = true
			s.soon(s.upTo(time.Millisecond), func() { entry.doneSure = true; delete(s.places, e.Place) })
		}
		l.core.Removed(e.Place)
	case lanes.Later:
		if entry := s.places[e.Place]; entry != nil {
			entry.again = s.now.Add(e.Wait)
		}
	case lanes.Read:
		s.soon(s.upTo(3*time.Millisecond), func() {
			entry := s.places[j.Place]
			l.change(func(c *lanes.Lane) { c.Reread(&j.Job, entry != nil && !entry.done, s.now) })
		})
	case lanes.Pause:
		s.paused[l.n] = true
		s.in(s.upTo(3*time.Minute), func() { s.resume(l.n) })
	}
}

// end notes an outcome. What is new in this life of the process has just one.
func (s *sim) end(k simKey, how lanes.Outcome) {
	if before := s.ended[k]; before != "" && (k.replay > s.fresh.replay || k.replay == 0 && k.seq > s.fresh.seq) {
		s.fault("%s is %s, and %s before", k, how, before)
	}
	s.ended[k] = how
}

func (l *simLane) record(j *simJob, how lanes.Outcome) {
	l.s.end(j.key, how)
	simAppend(l.s, &l.s.records, simRecord{j.key, how}, nil, func() { l.change(func(c *lanes.Lane) { c.Ended(&j.Job) }) })
}

func (l *simLane) store(j *simJob, tried int, then func(known bool)) {
	s := l.s
	s.serial++
	e := &simEntry{key: j.key, id: fmt.Sprint(j.ID, "#", tried), place: uint64(s.serial), tried: tried, first: j.First, written: s.now}
	if tried > 0 {
		e.due = j.Due
	}
	known := false
	simAppend(s, &s.backlog, e, func(e *simEntry) {
		known = s.ids[e.id]
		s.keepEntry(e)
	}, func() { then(known) })
}

// pump reads the backlog for the lane until there is nothing to look after.
func (l *simLane) pump(n, empty int) {
	s := l.s
	if n != l.wake {
		return
	}
	plan := l.core.Plan(s.now, empty > 0)
	l.pumping = !plan.Done
	l.change(func(*lanes.Lane) {})
	if n != l.wake || plan.Done {
		return
	}
	wait := plan.Wake
	if plan.Fetch == 0 {
		s.soon(wait, func() { l.pump(n, empty) })
		return
	}
	l.fetching, l.kicked = true, false
	answer := s.upTo(3 * time.Millisecond)
	if s.rand.IntN(20) == 0 {
		answer = s.upTo(200 * time.Millisecond)
	}
	s.soon(answer, func() {
		if l.fetch(plan.Fetch) > 0 {
			empty, wait = 0, time.Millisecond
		} else {
			empty++
			wait = min(wait, lanes.FetchAgain*time.Duration(min(empty, 10)))
		}
		if l.fetching = false; l.kicked {
			wait = 0
		}
		s.soon(wait, func() { l.pump(n, empty) })
	})
}

// fetch hands out what is not handed out, in order, and what is to be again.
func (l *simLane) fetch(n int) (got int) {
	s := l.s
	var all []*simEntry
	for _, e := range s.places {
		if e.key.target == l.n && !e.done && (!e.handed || !e.again.IsZero() && !e.again.After(s.now)) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *simEntry) int { return cmp.Compare(a.place, b.place) })
	for _, e := range all[:min(n, len(all))] {
		e.handed, e.again = true, time.Time{}
		j := &simJob{key: e.key}
		j.ID, j.First, j.Size, j.Load, j.Place = e.key.String(), e.first, 600, j, e.place
		j.Tried, j.Due, j.Written = e.tried, e.due, e.written
		j.Key = s.keyOf(l.n, e.key.seq)
		l.change(func(c *lanes.Lane) { c.Fetched(&j.Job, s.now) })
		got++
	}
	return got
}

// work hands over what the lane gives, one request.
func (l *simLane) work() {
	s, t := l.s, l.s.targets[l.n]
	jobs := l.core.Next(s.now, nil)
	l.change(func(*lanes.Lane) {})
	if len(jobs) == 0 {
		return
	}
	if p := s.policies[l.n]; p == nil || t.atOnce >= max(p.Concurrency, 8) {
		s.fault("target %d got %d requests at once", l.n, t.atOnce+1)
	}
	if s.now.Before(t.until) && t.atOnce == 0 {
		s.fault("target %d was called %s before it said", l.n, t.until.Sub(s.now))
	}
	t.atOnce++
	took := s.upTo(10 * time.Millisecond)
	if t.slow {
		took = s.upTo(3 * time.Second)
	}
	for _, j := range jobs {
		if j.Key != "" {
			if t.open[j.Key]++; t.open[j.Key] > 1 && l.n != simFickle {
				s.fault("target %d has two events of key %s at once", l.n, j.Key)
			}
		}
	}
	s.soon(took, func() {
		t.atOnce--
		errs := t.answer(s, jobs)
		l.change(func(c *lanes.Lane) {
			for i, j := range jobs {
				if j.Key != "" {
					t.open[j.Key]--
				}
				if l.s.stopping && errs[i] != nil {
					c.Unanswered(j, s.now)
					continue
				}
				c.Answered(j, errs[i], s.now)
			}
		})
		l.work()
	})
}

var errSim = errors.New("answered 500")

// answer is what the receiver says to each of some events.
func (t *simTarget) answer(s *sim, jobs []*lanes.Job) []error {
	errs := make([]error, len(jobs))
	for i, j := range jobs {
		k := j.Load.(*simJob).key
		seq := k.seq
		errs[i] = t.errorOf(s, seq)
		// Sometimes it took the event, and its answer got lost.
		if errs[i] == nil || t.mood == "flaky" && !simPoison(seq) && s.rand.IntN(4) == 0 {
			if k.replay > 0 {
				t.again[k.replay] = true
			} else if t.taken[seq]++; t.taken[seq] == 1 {
				t.first = append(t.first, seq)
			}
		}
	}
	return errs
}

func (t *simTarget) errorOf(s *sim, seq uint64) error {
	mood := t.mood
	switch {
	case simPoison(seq):
		if s.rand.IntN(2) == 0 {
			return &targets.Permanent{Err: errSim}
		}
		return errSim
	case mood == "flaky" && s.rand.IntN(3) > 0, mood == "picky" && seq%3 > 0:
		mood = "well"
	}
	switch mood {
	case "down", "flaky", "picky":
		return errSim
	case "busy":
		if s.rand.IntN(10) == 0 {
			wait := s.upTo(5 * time.Second)
			t.until = s.now.Add(wait)
			return &targets.RetryAfter{Err: errSim, Wait: wait, Everyone: true}
		}
	case "gone":
		if s.rand.IntN(5) == 0 {
			return &targets.Gone{Err: errSim}
		}
	}
	return nil
}
