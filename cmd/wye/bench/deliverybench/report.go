package deliverybench

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/machine"
)

// Report is everything that a run has seen.
type Report struct {
	Machine  machine.Machine `json:"machine"`
	Settings Settings        `json:"settings"`
	Kinds    []Pair          `json:"kinds,omitempty"`
	Policies []PolicyRow     `json:"policies,omitempty"`
	Targets  []ManyRow       `json:"targets,omitempty"`
	Outage   *Outage         `json:"outage,omitempty"`
	Goals    []Goal          `json:"goals,omitempty"`
}

// Settings are what a run was asked for.
type Settings struct {
	Time        time.Time `json:"time"`
	Duration    string    `json:"duration"`
	Connections int       `json:"connections"`
	Size        int       `json:"event_bytes"`
	Rate        float64   `json:"events_per_second"`
	Backlog     int       `json:"backlog"`
}

func newReport(cfg Config, m machine.Machine) *Report {
	return &Report{Machine: m, Settings: Settings{
		Time: time.Now().UTC().Truncate(time.Second), Duration: cfg.Duration.String(),
		Connections: cfg.Connections, Size: cfg.Size, Rate: cfg.Rate, Backlog: cfg.Backlog,
	}}
}

// WriteJSON writes the report for a program.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteTable writes the report for a person.
func (r *Report) WriteTable(w io.Writer) error { return r.write(w, (*table).writeText) }

// WriteMarkdown writes the report for a document.
func (r *Report) WriteMarkdown(w io.Writer) error { return r.write(w, (*table).writeMarkdown) }

func (r *Report) write(w io.Writer, write func(*table, io.Writer)) error {
	m, s := r.Machine, r.Settings
	_, err := fmt.Fprintf(w, "%d cores, GOMAXPROCS %d, %s, %s, fsync %.2f ms; %d connections, events of %d bytes, %s a measurement, latencies at %s/s.\n",
		m.Cores, m.GOMAXPROCS, m.Go, m.Platform, m.Fsync, s.Connections, s.Size, s.Duration, grouped(s.Rate))
	for _, t := range r.tables() {
		fmt.Fprintln(w)
		write(t, w)
	}
	return err
}

// tables are those that there is something in.
func (r *Report) tables() (all []*table) {
	for _, t := range []*table{r.kindTable(), r.policyTable(), r.manyTable(), r.outageTable(), r.goalTable()} {
		if len(t.rows) > 1 {
			all = append(all, t)
		}
	}
	if noise := r.noise(); noise > quiet*float64(r.Machine.Cores) && len(all) > 0 {
		all[len(all)-1].note("Other programs took up to %.1f of %d processors: read nothing into these figures but their order.", noise, r.Machine.Cores)
	}
	return all
}

// quiet is the share of a machine that others may take before its figures
// deserve a warning.
const quiet = 0.05

// noise is the most processors that others took during a row.
func (r *Report) noise() (most float64) {
	all := r.figures()
	if r.Outage != nil {
		all = append(all, Figures{OthersCPU: r.Outage.OthersCPU})
	}
	for _, f := range all {
		if f.OthersCPU != nil {
			most = max(most, *f.OthersCPU)
		}
	}
	return most
}

func (r *Report) figures() (all []Figures) {
	for _, p := range r.Kinds {
		all = append(all, p.Wye, p.Floor)
	}
	for _, p := range r.Policies {
		all = append(all, p.Wye, p.Floor)
	}
	for _, m := range r.Targets {
		all = append(all, m.Wye)
	}
	return all
}
