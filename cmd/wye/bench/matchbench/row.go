package matchbench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest"
	"github.com/wye-events/wye/rules/rulestest/plain"
)

// Row is what was seen of one set. A figure that was not measured is absent.
type Row struct {
	Set   string `json:"set"`
	Rules int    `json:"rules"`
	Figures

	AtMost float64 `json:"at_most_floors,omitempty"`
	Aim    float64 `json:"aim_floors,omitempty"`

	Plain *float64 `json:"plain_cel_events_per_second,omitempty"`
	Load  Load     `json:"load"`

	// LargeData is the time of a match with 64 KiB of data divided by that with
	// 1 KiB: 1 where the data is not read.
	LargeData *float64 `json:"large_data_times,omitempty"`

	residual bool
}

// Figures are what a match costs.
type Figures struct {
	Floor           *Times   `json:"floor,omitempty"` // absent where no event has JSON
	Match           Times    `json:"match"`
	Floors          *float64 `json:"floors,omitempty"` // the time of a match in F
	EventsPerSecond float64  `json:"events_per_second"`
	Allocations     float64  `json:"allocations_per_event"`
	Bytes           float64  `json:"bytes_allocated_per_event"`
	Matches         float64  `json:"matches_per_event"`
	Errors          float64  `json:"errors_per_event"` // conditions that fail with a real error
	Candidates      float64  `json:"candidates_per_event"`
}

// Times are nanoseconds of an event over the rounds.
type Times struct {
	Median float64 `json:"median_ns"`
	Best   float64 `json:"best_ns"`
}

func timesOf(rounds []float64) Times { return Times{median(rounds), slices.Min(rounds)} }

// How long what is measured may warm up, and how long its allocations are
// counted.
const (
	warmUp   = 2 * time.Second
	counting = 500 * time.Millisecond
)

func (s set) measure(ctx context.Context, cfg Config) (Row, error) {
	row := Row{Set: s.name, Rules: s.rules, AtMost: s.atMost, Aim: s.aim, residual: s.residual}
	made := s.build()
	sources := rulestest.Sources[rules.Source](made)
	if err := s.measureWye(ctx, cfg, sources, made, &row); err != nil || ctx.Err() != nil {
		return row, err
	}
	if s.name == hundredThousand {
		added, err := addOne(ctx, made.Files())
		if err != nil {
			return row, err
		}
		row.Load.AddOne = added
	}
	if s.rules > mostPlain || ctx.Err() != nil {
		return row, nil
	}
	fmt.Fprintf(cfg.Progress, "%s: cel-go alone", s.name)
	return row, measurePlain(ctx, cfg, made, &row)
}

// measureWye loads the rules and matches the events. When it returns, the
// Matcher is garbage.
func (s set) measureWye(ctx context.Context, cfg Config, sources []rules.Source, made *rulestest.Set, row *Row) error {
	begin := now()
	kept, m, problems := rules.LoadSources(sources...)
	row.Load.Time = begin.elapsed()
	if m == nil {
		return errors.New(problems[0].Message)
	}
	row.Load.describe(m.Index())
	with := heap()
	onOneCore(func() {
		row.Figures = figures(ctx, cfg, m, made.Events)
		if s.attributes {
			row.LargeData = largeData(ctx, cfg, m, made.Events)
		}
	})
	runtime.KeepAlive(m)
	m = nil
	row.Load.HeapPerRule = float64(with-heap()) / float64(s.rules)
	runtime.KeepAlive(kept)
	runtime.KeepAlive(sources)
	return nil
}

func measurePlain(ctx context.Context, cfg Config, made *rulestest.Set, row *Row) error {
	begin := now()
	checked, err := plain.Check(made.Rules)
	if err != nil {
		return err
	}
	took := begin.elapsed()
	row.Load.ParseAndCheck = &took
	m, err := checked.Matcher()
	if err != nil {
		return err
	}
	onOneCore(func() {
		c := newClock(made.Events, plainly(m))
		c.warm(cfg.Slice)
		var rounds []float64
		for begin := time.Now(); len(rounds) < cfg.Rounds && ctx.Err() == nil && time.Since(begin) < boxed; {
			rounds = append(rounds, c.slice(cfg.Slice))
		}
		if len(rounds) > 0 {
			perSecond := 1e9 / median(rounds)
			row.Plain = &perSecond
		}
	})
	return nil
}

// boxed is how long cel-go alone may take, whatever the number of rounds.
const boxed = 2 * time.Second
