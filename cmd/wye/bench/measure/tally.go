package measure

// Tally is what a process of the benchmark has seen since it started. What
// happened in a window of time is the difference of two tallies, so nothing
// ever has to be reset under load.
type Tally struct {
	// Done counts good answers (the generator), or arrivals (the sink).
	Done uint64 `json:"done"`
	// Distinct counts arrivals without repetitions. Only the sink fills it in.
	Distinct uint64 `json:"distinct,omitempty"`
	Errors   uint64 `json:"errors,omitempty"`
	// Example is the first error, as a person would want to read it.
	Example string `json:"example,omitempty"`
	Latency Counts `json:"latency,omitempty"`
}

// Since is what happened after an earlier tally of the same process.
func (t Tally) Since(earlier Tally) Tally {
	t.Done -= earlier.Done
	t.Distinct -= earlier.Distinct
	t.Errors -= earlier.Errors
	t.Latency = t.Latency.Since(earlier.Latency)
	return t
}
