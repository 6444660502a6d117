package router

import (
	"encoding/json"
	"time"

	"github.com/wye-events/wye/router/bus"
)

const (
	outcomeBuffer = 8192
	outcomeBatch  = 1024
	outcomeEvery  = time.Second
)

// outcomes appends what became of deliveries to the history, in batches and
// behind the deliveries' backs: when it cannot keep up it leaves out, and
// counts what it left out, rather than slow anything down.
type outcomes struct {
	bus *bus.Bus
	in  chan outcomeRecord
	end chan struct{}
}

// outcomeRecord is one line of the history.
type outcomeRecord struct {
	Sequence uint64    `json:"sequence"`
	Rule     string    `json:"rule"`
	Target   string    `json:"target"`
	Outcome  outcome   `json:"outcome"`
	Attempts int       `json:"attempts"`
	At       time.Time `json:"at"`
}

func startOutcomes(b *bus.Bus) *outcomes {
	o := &outcomes{bus: b, in: make(chan outcomeRecord, outcomeBuffer), end: make(chan struct{})}
	go o.run()
	return o
}

func (o *outcomes) add(j *job, how outcome) {
	d := &j.delivery
	select {
	case o.in <- outcomeRecord{d.Sequence, d.Rule, d.Target, how, j.tried, time.Now().UTC()}:
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
	for {
		select {
		case rec, ok := <-o.in:
			if !ok {
				flush()
				return
			}
			line, err := json.Marshal(rec)
			if err != nil {
				continue
			}
			batch = append(append(batch, line...), '\n')
			if n++; n == outcomeBatch {
				flush()
			}
		case <-tick.C:
			flush()
		}
	}
}

// stop writes what is left. Nothing may be added after.
func (o *outcomes) stop() {
	close(o.in)
	<-o.end
}
