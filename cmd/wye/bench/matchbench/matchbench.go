// Package matchbench measures how quickly Wye finds the rules that an event
// matches, beside two things in the same run: the floor F, which is finding out
// that the event's data is JSON and nothing else (gjson.Valid), and cel-go alone,
// used as well as it can be (package rules/rulestest/plain).
//
//	set of rules ─► load ──► rounds of F and Match in turns ─► drop ─► rounds of cel-go
//	 and events     │ time    one core, its garbage collection included
//	                └ heap
//
// F and Match take turns so that what else the machine does hits both; figures
// are medians over the rounds, and × F is the median of each round's quotient.
// Only figures of one run compare.
package matchbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Config says what to measure, and how long.
type Config struct {
	Rounds   int
	Slice    time.Duration // of one measurement in a round
	Quick    bool          // few short rounds, and no large set unless Only names it
	Only     []string      // names of sets; empty for all
	Progress io.Writer     // told what is being measured; io.Discard for nobody
}

// What --quick makes of the rounds.
const (
	quickRounds = 5
	quickSlice  = 5 * time.Millisecond
)

// Validate tells what in the settings makes no sense.
func (c Config) Validate() error {
	for _, name := range c.Only {
		if !slices.Contains(Sets(), name) {
			return fmt.Errorf("there is no set named %q; choose from %s", name, strings.Join(Sets(), ", "))
		}
	}
	if c.Rounds < 1 || c.Slice <= 0 {
		return errors.New("there must be at least one round, and it must take some time")
	}
	return nil
}

func (c Config) settled() Config {
	if c.Quick {
		c.Rounds, c.Slice = min(c.Rounds, quickRounds), min(c.Slice, quickSlice)
	}
	return c
}

// Run measures every chosen set, one after the other. After an interrupt there
// is no report.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.settled()
	report := newReport(cfg)
	chosen := choose(cfg)
	for i, r := range chosen {
		fmt.Fprintf(cfg.Progress, "set %d of %d: %s", i+1, len(chosen), r.name)
		line, err := r.measure(ctx, cfg)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("interrupted: %w", context.Cause(ctx))
		}
		if err != nil {
			return nil, fmt.Errorf("measure %s: %w", r.name, err)
		}
		report.Rows = append(report.Rows, line)
		runtime.GC() // the next set is not to pay for this one
	}
	report.judge()
	return report, nil
}
