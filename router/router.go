package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/lanes"
	"github.com/wye-events/wye/router/source"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/targets"
)

// Config is what a router is started with.
type Config struct {
	Bus *bus.Bus
	// Rules is where the rules are: a rule file, a directory of them, DIR/... for all
	// below it too, or a place in a Git repository (see [source.Address]).
	Rules  string
	Source source.Options // of Git

	KeepAge   time.Duration // of events in the archive; default 7 days
	KeepBytes uint64        // of the archive; default 10 GiB, or what is left free beside it if that is less

	Log     *slog.Logger         // default slog.Default()
	Metrics *prometheus.Registry // default a new one
}

// DefaultKeepAge is how long the archive keeps an event.
const DefaultKeepAge = 7 * 24 * time.Hour

// Router runs between Start and Stop.
type Router struct {
	cfg  Config
	bus  *bus.Bus
	log  *slog.Logger
	acct *accounts

	deadAcct   *deadAccount
	operations *operations

	window   *window
	outcomes *outcomes
	history  *history
	auditing chan struct{} // holds a token while an audit runs
	tails    tailHub
	streams  targets.Streams
	read     atomic.Uint64 // the last sequence that was read

	// set is the rule set in force, with its lanes. It is replaced whole and
	// never changed; each event is judged by the one that it found here.
	set      atomic.Pointer[ruleset]
	reloadMu sync.Mutex
	stopping bool // guarded by reloadMu
	sourcing *sourcing
	loader   rules.Loader // remembers what it has loaded, so that a reload costs what has changed

	lanesMu sync.Mutex
	lanes   map[string]*lane // also those whose target is gone but not their deliveries

	pauses pauses

	readersMu sync.Mutex
	readers   map[string]*bus.Backlog // opened backlog consumers by target

	readCtx    context.Context // ends first: the loop and the listener
	stopRead   context.CancelFunc
	deliverCtx context.Context // ends when deliveries under way are cut short
	cutShort   context.CancelFunc
	loops      sync.WaitGroup
	workers    sync.WaitGroup // lane workers and pumps
	stores     counter        // letters on their way into BACKLOG and DEAD
	acting     counter        // lanes that have something done
	aside      tasks
	unlisten   func()
	stopOnce   sync.Once
}

// Start loads the rules, recovers what an earlier run left, and starts to
// route. A rule set with problems is returned as [*RulesError], unless the store has
// what was in force from the same source last: then it starts with that, and
// [Router.Source] tells why.
func Start(ctx context.Context, cfg Config) (*Router, error) {
	r := newRouter(cfg)
	if err := r.openSource(); err != nil {
		return nil, err
	}
	floor, err := r.bus.LoadFloor(ctx)
	if err != nil {
		return nil, err
	}
	r.window = newWindow(floor, r.unread)
	r.read.Store(floor)
	r.acct.found.Add(float64(r.unread()))
	r.outcomes = startOutcomes(r.bus, r.log)
	r.history = openHistory(ctx, r.bus, r.log)
	if err := errors.Join(r.loadPauses(ctx), r.loadSuspension(ctx)); err != nil {
		r.history.stop(ctx)
		r.outcomes.stop(ctx)
		return nil, err
	}
	r.loadReigns(ctx)
	if err := r.firstRules(ctx); err != nil {
		r.history.stop(ctx)
		r.outcomes.stop(ctx)
		return nil, err
	}
	if err := r.recover(ctx); err != nil {
		r.Stop(ctx)
		return nil, err
	}
	r.forgetPauses()
	if r.operations, err = openOperations(ctx, r); err != nil {
		r.Stop(ctx)
		return nil, err
	}
	r.gauges(r.cfg.Metrics)
	r.loops.Add(3)
	go r.loop(floor + 1)
	go r.sweepLoop()
	go r.trimLoop()
	if r.unlisten, err = r.listen(); err != nil {
		r.Stop(ctx)
		return nil, err
	}
	return r, nil
}

func newRouter(cfg Config) *Router {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = prometheus.NewRegistry()
	}
	if cfg.KeepAge == 0 {
		cfg.KeepAge = DefaultKeepAge
	}
	r := &Router{
		cfg: cfg, bus: cfg.Bus, log: cfg.Log, acct: newAccounts(cfg.Metrics), deadAcct: newDeadAccount(cfg.Metrics),
		streams: streams(cfg.Bus), auditing: make(chan struct{}, 1), lanes: map[string]*lane{}, readers: map[string]*bus.Backlog{},
	}
	r.readCtx, r.stopRead = context.WithCancel(context.Background())
	r.deliverCtx, r.cutShort = context.WithCancel(context.Background())
	return r
}

// recover picks up what waits in the backlogs, also of targets that are not in
// the rules any more.
func (r *Router) recover(ctx context.Context) error {
	waiting, err := r.bus.Waiting(ctx)
	if err != nil {
		return err
	}
	r.lanesMu.Lock()
	defer r.lanesMu.Unlock()
	for name, n := range waiting {
		l := r.lanes[name]
		if l == nil {
			l = newLane(r, name, nil)
			r.lanes[name] = l
		}
		l.acct.expected.Add(n)
		l.change(func(core *lanes.Lane, _ time.Time) { core.Recover(int(n)) })
	}
	return nil
}

// allLanes are the lanes in ascending order of name.
func (r *Router) allLanes() []*lane {
	r.lanesMu.Lock()
	defer r.lanesMu.Unlock()
	names := slices.Sorted(maps.Keys(r.lanes))
	lanes := make([]*lane, len(names))
	for i, name := range names {
		lanes[i] = r.lanes[name]
	}
	return lanes
}

// forget lets go of a lane whose target is gone and which holds nothing.
func (r *Router) forget(l *lane) {
	r.lanesMu.Lock()
	defer r.lanesMu.Unlock()
	l.mu.Lock()
	empty := l.handle == nil && l.core.Empty() && !l.pumping && !l.acting
	if empty {
		l.core.Close()
	}
	l.mu.Unlock()
	if !empty || r.lanes[l.name] != l {
		return
	}
	delete(r.lanes, l.name)
	r.readersMu.Lock()
	delete(r.readers, l.name)
	r.readersMu.Unlock()
	r.acct.forget(l.name)
	r.forgetPause(l.name)
	if err := r.bus.DropBacklog(r.deliverCtx, l.name); err != nil {
		r.log.Warn("removing a backlog consumer", "target", l.name, "error", err)
	}
}

// Stop takes nothing more in, lets the deliveries under way finish until ctx
// ends and cuts them short then, and saves the floor. What was not handed
// over, or not answered, waits in the backlogs then; what the store does not take
// any more is read again by the next start. It may come early or twice; the bus stays open.
func (r *Router) Stop(ctx context.Context) {
	r.stopOnce.Do(func() {
		if r.unlisten != nil {
			r.unlisten()
		}
		r.stopRead()
		r.loops.Wait()
		if r.operations != nil {
			r.operations.stop(ctx)
		}
		r.reloadMu.Lock()
		r.stopping = true
		r.reloadMu.Unlock()
		r.closeLanes()
		await(ctx, r.workers.Wait)
		await(ctx, r.aside.stop)
		r.calm(ctx)
		r.cutShort()
		r.workers.Wait()
		r.aside.stop() // what waited for the store has given up now
		last := withinLast()
		r.calm(last)
		r.closeTargets()
		r.lastFloor(ctx)
		await(last, r.acting.wait) // entries that are let go of now that their outcomes are stored
	})
}

// calm waits until the lanes have done what they want done.
func (r *Router) calm(ctx context.Context) {
	await(ctx, r.acting.wait)
	await(ctx, r.stores.wait) // which is what they mostly want
	await(ctx, r.acting.wait) // and what follows from it
}

// lastWithin is how long a stop waits for the store in any case.
const lastWithin = 5 * time.Second

func withinLast() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), lastWithin)
	context.AfterFunc(ctx, cancel)
	return ctx
}

func (r *Router) closeLanes() {
	for _, l := range r.allLanes() {
		l.close()
	}
}

// await waits for something until ctx ends.
func await(ctx context.Context, wait func()) {
	done := make(chan struct{})
	go func() {
		wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (r *Router) closeTargets() {
	for _, l := range r.allLanes() {
		l.mu.Lock()
		l.retire(nil)
		l.mu.Unlock()
	}
}

// Sweep intervals.
const (
	sweepEvery = 25 * time.Millisecond
	trimEvery  = time.Minute
	trimFull   = 2 * time.Second // while the disk is full
)

// sweepLoop looks after what waits too long, and saves the floor.
func (r *Router) sweepLoop() {
	defer r.loops.Done()
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	keeper := floorKeeper{r: r}
	for {
		select {
		case <-r.readCtx.Done():
			return
		case now := <-tick.C:
			tight := r.window.tight()
			for _, l := range r.allLanes() {
				l.sweep(now, tight)
			}
			keeper.look(now)
		}
	}
}

// trimLoop shortens the archive to what is to be kept.
func (r *Router) trimLoop() {
	defer r.loops.Done()
	tick := time.NewTicker(trimFull)
	defer tick.Stop()
	trimmed := time.Now()
	for {
		select {
		case <-r.readCtx.Done():
			return
		case now := <-tick.C:
			if now.Sub(trimmed) < trimEvery && r.bus.Full() == nil {
				continue
			}
			trimmed = now
			floor, _ := r.window.state()
			err := r.bus.Trim(r.readCtx, floor, r.cfg.KeepAge, r.cfg.KeepBytes)
			if err != nil && !errors.Is(err, context.Canceled) {
				r.log.Warn("the archive could not be shortened", "error", err)
			}
			if err := r.history.tidy(r.readCtx, r.set.Load()); err != nil && !errors.Is(err, context.Canceled) {
				r.log.Warn("old rule sets and outcomes could not be removed", "error", err)
			}
		}
	}
}

// Err is why the router takes nothing and cannot go on with what it has, or nil.
func (r *Router) Err() error {
	if err := r.bus.Failed(); err != nil {
		return fmt.Errorf("the store failed: %w", err)
	}
	if err := r.bus.Wedged(); err != nil {
		return fmt.Errorf("the store cannot write: %w", err)
	}
	return nil
}

// background runs f, which Stop waits for. After Stop began it is not run: what
// it would have settled is read again.
func (r *Router) background(f func()) { r.aside.run(f) }

// tasks are goroutines that are started at any time and waited for once.
type tasks struct {
	mu      sync.Mutex
	wg      sync.WaitGroup
	stopped bool
}

func (t *tasks) run(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stopped {
		t.wg.Go(f)
	}
}

func (t *tasks) stop() {
	t.mu.Lock()
	t.stopped = true
	t.mu.Unlock()
	t.wg.Wait()
}
