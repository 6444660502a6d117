package matchbench

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// Own is what was seen of somebody's own rules and events.
type Own struct {
	Machine  Machine  `json:"machine"`
	Settings Settings `json:"settings"`
	Rules    int      `json:"rules"`
	Events   int      `json:"events"`
	Figures
	// MedianNS and P99NS are quantiles over single events, each timed several
	// times, in nanoseconds.
	MedianNS float64 `json:"median_ns"`
	P99NS    float64 `json:"p99_ns"`
	// OneByOne is the events a second when every rule is evaluated.
	OneByOne float64 `json:"one_by_one_events_per_second"`

	LoadSeconds float64  `json:"load_seconds"`
	HeapBytes   int64    `json:"heap_bytes"` // of the Matcher, beside the text of the rules
	IndexBytes  int64    `json:"index_bytes"`
	NotIndexed  int      `json:"rules_not_indexed"`
	Unindexed   []string `json:"unindexed,omitempty"` // the names of the first of them
}

// RulesError says that there is no rule set to measure with.
type RulesError struct{ Problems rules.Problems }

// Error implements error.
func (e *RulesError) Error() string {
	return fmt.Sprintf("the rules cannot be loaded: %s", e.Problems[0].Message)
}

// RunOwn measures the rules of a path with the events of a file.
func RunOwn(ctx context.Context, cfg Config, path, file string) (*Own, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.settled()
	events, err := readEvents(file)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(cfg.Progress, "loading %s", path)
	begin := time.Now()
	set, m, problems := rules.Load(path)
	if m == nil {
		return nil, &RulesError{problems}
	}
	own := &Own{Machine: machine(), Settings: settings(cfg), Rules: len(set.Rules), Events: len(events)}
	own.LoadSeconds = time.Since(begin).Seconds()
	info := m.Index()
	own.IndexBytes, own.NotIndexed, own.Unindexed = info.Bytes, info.NotIndexed, info.Unindexed
	with := heap()
	fmt.Fprintf(cfg.Progress, "matching %d events", len(events))
	onOneCore(func() { own.match(ctx, cfg, m, events) })
	runtime.KeepAlive(m)
	m = nil
	own.HeapBytes = max(0, with-heap())
	runtime.KeepAlive(set)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	return own, nil
}

func (o *Own) match(ctx context.Context, cfg Config, m *rules.Matcher, events []*cloudevent.Event) {
	o.Figures = figures(ctx, cfg, m, events)
	o.MedianNS, o.P99NS = singly(ctx, cfg, m, events)
	c := newClock(events, (&matching{wye: m}).oneByOne)
	var rounds []float64
	for begin := time.Now(); len(rounds) == 0 || len(rounds) < cfg.Rounds && ctx.Err() == nil && time.Since(begin) < boxed; {
		rounds = append(rounds, c.slice(cfg.Slice))
	}
	o.OneByOne = 1e9 / median(rounds)
}

// Bounds of timing events one by one.
const (
	mostSingle  = 2_000_000
	timedSingly = 2 * time.Second
)

// singly times every event by itself, again and again for a while. What looking
// at the time costs is taken off.
func singly(ctx context.Context, cfg Config, m *rules.Matcher, events []*cloudevent.Event) (middle, p99 float64) {
	var into []rules.Match
	looking := lookingAtTheTime()
	long := min(timedSingly, time.Duration(cfg.Rounds)*cfg.Slice)
	took := make([]time.Duration, 0, 1<<16)
	for begin := time.Now(); len(took) < mostSingle && time.Since(begin) < long && ctx.Err() == nil; {
		for _, ev := range events {
			start := time.Now()
			into = m.Match(ev, into[:0])
			took = append(took, max(0, time.Since(start)-looking))
			if len(took)%1024 == 0 && time.Since(begin) > long {
				break
			}
		}
	}
	if len(took) == 0 {
		return 0, 0
	}
	slices.Sort(took)
	return float64(took[len(took)/2]), float64(took[len(took)*99/100])
}

// lookingAtTheTime is what it takes to look at the time twice.
func lookingAtTheTime() time.Duration {
	best := time.Hour
	for range 1000 {
		start := time.Now()
		best = min(best, time.Since(start))
	}
	return best
}
