package bus

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// Bus is an open bus. Its methods may be called from many goroutines.
type Bus struct {
	cfg    Config
	server *embedded // nil with remote servers
	own    *link     // to Wye's own streams
	shared *link     // to wye.in, work queues and kept streams
	links  []*link   // those that are open
	lock   *lock
	lease  string // this process's name in the lease, once it has it
	tail   *tail
	disk   *diskWatch // of the embedded store; nil where nothing can be told of it
	owed   owed

	events, backlog, dead, outcomes, state *stream
	rulesets                               *stream // nil where it could not be made

	mu      sync.Mutex
	streams map[string]*stream

	failure  atomic.Pointer[error]
	failedCh chan struct{}
	stop     chan struct{}
	stopOnce sync.Once
	stopped  sync.WaitGroup
}

// Open starts the embedded server (or connects to the remote ones) and makes
// sure that Wye's streams are there.
func Open(ctx context.Context, cfg Config) (*Bus, error) {
	cfg = cfg.withDefaults()
	b, err := open(ctx, cfg)
	if errors.Is(err, errLayout) {
		cfg.Log.Warn("group commit is not possible here; every event is synced by itself, which is slower", "error", err)
		cfg.Sync = SyncAlways
		return open(ctx, cfg)
	}
	return b, err
}

func open(ctx context.Context, cfg Config) (_ *Bus, err error) {
	b := &Bus{
		cfg: cfg, tail: newTail(), streams: map[string]*stream{},
		failedCh: make(chan struct{}), stop: make(chan struct{}),
	}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	if cfg.URL == "" {
		if b.lock, err = lockDir(cfg.Dir); err != nil {
			return nil, err
		}
		b.disk = watchDisk(cfg) // first: it gives up the reserve where the start needs it
		if b.server, err = startServer(cfg, b.noteServerError); err != nil {
			return nil, err
		}
	}
	if err := b.connect(); err != nil {
		return nil, err
	}
	b.stopped.Add(1)
	go b.expireAcks()
	for _, sc := range b.ownStreams() {
		if _, err := b.ensure(ctx, sc); err != nil {
			return nil, err
		}
	}
	b.events, b.backlog, b.dead = b.streams[streamEvents], b.streams[streamBacklog], b.streams[streamDead]
	b.outcomes, b.state = b.streams[streamOutcomes], b.streams[streamState]
	if b.rulesets, err = b.ensure(ctx, memoryStream()); errors.Is(err, errLayout) {
		return nil, err
	} else if err != nil {
		b.cfg.Log.Warn("the rule sets in force are not kept; what decided past events will not be known", "error", err)
	}
	if b.disk != nil {
		b.stopped.Add(1)
		go b.watch()
	}
	if b.server == nil {
		if err := b.takeLease(ctx); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *Bus) where() string {
	if b.server != nil {
		return "the embedded server"
	}
	return redacted(b.cfg.URL)
}

func (b *Bus) asyncError(_ *nats.Conn, _ *nats.Subscription, err error) {
	b.cfg.Log.Warn("NATS connection", "error", err)
}

func (b *Bus) expireAcks() {
	defer b.stopped.Done()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case now := <-tick.C:
			for _, s := range b.allStreams() {
				s.acks.expire(now.Add(-answerWithin), ErrNoAnswer)
			}
		}
	}
}

// Sync is the durability that is in force, which is another than asked for
// where group commit is not possible.
func (b *Bus) Sync() Sync { return b.cfg.Sync }

// MaxMessage is the largest data of a message, in bytes: what was asked for, or
// less where remote servers take less.
func (b *Bus) MaxMessage() int { return b.cfg.MaxMessage }

// Remote tells whether the bus uses NATS servers outside of this process.
func (b *Bus) Remote() bool { return b.server == nil }

// Address is where the embedded server listens for NATS clients, or the URL of
// the remote servers, without credentials.
func (b *Bus) Address() string {
	if b.server == nil {
		return redacted(b.cfg.URL)
	}
	if b.cfg.Listen == "" {
		return ""
	}
	return b.server.Addr().String()
}

// Failed is why the bus takes nothing any more, or nil.
func (b *Bus) Failed() error {
	if err := b.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// FailedCh is closed when the bus has failed for good.
func (b *Bus) FailedCh() <-chan struct{} { return b.failedCh }

func (b *Bus) fail(err error) {
	if b.failure.CompareAndSwap(nil, &err) {
		b.cfg.Log.Error("the store failed", "error", err)
		close(b.failedCh)
	}
}

func (b *Bus) allStreams() []*stream {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.streams))
}

// Close commits what waits and stops the server. It may come early or twice.
func (b *Bus) Close() {
	b.stopOnce.Do(func() {
		close(b.stop)
		b.stopped.Wait()
		b.dropLease()
		for _, l := range b.links {
			l.nc.Flush()
		}
		for _, s := range b.allStreams() {
			s.close()
		}
		for _, l := range b.links {
			l.nc.Close()
		}
		if b.server != nil {
			b.server.Shutdown()
			b.server.WaitForShutdown()
		}
		b.lock.release()
	})
}
