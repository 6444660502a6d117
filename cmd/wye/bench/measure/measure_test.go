package measure

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestQuantilesAreWithinOnePercent(t *testing.T) {
	var h Histogram
	for i := 1; i <= 100_000; i++ {
		h.Record(time.Duration(i) * time.Microsecond)
	}
	c := h.Counts()
	for _, q := range []float64{0.001, 0.5, 0.9, 0.99, 0.999, 1} {
		want := q * 100_000 * float64(time.Microsecond)
		got := float64(c.Quantile(q))
		if math.Abs(got-want)/want > 0.01 {
			t.Errorf("quantile %v is %v, want about %v", q, time.Duration(got), time.Duration(want))
		}
	}
}

func TestEveryDurationHasABucketAndComesBack(t *testing.T) {
	for shift := range 62 {
		for _, d := range []time.Duration{1<<shift - 1, 1 << shift, 1<<shift + 1} {
			bucket := bucketOf(d)
			if bucket < 0 || bucket >= buckets {
				t.Fatalf("%d: bucket %d of %d", d, bucket, buckets)
			}
			if d < 1<<topBits && math.Abs(float64(middle(bucket)-d)) > float64(d)/100 {
				t.Errorf("%d comes back as %d", d, middle(bucket))
			}
		}
	}
}

func TestOddDurations(t *testing.T) {
	var h Histogram
	h.Record(-time.Second)
	h.Record(math.MaxInt64)
	c := h.Counts()
	if got := c.Quantile(0.5); got != 0 {
		t.Errorf("a negative duration counts as %v, want 0", got)
	}
	if got := c.Quantile(1); got < 15*time.Minute {
		t.Errorf("an endless duration counts as %v, want the last bucket", got)
	}
	if got := (Counts{}).Quantile(0.99); got != 0 {
		t.Errorf("nothing recorded gives %v, want 0", got)
	}
}

func TestAWindowIsTheDifferenceOfTwoTallies(t *testing.T) {
	var h Histogram
	h.Record(time.Second)
	before := Tally{Done: 1, Errors: 2, Latency: h.Counts()}
	h.Record(time.Millisecond)
	after := overTheWire(t, Tally{Done: 2, Distinct: 1, Errors: 2, Latency: h.Counts()})

	window := after.Since(before)
	if window.Done != 1 || window.Distinct != 1 || window.Errors != 0 {
		t.Errorf("window is %+v", window)
	}
	if n, p50 := window.Latency.Total(), window.Latency.Quantile(0.5); n != 1 || p50 > 2*time.Millisecond {
		t.Errorf("window has %d latencies, p50 %v; want only the millisecond", n, p50)
	}
}

// overTheWire is the tally as another process reads it.
func overTheWire(t *testing.T, tally Tally) (back Tally) {
	t.Helper()
	text, err := json.Marshal(tally)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	return back
}
