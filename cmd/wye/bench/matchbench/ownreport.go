package matchbench

import (
	"fmt"
	"io"
	"strings"
)

// WriteJSON writes the report for a program.
func (o *Own) WriteJSON(w io.Writer) error { return writeJSON(w, o) }

// WriteTable writes the report for a person.
func (o *Own) WriteTable(w io.Writer) error {
	fmt.Fprintf(w, "Matching on one core of %d, %s, %s; medians of rounds: %d of %s of %s.\n\n",
		o.Machine.Cores, o.Machine.Go, o.Machine.Platform, o.Settings.Rounds, o.Settings.Slice, o.Settings.Clock)
	t := newTable("rules", grouped(float64(o.Rules)))
	t.add("events", grouped(float64(o.Events)))
	t.add("events/s", grouped(o.EventsPerSecond))
	t.add("  rule after rule", grouped(o.OneByOne))
	t.add("ns an event, median", grouped(o.MedianNS))
	t.add("ns an event, p99", grouped(o.P99NS))
	t.add("time of only validating the JSON (F), ns", ns(o.Floor))
	t.add("time of a match in F", optional(o.Floors, "%.2f"))
	t.add("allocations an event", brief(o.Allocations))
	t.add("bytes allocated an event", brief(o.Bytes))
	t.add("matches an event", brief(o.Matches))
	t.add("errors an event", brief(o.Errors))
	t.add("candidates an event", brief(o.Candidates))
	t.add("loading, seconds", fmt.Sprintf("%.3f", o.LoadSeconds))
	t.add("memory beside the text, KiB", grouped(float64(o.HeapBytes)/1024))
	t.add("  of it the index", grouped(float64(o.IndexBytes)/1024))
	t.add("rules not indexed", grouped(float64(o.NotIndexed)))
	t.write(w)
	if len(o.Unindexed) == 0 {
		return nil
	}
	names, more := strings.Join(o.Unindexed, ", "), ""
	if n := o.NotIndexed - len(o.Unindexed); n > 0 {
		more = fmt.Sprintf(", and %d more", n)
	}
	_, err := fmt.Fprintf(w, "\nEvaluated for every event of their type, because no index can select by their conditions: %s%s\n", names, more)
	return err
}
