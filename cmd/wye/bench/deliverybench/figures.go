package deliverybench

import (
	"errors"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/measure"
	"github.com/wye-events/wye/cmd/wye/bench/process"
)

// Figures are what was seen of one way to deliver.
type Figures struct {
	// EventsPerSecond is how many events arrived, everywhere they were to, when
	// as many were sent as go; CPU the processor time of each in microseconds, of
	// Wye or of what stands in its place. CPU is absent where the system does not
	// tell.
	EventsPerSecond float64  `json:"events_per_second"`
	CPU             *float64 `json:"cpu_us_per_event,omitempty"`

	// Latencies are milliseconds until the event is at the receiver, at the rate
	// of Offered events a second: P50 and P99 since it was accepted, which a floor
	// has not, and SentP50 and SentP99 since it was due to be sent.
	Offered float64  `json:"offered_per_second"`
	P50     *float64 `json:"p50_ms,omitempty"`
	P99     *float64 `json:"p99_ms,omitempty"`
	SentP50 *float64 `json:"sent_p50_ms,omitempty"`
	SentP99 *float64 `json:"sent_p99_ms,omitempty"`

	// Aside is the share of deliveries that went through their target's backlog.
	Aside float64 `json:"aside"`
	// OthersCPU is how many processors other programs took meanwhile.
	OthersCPU *float64 `json:"others_cpus,omitempty"`

	Errors      uint64 `json:"errors,omitempty"`
	Example     string `json:"error,omitempty"`       // the first of them
	Undelivered uint64 `json:"undelivered,omitempty"` // events, ten seconds after the last was sent
	Repeated    uint64 `json:"repeated,omitempty"`    // arrivals
}

// sight is everything that is counted, at one time.
type sight struct {
	at      time.Time
	done    uint64         // events
	latency measure.Counts // since accepted
	sent    measure.Counts // since due to be sent
	cpu     usage
}

// usage is processor time: of what is measured, of that with this process, and
// of everybody on the machine.
type usage struct {
	measured, ours, machine time.Duration
	known                   bool
}

// clocks looks at the time and at the processor time.
func (s *sight) clocks(measured, self int) error {
	s.at = time.Now()
	err := s.cpu.read(measured, self)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func (u *usage) read(measured, self int) (err error) {
	if u.measured, err = process.Used(measured); err != nil {
		return err
	}
	if u.ours, err = process.Used(self); err != nil {
		return err
	}
	u.ours += u.measured
	u.machine, err = process.UsedByAll()
	u.known = err == nil
	return err
}

// setRate fills in what is seen under as much as goes.
func (f *Figures) setRate(before, after sight) {
	window := after.at.Sub(before.at).Seconds()
	events := float64(after.done - before.done)
	f.EventsPerSecond = events / window
	if !after.cpu.known || events == 0 {
		return
	}
	cpu := (after.cpu.measured - before.cpu.measured).Seconds() * 1e6 / events
	others := max(0, (after.cpu.machine-before.cpu.machine)-(after.cpu.ours-before.cpu.ours)).Seconds() / window
	f.CPU, f.OthersCPU = &cpu, &others
}

// setLatency fills in what is seen at a fixed rate.
func (f *Figures) setLatency(before, after sight) {
	accepted, sent := after.latency.Since(before.latency), after.sent.Since(before.sent)
	f.P50, f.P99 = ms(accepted, 0.5), ms(accepted, 0.99)
	f.SentP50, f.SentP99 = ms(sent, 0.5), ms(sent, 0.99)
}

// ms is a quantile in milliseconds, and nil where nothing was counted.
func ms(c measure.Counts, q float64) *float64 {
	if c.Total() == 0 {
		return nil
	}
	v := float64(c.Quantile(q)) / float64(time.Millisecond)
	return &v
}

// failed adds what went wrong.
func (f *Figures) failed(t measure.Tally) {
	f.Errors += t.Errors
	if f.Example == "" {
		f.Example = t.Example
	}
}

// offer is the rate at which latencies are measured: as asked for, and never
// more than half of what goes, since beyond that they are those of a queue.
func offer(asked, most float64) float64 { return max(1, min(asked, most/2)) }
