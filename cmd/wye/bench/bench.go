// Package bench measures Wye and, in the same run, the floors and the baselines
// it is to be read against: a raw JetStream, a bare HTTP server, a router that
// does nothing, and the plain loop that one would write instead.
//
// Everything runs on this machine and over its loopback, each part as its own
// process: the generator, the sink, and what is measured between them. So the
// generator and the sink take their share of the processors, in every row the
// same share; only rows of one run compare.
//
//	generator ──HTTP──► Wye, or a baseline ──HTTP──► sink
//	    └───────── counts and latencies ◄─────────────┘
//	                     bench
//
// The id of an event carries the time at which it was due to be sent, so that
// the sink alone knows its latency.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/machine"
)

// Config says what to measure, and for how long.
type Config struct {
	Binary      string        // the Wye to measure
	Self        []string      // the command that runs [Role]
	Dir         string        // where stores are put while they are measured
	Duration    time.Duration // of the window of one row
	Rounds      int
	Connections int
	Size        int      // of an event's data, in bytes
	Only        []string // names of groups of rows; empty for all

	Profile  string    // directory for CPU profiles of the parts, or ""
	Progress io.Writer // told what is being measured; io.Discard for nobody
}

// Validate tells what in the settings makes no sense.
func (c Config) Validate() error {
	for _, name := range c.Only {
		if !slices.Contains(Groups(), name) {
			return fmt.Errorf("there are no rows named %q; choose from %s", name, strings.Join(Groups(), ", "))
		}
	}
	switch {
	case c.Duration <= 0:
		return errors.New("the duration must be more than nothing")
	case c.Rounds < 1 || c.Connections < 1 || c.Size < 1:
		return errors.New("rounds, connections and the size of events must be at least 1")
	}
	return nil
}

// Run measures every chosen row once a round, one after another, so that what
// disturbs the machine for a while does not hit all rounds of one row. A row
// that cannot be measured does not keep the others from it: the report lacks
// it, and the error tells why. After an interrupt there is no report.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Profile != "" {
		if err := os.MkdirAll(cfg.Profile, 0o755); err != nil {
			return nil, err
		}
	}
	here, err := machine.LookAround(cfg.Dir)
	if err != nil {
		return nil, err
	}
	chosen := choose(cfg.Only)
	seen := make([][]Figures, len(chosen))
	var failures []error
	for round := range cfg.Rounds {
		for i, r := range chosen {
			fmt.Fprintf(cfg.Progress, "round %d of %d, row %d of %d: %s", round+1, cfg.Rounds, i+1, len(chosen), r.name)
			f, err := measureScene(ctx, cfg, r)
			if ctx.Err() != nil {
				return nil, fmt.Errorf("interrupted: %w", context.Cause(ctx))
			}
			if err != nil {
				failures = append(failures, fmt.Errorf("measure %q: %w", r.name, err))
				continue
			}
			seen[i] = append(seen[i], f)
		}
	}
	return report(cfg, here, chosen, seen), errors.Join(failures...)
}
