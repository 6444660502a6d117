package deliverybench

import (
	"context"
	"fmt"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/load"
	"github.com/wye-events/wye/cmd/wye/bench/measure"
	"github.com/wye-events/wye/cmd/wye/bench/wire"
)

// Outage is what was seen of a target that was down for a while, and of another
// one that gets the same events.
type Outage struct {
	Rate    float64 `json:"events_per_second"` // that arrive, but while the backlog is filled
	Backlog uint64  `json:"backlog"`           // events that waited when the target came back
	Phases  []Phase `json:"phases"`

	// Resumed is the seconds from when the target was back until it got the first
	// event, Drained those until it lagged no more. DrainedPerSecond counts what
	// it got in between, old and new, and OfArrivals divides that by Rate.
	Resumed          float64  `json:"resumed_after_seconds"`
	Drained          float64  `json:"drained_after_seconds"`
	DrainedPerSecond float64  `json:"drained_per_second"`
	OfArrivals       *float64 `json:"of_arrivals"`
	// Growth is the most memory that Wye had less what it had before, when it was
	// as busy, in MB.
	Growth *float64 `json:"growth_mb,omitempty"`
	// OthersCPU is how many processors other programs took meanwhile.
	OthersCPU *float64 `json:"others_cpus,omitempty"`

	Errors      uint64 `json:"errors,omitempty"`
	Example     string `json:"error,omitempty"`
	Undelivered uint64 `json:"undelivered,omitempty"` // to either of the two
	Repeated    uint64 `json:"repeated,omitempty"`
}

// Phase is a part of the outage. The latencies are those of the other target, as
// in [Figures], and absent while as much as goes is sent.
type Phase struct {
	Name    string   `json:"name"`
	P50     *float64 `json:"p50_ms,omitempty"`
	P99     *float64 `json:"p99_ms,omitempty"`
	SentP50 *float64 `json:"sent_p50_ms,omitempty"`
	SentP99 *float64 `json:"sent_p99_ms,omitempty"`
	// OfBefore is SentP99 divided by that of the first phase: since an event was
	// sent, and not since it was accepted, so that an answer that is held up as
	// well does not hide anything.
	OfBefore *float64 `json:"sent_p99_of_before,omitempty"`
	Memory   *float64 `json:"memory_mb,omitempty"` // at the end of the phase
	Waiting  uint64   `json:"waiting"`             // for the target, at the end
}

// The phases.
const (
	phaseBusy     = "both are up, as much as goes"
	phaseBefore   = "both are up"
	phaseFailing  = "one goes down"
	phaseFilling  = "its backlog is filled"
	phaseWaiting  = "its backlog waits"
	phaseDraining = "it is back, and catches up"
	phaseAfter    = "it has caught up"
)

// patience is how long a target may take to catch up.
const patience = 2 * time.Minute

// outage measures what one target's trouble means to itself and to another.
func (r *run) outage() {
	o := &Outage{Rate: r.cfg.Rate}
	if r.try("a target that is down for a while", func() error { return o.measure(r.ctx, r.cfg) }) {
		r.report.Outage = o
	}
}

// trial is an outage under way.
type trial struct {
	*stage
	ctx    context.Context
	o      *Outage
	victim *receiver // the stage's own receiver is the other target's
}

func (o *Outage) measure(ctx context.Context, cfg Config) error {
	st, err := prepare(cfg, plain(kindHTTP, defaultConcurrency))
	defer st.strike()
	if err != nil {
		return err
	}
	t := &trial{stage: st, ctx: ctx, o: o}
	if t.victim, err = st.receive(st.ledger.beside()); err != nil {
		return err
	}
	if _, err := st.start(ctx, outageRules(st.receiver.url(), t.victim.url())); err != nil {
		return err
	}
	begin, err := st.look()
	if err != nil {
		return err
	}
	for _, act := range []func() error{t.busy, t.breakDown, t.fill, t.comeBack, t.judge} {
		if err := act(); err != nil {
			return err
		}
	}
	end, err := st.look()
	var f Figures
	f.setRate(begin, end)
	o.OthersCPU = f.OthersCPU
	return err
}

// outageRules send every event to two targets. The victim is tried again often,
// so that what is measured is not a pause.
func outageRules(other, victim string) string {
	return fmt.Sprintf(`version: 1
targets:
  other: {http: {url: %q}}
  victim:
    http: {url: %q}
    retry: {attempts: 1000, first: 100ms, max: 1s}
    breaker: {first: 100ms, max: 1s}
rules:
  both: {on: %s, to: [other, victim]}
`, other, victim, wire.Type(0))
}

// busy is a while of as much as goes, so that the memory of a busy Wye is not
// taken for that of a backlog.
func (t *trial) busy() error {
	return t.loaded(0, func(g *load.Generator) error {
		if err := t.wait(); err != nil {
			return err
		}
		return t.flood(phaseBusy, g)
	})
}

// flood tells of a phase without latencies.
func (t *trial) flood(name string, g *load.Generator) error {
	memory, _, err := t.memory()
	t.o.Phases = append(t.o.Phases, Phase{Name: name, Memory: memory, Waiting: t.waiting(g)})
	return err
}

// breakDown is the time before the outage, and its begin.
func (t *trial) breakDown() error {
	return t.loaded(t.o.Rate, func(g *load.Generator) error {
		if err := pause(t.ctx, warmUp(t.cfg)); err != nil {
			return err
		}
		if err := t.phase(phaseBefore, g, t.wait); err != nil {
			return err
		}
		t.victim.down()
		return t.phase(phaseFailing, g, t.wait)
	})
}

// fill sends as much as goes until the backlog is as large as it is to be.
func (t *trial) fill() error {
	return t.loaded(0, func(g *load.Generator) error {
		err := until(t.ctx, patience, func() bool { return t.waiting(g) >= uint64(t.cfg.Backlog) })
		if err != nil {
			return err
		}
		return t.flood(phaseFilling, g)
	})
}

// comeBack is the end of the outage, while events arrive as before.
func (t *trial) comeBack() error {
	return t.loaded(t.o.Rate, func(g *load.Generator) error {
		if err := pause(t.ctx, warmUp(t.cfg)); err != nil {
			return err
		}
		if err := t.phase(phaseWaiting, g, t.wait); err != nil {
			return err
		}
		t.o.Backlog = t.waiting(g)
		if err := t.victim.up(); err != nil {
			return err
		}
		if err := t.phase(phaseDraining, g, func() error { return t.drain(g) }); err != nil {
			return err
		}
		return t.phase(phaseAfter, g, t.wait)
	})
}

// drain waits until the target lags by no more than is always on its way.
func (t *trial) drain(g *load.Generator) error {
	back, got := time.Now(), t.victim.ledger.whole.Load()
	err := until(t.ctx, patience, func() bool { return t.victim.ledger.whole.Load() > got })
	if err != nil {
		return err
	}
	first, lag := time.Now(), uint64(max(defaultConcurrency, t.o.Rate/10))
	if err := until(t.ctx, patience, func() bool { return t.waiting(g) <= lag }); err != nil {
		return err
	}
	if n := t.waiting(g); n > lag {
		return fmt.Errorf("%d events still waited %v after the target was back", n, patience)
	}
	end := time.Now()
	t.o.Resumed, t.o.Drained = first.Sub(back).Seconds(), end.Sub(back).Seconds()
	t.o.DrainedPerSecond = float64(t.victim.ledger.whole.Load()-got) / end.Sub(first).Seconds()
	t.o.OfArrivals = quotient(t.o.DrainedPerSecond, t.o.Rate)
	return nil
}

// judge fills in what is known at the end.
func (t *trial) judge() error {
	before := t.o.Phases[0].Memory
	_, peak, err := t.memory()
	if err != nil {
		return err
	}
	if peak != nil && before != nil {
		growth := *peak - *before
		t.o.Growth = &growth
	}
	for _, l := range []*ledger{t.ledger, t.victim.ledger} {
		if err := until(t.ctx, arriving, func() bool { return l.whole.Load() >= t.sent }); err != nil {
			return err
		}
		t.o.Undelivered += t.sent - min(t.sent, l.whole.Load())
		t.o.Repeated += l.repeated.Load()
		t.failed(l.deliveries.Tally())
	}
	return nil
}

func (t *trial) failed(seen measure.Tally) {
	t.o.Errors += seen.Errors
	if t.o.Example == "" {
		t.o.Example = seen.Example
	}
}

// loaded runs act while Wye is loaded.
func (t *trial) loaded(rate float64, act func(g *load.Generator) error) error {
	g, err := t.load(t.ctx, rate)
	if err != nil {
		return err
	}
	defer g.Stop()
	if err := act(g); err != nil {
		return err
	}
	g.Stop()
	sent := g.Tally()
	t.failed(sent)
	t.sent, t.last = t.sent+sent.Done, g.Last()
	return nil
}

// waiting is how many accepted events the victim has not got.
func (t *trial) waiting(g *load.Generator) uint64 {
	got := t.victim.ledger.whole.Load()
	return max(t.sent+g.Done(), got) - got
}

// phase is one that was, or nil.
func (o *Outage) phase(name string) *Phase {
	for i := range o.Phases {
		if o.Phases[i].Name == name {
			return &o.Phases[i]
		}
	}
	return nil
}

// wait is the length of most phases: two of them are compared by their 99th
// percentile, which takes many events.
func (t *trial) wait() error { return pause(t.ctx, 2*t.cfg.Duration) }

// phase tells what the other target saw meanwhile.
func (t *trial) phase(name string, g *load.Generator, meanwhile func() error) error {
	begin := t.ledger.look()
	if err := meanwhile(); err != nil {
		return err
	}
	var f Figures
	f.setLatency(begin, t.ledger.look())
	p := Phase{Name: name, P50: f.P50, P99: f.P99, SentP50: f.SentP50, SentP99: f.SentP99, Waiting: t.waiting(g)}
	if before := t.o.phase(phaseBefore); before != nil && before.SentP99 != nil && p.SentP99 != nil {
		p.OfBefore = quotient(*p.SentP99, *before.SentP99)
	}
	var err error
	p.Memory, _, err = t.memory()
	t.o.Phases = append(t.o.Phases, p)
	return err
}
