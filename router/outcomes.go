package router

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/wye-events/wye/router/bus"
)

const (
	// outcomeBatch records are stored at once, fewer when the first of them has
	// waited for outcomeEvery.
	outcomeBatch = 1024
	outcomeEvery = 40 * time.Millisecond
	// outcomeRoom bounds, in bytes, what may wait for the store: some 90,000
	// records. Who would add more waits.
	outcomeRoom = 16 << 20
	// outcomeAgain is the pause before a batch that the store did not take is
	// handed to it again.
	outcomeAgain = time.Second
	// outcomeLast is how long a stop waits for the last batches in any case.
	outcomeLast = 5 * time.Second
)

// outcomes writes down what became of deliveries: none is left out, and they
// are stored in the order in which they were added. Nobody waits for the disk,
// who has something to let go of that an outcome replaces (the floor above an
// event, an entry of a backlog) is told when the outcome is durable.
//
// One batch is with the store at a time, and what comes meanwhile makes the
// next: as with the commit of the bus, the slower the disk the larger the
// groups. A batch that the store does not take is stored again, under the same
// id, until it is. When outcomeRoom is taken the deliveries wait: an outcome
// that cannot be written down is a delivery that has not ended.
type outcomes struct {
	bus  *bus.Bus
	log  *slog.Logger
	name string // of this run, for the ids of batches

	mu      sync.Mutex
	batch   outcomeLines   // being filled
	full    []outcomeLines // those before it, the oldest first
	writing bool           // one is with the store
	waiting int            // bytes of text that are not durable
	room    chan struct{}  // closed when some is durable; nil while nobody waits for it
	spare   []byte         // the text of a batch that is through, to be used again
	ended   bool

	kick    chan struct{} // holds a token when there is something for the writer
	cut     chan struct{} // closed when what is left is given up
	end     chan struct{} // closed when the writer has ended
	lost    bool          // some are not durable and will not be; the writer's own until it has ended
	batches uint64        // the writer's own

	told teller
}

// outcomeLines is a batch.
type outcomeLines struct {
	text        []byte
	n           int
	first, last uint64 // sequences in it
	since       time.Time
	hurry       bool // somebody waits
	then        []func()
}

func startOutcomes(b *bus.Bus, log *slog.Logger) *outcomes {
	o := &outcomes{
		bus: b, log: log, name: rand.Text(),
		kick: make(chan struct{}, 1), cut: make(chan struct{}), end: make(chan struct{}),
	}
	go o.run()
	return o
}

// add notes an outcome. It does not wait, unless far too much waits for the
// store already; nobody may hold a lock here that the functions given to it
// need. durable, if not nil, is called once the note is on disk, and all that
// were added before it; these functions are called one after the other.
func (o *outcomes) add(rec outcomeRecord, durable func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.awaitRoom()
	o.put(rec, durable)
}

// tryAdd is add where that would not wait; else it does nothing and says so.
func (o *outcomes) tryAdd(rec outcomeRecord) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting >= outcomeRoom {
		return false
	}
	o.put(rec, nil)
	return true
}

// put adds a record. o.mu is held.
func (o *outcomes) put(rec outcomeRecord, durable func()) {
	if o.ended {
		return // not durable: what it would have settled is read again
	}
	b := &o.batch
	if b.n == 0 {
		b.first, b.last, b.since = rec.sequence, rec.sequence, time.Now()
	}
	b.first, b.last = min(b.first, rec.sequence), max(b.last, rec.sequence)
	before := len(b.text)
	b.text = rec.append(b.text)
	o.waiting += len(b.text) - before
	if durable != nil {
		b.then, b.hurry = append(b.then, durable), true
	}
	if b.n++; b.n == 1 || b.n == outcomeBatch || durable != nil {
		wake(o.kick)
	}
	if len(b.text) >= outcomesMost(o.bus) {
		o.seal()
	}
}

// outcomesMost is how large the text of a batch may be: what the store takes in
// any case.
func outcomesMost(b *bus.Bus) int { return min(512<<10, b.MaxMessage()+64<<10) }

// awaitRoom waits while too much waits for the store. o.mu is held.
func (o *outcomes) awaitRoom() {
	for o.waiting >= outcomeRoom && !o.ended {
		if o.room == nil {
			o.room = make(chan struct{})
		}
		room := o.room
		o.mu.Unlock()
		<-room
		o.mu.Lock()
	}
}

// seal begins a new batch. o.mu is held.
func (o *outcomes) seal() {
	o.full = append(o.full, o.batch)
	o.batch = outcomeLines{text: o.spare[:0]}
	o.spare = nil
	wake(o.kick)
}

// after calls then once all that was added before is durable; at once where it
// is already.
func (o *outcomes) after(then func()) {
	o.mu.Lock()
	if !o.writing && len(o.full) == 0 && o.batch.n == 0 && len(o.batch.then) == 0 {
		o.mu.Unlock()
		then()
		return
	}
	defer o.mu.Unlock()
	if o.ended {
		return
	}
	o.batch.then, o.batch.hurry = append(o.batch.then, then), true
	wake(o.kick)
}

// sync returns when what was added before is durable, or ctx ends.
func (o *outcomes) sync(ctx context.Context) {
	done := make(chan struct{})
	o.after(func() { close(done) })
	select {
	case <-done:
	case <-o.end:
	case <-ctx.Done():
	}
}

func (o *outcomes) run() {
	defer close(o.end)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		b, wait, ended := o.next(time.Now())
		switch {
		case b != nil:
			if !o.store(b) {
				o.lost = true
				o.close()
				return
			}
			o.through(b)
			continue
		case ended:
			return
		}
		timer.Reset(wait)
		select {
		case <-o.kick:
		case <-timer.C:
		}
	}
}

// idle is how long the writer sleeps when nothing is there; it is woken.
const idle = time.Hour

// next gives the batch that is to be stored now, or how long to wait for it.
func (o *outcomes) next(now time.Time) (b *outcomeLines, wait time.Duration, ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.full) == 0 {
		wait := outcomeEvery - now.Sub(o.batch.since)
		switch {
		case o.batch.n == 0 && len(o.batch.then) == 0:
			return nil, idle, o.ended
		case !o.ended && !o.batch.hurry && o.batch.n < outcomeBatch && wait > 0:
			return nil, wait, false
		}
		o.seal()
	}
	first := o.full[0]
	o.full[0] = outcomeLines{}
	o.full = o.full[1:]
	o.writing = true
	return &first, 0, false
}

// store tries until the batch is durable; not if there is no store any more.
func (o *outcomes) store(b *outcomeLines) bool {
	if b.n == 0 {
		return true
	}
	o.batches++
	id := o.name + "-" + strconv.FormatUint(o.batches, 36)
	for tries := 0; ; tries++ {
		answer := make(chan error, 1)
		o.bus.Outcomes(id, b.first, b.last, b.text, func(err error) { answer <- err })
		var err error
		select {
		case err = <-answer:
		case <-o.cut:
			return false
		}
		if err == nil {
			return true
		}
		if errors.Is(err, bus.ErrClosed) || o.bus.Failed() != nil {
			return false
		}
		if tries == 0 {
			o.log.Error("the store did not take what became of deliveries; trying again, and nothing is let go of meanwhile", "error", err)
		}
		select {
		case <-time.After(outcomeAgain):
		case <-o.cut:
			return false
		}
	}
}

// through takes a batch that is durable off the account, and tells who waits.
func (o *outcomes) through(b *outcomeLines) {
	o.mu.Lock()
	o.writing = false
	o.waiting -= len(b.text)
	o.spare = b.text
	if o.waiting < outcomeRoom {
		o.relieve()
	}
	o.mu.Unlock()
	o.told.tell(b.then)
}

// stop stores what is left until ctx ends, and for a moment in any case, and
// tells whether all is durable. What is added after is left out, and nobody is
// told of it.
func (o *outcomes) stop(ctx context.Context) (durable bool) {
	o.close()
	moment := time.After(outcomeLast)
	select {
	case <-o.end:
	case <-ctx.Done():
		select {
		case <-o.end:
		case <-moment:
		}
	}
	close(o.cut)
	<-o.end
	o.told.wait()
	return !o.lost
}

// close takes no more outcomes.
func (o *outcomes) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	o.relieve()
	wake(o.kick)
}

// relieve lets those go on who wait for room. o.mu is held.
func (o *outcomes) relieve() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

// wake puts a token into a channel that holds one.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
