package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/machine"
)

// Report is everything that a run has seen.
type Report struct {
	Machine  machine.Machine `json:"machine"`
	Settings Settings        `json:"settings"`
	Rows     []Row           `json:"rows"` // medians over the rounds
	Ratios   []Ratio         `json:"ratios"`
}

// Settings are what a run was asked for.
type Settings struct {
	Time        time.Time `json:"time"`
	Duration    string    `json:"duration"`
	Rounds      int       `json:"rounds"`
	Connections int       `json:"connections"`
	Size        int       `json:"event_bytes"`
}

// Row is the figures of one thing that was measured.
type Row struct {
	Group string `json:"group"`
	Name  string `json:"name"`
	Figures
	// Rounds are the events a second of each round, which tell how noisy the
	// machine was.
	Rounds []float64 `json:"rounds_events_per_second"`
}

func report(cfg Config, m machine.Machine, chosen []row, seen [][]Figures) *Report {
	r := &Report{Machine: m, Settings: Settings{
		Time: time.Now().UTC().Truncate(time.Second), Duration: cfg.Duration.String(),
		Rounds: cfg.Rounds, Connections: cfg.Connections, Size: cfg.Size,
	}}
	for i, c := range chosen {
		if len(seen[i]) == 0 {
			continue
		}
		line := Row{Group: c.group, Name: c.name, Figures: median(seen[i])}
		for _, f := range seen[i] {
			line.Rounds = append(line.Rounds, f.EventsPerSecond)
		}
		r.Rows = append(r.Rows, line)
	}
	for _, c := range comparisons() {
		r.Ratios = append(r.Ratios, c.of(r.Rows))
	}
	return r
}

// WriteJSON writes the report for a program.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteTable writes the report for a person.
func (r *Report) WriteTable(w io.Writer) error {
	m, s := r.Machine, r.Settings
	fmt.Fprintf(w, "%d cores, GOMAXPROCS %d, %s, %s, fsync %.2f ms\n", m.Cores, m.GOMAXPROCS, m.Go, m.Platform, m.Fsync)
	fmt.Fprintf(w, "%d connections, events of %d bytes, %s a row, medians of rounds: %d\n\n", s.Connections, s.Size, s.Duration, s.Rounds)
	r.writeRows(w)
	for _, row := range r.Rows {
		for _, note := range row.notes() {
			fmt.Fprintf(w, "%s: %s\n", row.Name, note)
		}
	}
	if noise := r.noise(); noise > quiet*float64(m.Cores) {
		fmt.Fprintf(w, "Other programs took up to %.1f of %d processors: read nothing into these figures but their order.\n", noise, m.Cores)
	}
	return r.writeRatios(w)
}

// quiet is the share of a machine that others may take before its figures
// deserve a warning.
const quiet = 0.05

// noise is the most processors that others took during a row.
func (r *Report) noise() (most float64) {
	for _, row := range r.Rows {
		if row.OthersCPU != nil {
			most = max(most, *row.OthersCPU)
		}
	}
	return most
}

// writeRows aligns names to the left and figures to the right.
func (r *Report) writeRows(w io.Writer) {
	width := 0
	for _, row := range r.Rows {
		width = max(width, len(row.Name))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%*s\tevents/s\tp50 ms\tp99 ms\tp99.9 ms\tCPU s/million\twith load and sink\tothers' CPUs\tbehind\t\n", width, "")
	for _, row := range r.Rows {
		fmt.Fprintf(t, "%-*s\t%.0f\t%.2f\t%.2f\t%.2f\t%s\t%s\t%s\t%d\t\n", width, row.Name,
			row.EventsPerSecond, row.P50, row.P99, row.P999,
			known(row.RouterCPU, "%.1f"), known(row.TotalCPU, "%.1f"), known(row.OthersCPU, "%.2f"), row.Behind)
	}
	t.Flush()
	fmt.Fprintln(w)
}

func (r *Report) writeRatios(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, ratio := range r.Ratios {
		if ratio.Value == nil {
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t\n", ratio.Name, known(ratio.Value, "%.2f"), ratio.verdict())
	}
	return t.Flush()
}

func (r Ratio) verdict() string {
	switch {
	case r.Met == nil:
		return ""
	case *r.Met:
		return r.Goal + ": met"
	}
	return r.Goal + ": MISSED"
}

// notes are what a reader of a row must know besides its figures.
func (r Row) notes() (notes []string) {
	if r.Errors > 0 {
		notes = append(notes, fmt.Sprintf("%d errors, the first: %s", r.Errors, strings.TrimSpace(r.Example)))
	}
	if r.Undelivered > 0 {
		notes = append(notes, fmt.Sprintf("%d accepted events had not arrived %v after the load ended", r.Undelivered, drain))
	}
	if r.Repeated > 0 {
		notes = append(notes, fmt.Sprintf("%d events arrived more than once", r.Repeated))
	}
	return notes
}

func known(v *float64, format string) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf(format, *v)
}
