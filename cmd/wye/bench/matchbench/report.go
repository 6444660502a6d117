package matchbench

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"time"
)

// Report is everything that a run has seen.
type Report struct {
	Machine  Machine  `json:"machine"`
	Settings Settings `json:"settings"`
	Rows     []Row    `json:"rows"`
	Goals    []Goal   `json:"goals"`
}

// Machine is what the figures depend on besides the code.
type Machine struct {
	Cores    int    `json:"cores"` // matching is measured on one of them, loading on all
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Settings are what a run was asked for.
type Settings struct {
	Time   time.Time `json:"time"`
	Rounds int       `json:"rounds"`
	Slice  string    `json:"slice"`
	Clock  string    `json:"clock"` // "processor time", or "time" where the system does not tell
}

func newReport(cfg Config) *Report { return &Report{Machine: machine(), Settings: settings(cfg)} }

func machine() Machine {
	return Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
}

func settings(cfg Config) Settings {
	return Settings{Time: time.Now().UTC().Truncate(time.Second), Rounds: cfg.Rounds, Slice: cfg.Slice.String(), Clock: clockName}
}

// WriteJSON writes the report for a program.
func (r *Report) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// WriteTable writes the report for a person.
func (r *Report) WriteTable(w io.Writer) error {
	fmt.Fprintf(w, "Matching on one core of %d, %s, %s; medians of rounds: %d of %s of %s.\n",
		r.Machine.Cores, r.Machine.Go, r.Machine.Platform, r.Settings.Rounds, r.Settings.Slice, r.Settings.Clock)
	fmt.Fprint(w, "F is gjson.Valid on the data of the same events; cel-go is cel-go alone, used as well as it can be.\n\n")
	r.writeMatching(w)
	fmt.Fprintln(w)
	r.writeLoading(w)
	fmt.Fprintln(w)
	r.writeGoals(w)
	return r.writeNoise(w)
}

func (r *Report) writeMatching(w io.Writer) {
	t := newTable("set", "F ns", "match ns", "best", "× F", "at most", "aim", "events/s", "cel-go/s", "× cel-go", "allocs", "matches", "candidates")
	for _, row := range r.Rows {
		t.add(row.Set, ns(row.Floor), grouped(row.Match.Median), grouped(row.Match.Best), optional(row.Floors, "%.2f"),
			goalNumber(row.AtMost), goalNumber(row.Aim), grouped(row.EventsPerSecond), row.plainRate(), row.timesPlain(),
			brief(row.Allocations), brief(row.Matches), brief(row.Candidates))
	}
	t.write(w)
}

func (row Row) plainRate() string {
	if row.Plain == nil {
		return "-"
	}
	return grouped(*row.Plain)
}

func (row Row) timesPlain() string {
	if row.Plain == nil {
		return "-"
	}
	return grouped(row.EventsPerSecond / *row.Plain)
}

// unsteady is how much longer the floor may take in the middle than at best
// before the figures deserve a warning.
const unsteady = 1.25

func (r *Report) writeNoise(w io.Writer) error {
	for _, row := range r.Rows {
		if row.Floor != nil && row.Floor.Median > unsteady*row.Floor.Best {
			_, err := fmt.Fprintf(w, "\nThis machine was not quiet: F took %.0f %% longer than at best. Read the quotients, and run it again.\n",
				100*(row.Floor.Median/row.Floor.Best-1))
			return err
		}
	}
	return nil
}
