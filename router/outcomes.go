package router

import (
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
	quit chan struct{}
	end  chan struct{}
}

// outcomeRecord is one line of the history.
type outcomeRecord struct {
	sequence     uint64
	rule, target string
	outcome      outcome
	attempts     int
	at           int64 // Unix milliseconds
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
	return append(b, "}\n"...)
}

func startOutcomes(b *bus.Bus) *outcomes {
	o := &outcomes{bus: b, in: make(chan outcomeRecord, outcomeBuffer), quit: make(chan struct{}), end: make(chan struct{})}
	go o.run()
	return o
}

func (o *outcomes) add(j *job, how outcome) {
	d := &j.delivery
	select {
	case o.in <- outcomeRecord{d.Sequence, d.Rule, d.Target, how, j.tried, time.Now().UnixMilli()}:
	default:
	}
}

func (o *outcomes) run() {
	defer close(o.end)
	tick := time.NewTicker(outcomeEvery)
	defer tick.Stop()
	var batch []byte
	n := 0
	flush := func() {
		if n > 0 {
			_ = o.bus.Outcomes(batch) // history may have holes; counters do not
			batch, n = nil, 0
		}
	}
	take := func(rec outcomeRecord) {
		batch = rec.append(batch)
		if n++; n == outcomeBatch {
			flush()
		}
	}
	for {
		select {
		case rec := <-o.in:
			take(rec)
		case <-tick.C:
			flush()
		case <-o.quit:
			for len(o.in) > 0 {
				take(<-o.in)
			}
			flush()
			return
		}
	}
}

// stop writes what is left. What is added after is left out.
func (o *outcomes) stop() {
	close(o.quit)
	<-o.end
}
