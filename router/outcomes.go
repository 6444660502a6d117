package router

import (
	"context"
	"strconv"
	"time"

	"github.com/wye-events/wye/router/bus"
)

const (
	outcomeBuffer = 8192
	outcomeBatch  = 1024
	outcomeEvery  = time.Second
)

// outcomes appends what became of deliveries to the history, in batches and
// behind the deliveries' backs: when it cannot keep up it leaves out rather
// than slow anything down. Counters are exact, this is not.
type outcomes struct {
	bus  *bus.Bus
	in   chan outcomeRecord
	ask  chan chan (<-chan struct{}) // answered with the newest batch's written
	quit chan struct{}
	end  chan struct{}

	// The batch that is being filled; run's own.
	batch       []byte
	n           int
	first, last uint64          // sequences in it
	written     <-chan struct{} // closed when the store has answered about the newest batch
}

// outcomeRecord is one line of the history.
type outcomeRecord struct {
	sequence     uint64
	rule, target string
	outcome      outcome
	attempts     int
	at           int64  // Unix milliseconds
	version      string // of the rule set that decided
	status       int    // of the last attempt that failed, where it had one
	dead         uint64 // number of the dead letter
	replay       string // the replay that repeated the event
}

// append writes the line in JSON. The names in it are checked by the rule
// language, so nothing needs escaping.
func (o *outcomeRecord) append(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"sequence":`...), o.sequence, 10)
	b = append(append(b, `,"rule":"`...), o.rule...)
	b = append(append(b, `","target":"`...), o.target...)
	b = append(append(b, `","outcome":"`...), o.outcome...)
	b = strconv.AppendInt(append(b, `","attempts":`...), int64(o.attempts), 10)
	b = strconv.AppendInt(append(b, `,"at_ms":`...), o.at, 10)
	b = append(append(append(b, `,"version":"`...), o.version...), '"')
	if o.status != 0 {
		b = strconv.AppendInt(append(b, `,"status":`...), int64(o.status), 10)
	}
	if o.dead != 0 {
		b = strconv.AppendUint(append(b, `,"dead_letter":`...), o.dead, 10)
	}
	if o.replay != "" {
		b = append(append(append(b, `,"replay":"`...), o.replay...), '"')
	}
	return append(b, "}\n"...)
}

func startOutcomes(b *bus.Bus) *outcomes {
	o := &outcomes{
		bus: b, in: make(chan outcomeRecord, outcomeBuffer), ask: make(chan chan (<-chan struct{})),
		quit: make(chan struct{}), end: make(chan struct{}),
	}
	go o.run()
	return o
}

// add notes an outcome. It does not wait; durable, if not nil, is called once the
// note is on disk, on any goroutine.
func (o *outcomes) add(rec outcomeRecord, durable func()) {
	select {
	case o.in <- rec:
	default:
	}
	if durable != nil {
		durable()
	}
}

// outcomeOf is the line of the history about a delivery that has ended.
func outcomeOf(j *job, how outcome) outcomeRecord {
	d := &j.delivery
	rec := outcomeRecord{
		sequence: d.Sequence, rule: d.Rule, target: d.Target, outcome: how, attempts: j.tried,
		at: time.Now().UnixMilli(), version: d.Version, dead: j.dead, replay: d.Replay,
	}
	if n := len(j.attempts); n > 0 {
		rec.status = j.attempts[n-1].Status
	}
	return rec
}

func (o *outcomes) run() {
	defer close(o.end)
	tick := time.NewTicker(outcomeEvery)
	defer tick.Stop()
	for {
		select {
		case rec := <-o.in:
			o.take(rec)
		case <-tick.C:
			o.write()
		case asker := <-o.ask:
			o.drain()
			asker <- o.written
		case <-o.quit:
			o.drain()
			return
		}
	}
}

// drain writes all that is there now.
func (o *outcomes) drain() {
	for n := len(o.in); n > 0; n-- {
		o.take(<-o.in)
	}
	o.write()
}

func (o *outcomes) take(rec outcomeRecord) {
	if o.n == 0 {
		o.first, o.last = rec.sequence, rec.sequence
	}
	o.first, o.last = min(o.first, rec.sequence), max(o.last, rec.sequence)
	o.batch = rec.append(o.batch)
	if o.n++; o.n == outcomeBatch {
		o.write()
	}
}

func (o *outcomes) write() {
	if o.n == 0 {
		return
	}
	written := make(chan struct{})
	o.bus.Outcomes(o.first, o.last, o.batch, func(error) { close(written) }) // history may have holes; counters do not
	o.batch, o.n, o.written = nil, 0, written
}

// sync returns when what was added before is in the store, or is lost to it.
func (o *outcomes) sync(ctx context.Context) {
	asked := make(chan (<-chan struct{}), 1)
	var written <-chan struct{}
	select {
	case o.ask <- asked:
		written = <-asked
	case <-o.end:
		return
	case <-ctx.Done():
		return
	}
	if written == nil {
		return
	}
	select {
	case <-written:
	case <-ctx.Done():
	}
}

// stop writes what is left. What is added after is left out.
func (o *outcomes) stop() {
	close(o.quit)
	<-o.end
}
