package bench

import (
	"slices"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/measure"
)

// Figures are what was seen of one row.
type Figures struct {
	EventsPerSecond float64 `json:"events_per_second"`
	// P50, P99 and P999 are latencies in milliseconds: to the arrival at the
	// sink where there is one, else to the answer.
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
	P999 float64 `json:"p999_ms"`
	// RouterCPU and TotalCPU are processor seconds for a million events, of what
	// is measured and of that with the generator and the sink. They are absent
	// where the system does not tell.
	RouterCPU *float64 `json:"router_cpu_seconds_per_million,omitempty"`
	TotalCPU  *float64 `json:"total_cpu_seconds_per_million,omitempty"`
	// OthersCPU is how many processors other programs (and a hypervisor) took
	// meanwhile: on a machine that is not quiet, figures are lower than they
	// could be.
	OthersCPU *float64 `json:"others_cpus,omitempty"`

	Errors  uint64 `json:"errors"`
	Example string `json:"error,omitempty"` // the first error
	// Behind is how many accepted events had not arrived at the end of the
	// window; Undelivered, how many had not ten seconds after the load ended;
	// Repeated, how many arrived more than once.
	Behind      uint64 `json:"behind,omitempty"`
	Undelivered uint64 `json:"undelivered,omitempty"`
	Repeated    uint64 `json:"repeated,omitempty"`
}

// figuresOf is what happened between two snapshots. With a sink, an event
// counts when it arrives there for the first time.
func figuresOf(before, after snapshot, sink bool) Figures {
	load, arrived := after.load.Since(before.load), after.sink.Since(before.sink)
	f := Figures{Errors: load.Errors + arrived.Errors, Example: load.Example}
	if f.Example == "" {
		f.Example = arrived.Example
	}
	events, latency := load.Done, load.Latency
	if sink {
		events, latency = arrived.Distinct, arrived.Latency
		f.Behind = after.load.Done - min(after.load.Done, after.sink.Distinct)
	}
	window := after.at.Sub(before.at)
	f.EventsPerSecond = float64(events) / window.Seconds()
	f.setLatency(latency)
	if after.cpu.known && events > 0 {
		f.setCPU(before.cpu, after.cpu, events, window)
	}
	return f
}

func (f *Figures) setCPU(before, after usage, events uint64, window time.Duration) {
	total := after.total - before.total
	others := max(0, after.machine-before.machine-total).Seconds() / window.Seconds()
	f.RouterCPU = perMillion(after.router-before.router, events)
	f.TotalCPU = perMillion(total, events)
	f.OthersCPU = &others
}

func (f *Figures) setLatency(c measure.Counts) {
	ms := func(q float64) float64 { return float64(c.Quantile(q)) / float64(time.Millisecond) }
	f.P50, f.P99, f.P999 = ms(0.5), ms(0.99), ms(0.999)
}

func perMillion(used time.Duration, events uint64) *float64 {
	seconds := used.Seconds() * 1e6 / float64(events)
	return &seconds
}

// median is the median of every figure over the rounds, and the worst of what
// should not have happened at all.
func median(rounds []Figures) Figures {
	f := Figures{
		EventsPerSecond: middle(rounds, func(r Figures) float64 { return r.EventsPerSecond }),
		P50:             middle(rounds, func(r Figures) float64 { return r.P50 }),
		P99:             middle(rounds, func(r Figures) float64 { return r.P99 }),
		P999:            middle(rounds, func(r Figures) float64 { return r.P999 }),
		RouterCPU:       middleOf(rounds, func(r Figures) *float64 { return r.RouterCPU }),
		TotalCPU:        middleOf(rounds, func(r Figures) *float64 { return r.TotalCPU }),
		OthersCPU:       middleOf(rounds, func(r Figures) *float64 { return r.OthersCPU }),
	}
	for _, r := range rounds {
		f.Errors = max(f.Errors, r.Errors)
		f.Behind = max(f.Behind, r.Behind)
		f.Undelivered = max(f.Undelivered, r.Undelivered)
		f.Repeated = max(f.Repeated, r.Repeated)
		if f.Example == "" {
			f.Example = r.Example
		}
	}
	return f
}

func middle(rounds []Figures, of func(Figures) float64) float64 {
	return *middleOf(rounds, func(f Figures) *float64 { v := of(f); return &v })
}

// middleOf is nil where no round has the figure.
func middleOf(rounds []Figures, of func(Figures) *float64) *float64 {
	var all []float64
	for _, r := range rounds {
		if v := of(r); v != nil {
			all = append(all, *v)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	m := (all[(len(all)-1)/2] + all[len(all)/2]) / 2
	return &m
}
