// Package planbench measures `wye plan`: it makes a rule set of which some rules
// change, and events; has them compared from a file, and, after they were sent to a
// Wye of its own, from its archive; and tells how long each took. Both must find
// the same.
//
// The commands run as the processes that a user would start, so what is measured
// is all of it: starting, loading both sets, reading, matching, reporting.
package planbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Config says what is measured.
type Config struct {
	Events  int    // to compare over
	Rules   int    // of the sets
	Changed int    // of the rules
	Binary  string // the wye to measure
	Dir     string // where files and the store are put
	// Progress is where it is said what is going on, with no ends of lines.
	Progress io.Writer
}

// Validate tells what cannot be measured.
func (c *Config) Validate() error {
	switch {
	case c.Events < 1 || c.Events > 100_000_000:
		return fmt.Errorf("--count %d: expected from 1 to 100,000,000 events", c.Events)
	case c.Rules < 1 || c.Rules > 1_000_000:
		return fmt.Errorf("--size %d: expected from 1 to 1,000,000 rules", c.Rules)
	case c.Changed < 0 || c.Changed > c.Rules:
		return fmt.Errorf("--changed %d: expected from 0 to as many as there are rules, %d", c.Changed, c.Rules)
	}
	return nil
}

// Report is what was seen.
type Report struct {
	Time     time.Time `json:"time"`
	Cores    int       `json:"cores"`
	Go       string    `json:"go"`
	Events   int       `json:"events"`
	Rules    int       `json:"rules"`
	Changed  int       `json:"changed"`
	FileSize int64     `json:"file_bytes"`
	Rows     []Row     `json:"rows"`
}

// Row is one way of comparing.
type Row struct {
	From            string  `json:"from"` // "file" or "archive"
	Seconds         float64 `json:"seconds"`
	EventsPerSecond float64 `json:"events_per_second"`
	// MillionSeconds is how long a million events take at that rate.
	MillionSeconds float64 `json:"million_seconds"`
	// Processor time of the command, and of the server for what it did meanwhile.
	CommandCPU float64 `json:"command_cpu_seconds"`
	ServerCPU  float64 `json:"server_cpu_seconds,omitempty"`
	// PeakMemory is the most that the process took that compared, in bytes.
	PeakMemory uint64 `json:"peak_memory_bytes"`
	Differing  uint64 `json:"differing"`
}

// Run measures. What was measured before an error is in the report.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	dir, err := os.MkdirTemp(cfg.Dir, "wye-bench-plan-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the files: %w", err)
	}
	defer os.RemoveAll(dir)
	r := &Report{
		Time: time.Now().UTC().Truncate(time.Second), Cores: runtime.NumCPU(), Go: runtime.Version(),
		Events: cfg.Events, Rules: cfg.Rules, Changed: cfg.Changed,
	}
	b := &bench{Config: cfg, old: filepath.Join(dir, "old"), new: filepath.Join(dir, "new"), events: filepath.Join(dir, "events.jsonl"), dir: dir}
	b.say("making %d rules and %d events", cfg.Rules, cfg.Events)
	if r.FileSize, err = b.make(ctx); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) (Row, error){b.fromFile, b.fromArchive} {
		row, err := step(ctx)
		if err != nil {
			return r, err
		}
		r.Rows = append(r.Rows, row)
	}
	if r.Rows[0].Differing != r.Rows[1].Differing {
		return r, errors.New("the file and the archive gave different results: this is a fault of Wye")
	}
	return r, nil
}

// bench is one that runs.
type bench struct {
	Config
	dir, old, new, events string
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.Progress, format, args...) }
