package measure

import (
	"maps"
	"math"
	"slices"
	"time"
)

// Counts is a histogram at rest: how many durations fell into which bucket.
type Counts map[int]uint64

// Total is the number of durations.
func (c Counts) Total() uint64 {
	var total uint64
	for _, n := range c {
		total += n
	}
	return total
}

// Quantile is the duration that the fraction q of all does not exceed, and 0
// where there are none.
func (c Counts) Quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(c.Total())))
	var seen uint64
	for _, bucket := range slices.Sorted(maps.Keys(c)) {
		seen += c[bucket]
		if seen >= max(rank, 1) {
			return middle(bucket)
		}
	}
	return 0
}

// Since is what was recorded after an earlier copy of the same histogram.
func (c Counts) Since(earlier Counts) Counts {
	d := Counts{}
	for bucket, n := range c {
		if n > earlier[bucket] {
			d[bucket] = n - earlier[bucket]
		}
	}
	return d
}
