// Package deliverybench measures what delivering costs: beside each figure of
// Wye stands, from the same run, the floor, which is the same kind of target
// called directly, without Wye, against the same receiver.
//
//	               ┌────────────────────── this process ──────────────────────┐
//	Wye:           load ──HTTP──► wye serve ──HTTP, or a subject──► receiver
//	the floor:                    role "direct" ──────HTTP────────► receiver
//
// The load and the receiver are one process, so that it knows of every event
// when it was accepted and when it arrived, and how many are under way. There
// are two ways to load:
//
//   - as much as goes: a certain number of events is under way, and each that has
//     arrived lets the next one go. That gives the events a second and their
//     processor time, and no queue grows where handing on is slower than taking
//     in.
//   - a fixed rate, well below that. It gives the latencies, which under as much
//     as goes would be those of a queue.
//
// Everything shares the machine, in every row the same; only rows of one run
// compare.
package deliverybench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/machine"
)

// Config says what to measure, and how long.
type Config struct {
	Binary      string        // the Wye to measure
	Self        []string      // the command that runs [Role]
	Dir         string        // where stores are put while they are measured
	Duration    time.Duration // of each measurement; a row has two or more
	Connections int           // of the load
	Size        int           // of an event's data, in bytes
	Rate        float64       // events a second of the latencies, and in the outage
	Backlog     int           // events that wait when the outage ends
	Quick       bool          // little of everything, which shows that it works
	Only        []string      // names of parts; empty for all
	Progress    io.Writer     // told what is being measured; io.Discard for nobody
}

// The parts, in the order of the report.
const (
	partKinds    = "kinds"
	partPolicies = "policies"
	partTargets  = "targets"
	partOutage   = "outage"
)

// Parts are the names that Only may hold.
func Parts() []string { return []string{partKinds, partPolicies, partTargets, partOutage} }

// What --quick makes of the settings.
const (
	quickDuration    = 150 * time.Millisecond
	quickConnections = 32
	quickBacklog     = 300
	quickRate        = 300
)

// Validate tells what in the settings makes no sense.
func (c Config) Validate() error {
	for _, name := range c.Only {
		if !slices.Contains(Parts(), name) {
			return fmt.Errorf("there is no part named %q; choose from %s", name, strings.Join(Parts(), ", "))
		}
	}
	switch {
	case c.Duration <= 0:
		return errors.New("the duration must be more than nothing")
	case c.Connections < 1 || c.Size < 1:
		return errors.New("connections and the size of events must be at least 1")
	case c.Rate < 1:
		return errors.New("the rate must be at least 1 event a second")
	case c.Backlog < 1 || c.Backlog > mostEvents/2:
		return fmt.Errorf("the backlog must be 1 to %d events", mostEvents/2)
	}
	return nil
}

func (c Config) settled() Config {
	if c.Quick {
		c.Duration = min(c.Duration, quickDuration)
		c.Connections = min(c.Connections, quickConnections)
		c.Backlog = min(c.Backlog, quickBacklog)
		c.Rate = min(c.Rate, quickRate)
	}
	return c
}

// Run measures the chosen parts, one row after another. What cannot be measured
// does not keep the rest from it: the report lacks it, and the error tells why.
// After an interrupt there is no report.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.settled()
	here, err := machine.LookAround(cfg.Dir)
	if err != nil {
		return nil, err
	}
	// The thread that paces a load holds a processor of the scheduler while it naps.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1))
	r := &run{ctx: ctx, cfg: cfg, report: newReport(cfg, here)}
	for _, part := range []struct {
		name    string
		measure func()
	}{
		{partKinds, r.kinds}, {partPolicies, r.policies}, {partTargets, r.targets}, {partOutage, r.outage},
	} {
		if len(cfg.Only) == 0 || slices.Contains(cfg.Only, part.name) {
			part.measure()
		}
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	r.report.judge()
	return r.report, errors.Join(r.failures...)
}

// run is a benchmark under way.
type run struct {
	ctx      context.Context
	cfg      Config
	report   *Report
	failures []error
}

// try measures something with a name, and tells whether there is a figure of it.
func (r *run) try(name string, measure func() error) bool {
	if r.ctx.Err() != nil {
		return false
	}
	fmt.Fprint(r.cfg.Progress, name)
	if err := measure(); err != nil {
		r.failures = append(r.failures, fmt.Errorf("measure %s: %w", name, err))
		return false
	}
	return true
}

// choose is the full list, or the short one of --quick.
func choose[T any](cfg Config, all, quick []T) []T {
	if cfg.Quick {
		return quick
	}
	return all
}
