package bench

import "fmt"

// Ratio is one figure divided by another of the same run.
type Ratio struct {
	Name  string   `json:"name"`
	Value *float64 `json:"value"` // nil where one of the two was not measured
	Goal  string   `json:"goal,omitempty"`
	Met   *bool    `json:"met,omitempty"`
}

// comparison says which figures a ratio is made of. Exactly one of the goals
// is set, or none.
type comparison struct {
	name            string
	over, under     string // names of rows
	figure          func(Figures) float64
	atLeast, atMost float64
}

func comparisons() []comparison {
	all := []comparison{
		{name: "ingest to target ÷ plain loop", over: rowDeliver, under: rowLoop, figure: rate, atLeast: 1.3},
		{name: "ingest to target ÷ null router", over: rowDeliver, under: rowNull, figure: rate, atLeast: 0.6},
		{name: "p50 at 1,600/s ÷ null router's", over: rowWyeLatency, under: rowNullLatency, figure: p50, atMost: 1.2},
		{name: "p99 at 1,600/s ÷ null router's", over: rowWyeLatency, under: rowNullLatency, figure: p99, atMost: 2},
		{name: "ingest alone ÷ bare HTTP server", over: rowIngest, under: rowHTTP, figure: rate},
		// What the first two would be if nobody ever waited: steadier than they
		// are on a machine that is not quiet.
		{name: "CPU of an event: plain loop ÷ ingest to target", over: rowLoop, under: rowDeliver, figure: cpu},
		{name: "CPU of an event: null router ÷ ingest to target", over: rowNull, under: rowDeliver, figure: cpu},
	}
	for _, n := range publisherCounts {
		all = append(all, comparison{
			name: fmt.Sprintf("group commit ÷ SyncAlways, %d publishers", n),
			over: fmt.Sprintf(rowGroup, n), under: fmt.Sprintf(rowAlways, n),
			figure: rate, atLeast: 4,
		})
	}
	return all
}

func rate(f Figures) float64 { return f.EventsPerSecond }
func p50(f Figures) float64  { return f.P50 }
func p99(f Figures) float64  { return f.P99 }

func cpu(f Figures) float64 {
	if f.TotalCPU == nil {
		return 0
	}
	return *f.TotalCPU
}

// of makes the ratio from the rows there are.
func (c comparison) of(rows []Row) Ratio {
	r := Ratio{Name: c.name, Goal: c.goal()}
	over, under := find(rows, c.over), find(rows, c.under)
	if over == nil || under == nil || c.figure(over.Figures) == 0 || c.figure(under.Figures) == 0 {
		return r
	}
	value := c.figure(over.Figures) / c.figure(under.Figures)
	r.Value = &value
	if r.Goal != "" {
		met := value >= c.atLeast && (c.atMost == 0 || value <= c.atMost)
		r.Met = &met
	}
	return r
}

func (c comparison) goal() string {
	switch {
	case c.atLeast > 0:
		return fmt.Sprintf("at least %g", c.atLeast)
	case c.atMost > 0:
		return fmt.Sprintf("at most %g", c.atMost)
	}
	return ""
}

func find(rows []Row, name string) *Row {
	for i := range rows {
		if rows[i].Name == name {
			return &rows[i]
		}
	}
	return nil
}
