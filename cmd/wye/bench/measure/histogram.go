// Package measure counts: a histogram of durations that many goroutines can
// write to at once, and the tally in which a process of a benchmark reports
// what it has seen so far.
package measure

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Buckets are even within a power of two: 128 of them, so a figure read back
// is off by less than 1 %.
const (
	subBits = 7
	sub     = 1 << subBits
	topBits = 40 // 2^40 ns, about 18 minutes; anything longer counts as that
	buckets = (topBits - subBits + 1) * sub
)

// Histogram counts durations. The zero value is ready.
type Histogram struct {
	counts [buckets]atomic.Uint64
}

// Record counts one duration. A negative one (clocks that disagree) counts as 0.
func (h *Histogram) Record(d time.Duration) {
	h.counts[bucketOf(d)].Add(1)
}

// Counts is a copy of what was recorded so far, without the empty buckets.
func (h *Histogram) Counts() Counts {
	c := Counts{}
	for i := range h.counts {
		if n := h.counts[i].Load(); n > 0 {
			c[i] = n
		}
	}
	return c
}

func bucketOf(d time.Duration) int {
	v := uint64(max(d, 0))
	if v >= 1<<topBits {
		return buckets - 1
	}
	if v < sub {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1
	return (shift+1)*sub + int(v>>shift) - sub
}

// middle is the duration in the middle of a bucket.
func middle(bucket int) time.Duration {
	if bucket < sub {
		return time.Duration(bucket)
	}
	shift := bucket/sub - 1
	low := uint64(bucket%sub+sub) << shift
	return time.Duration(low + (1<<shift)/2)
}
