package planbench

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// goal is how long a million events may take, in seconds, on two cores or better.
const goal = 60

// WriteJSON writes the report for a program.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteTable writes the report for a person.
func (r *Report) WriteTable(w io.Writer) error {
	fmt.Fprintf(w, "%d events (%d MB as a file), %d rules of which %d change; %d cores, %s.\n\n", r.Events, r.FileSize/1e6, r.Rules, r.Changed, r.Cores, r.Go)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "from\tseconds\tevents/s\ta million takes\tCPU s\tof the server\tpeak MB\tdiffer\tgoal 60 s\t")
	for _, row := range r.Rows {
		verdict := "met"
		if row.MillionSeconds > goal {
			verdict = "MISSED"
		}
		fmt.Fprintf(t, "%s\t%.1f\t%.0f\t%.1f s\t%.1f\t%.1f\t%d\t%d\t%s\t\n", row.From, row.Seconds, row.EventsPerSecond, row.MillionSeconds,
			row.CommandCPU, row.ServerCPU, row.PeakMemory/1e6, row.Differing, verdict)
	}
	return t.Flush()
}
