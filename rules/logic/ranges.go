package logic

import (
	"fmt"
	"slices"

	"github.com/wye-events/wye/rules/index"
)

// Bound is an end of a range.
type Bound struct {
	At   index.Num
	Open bool // At itself is not in the range
	None bool // there is no end
}

// Range is all values between two ends.
type Range struct{ Low, High Bound }

// Ranges are some that do not touch, in ascending order. Nil is everything; no
// ranges are nothing.
type Ranges []Range

var endless = Bound{None: true}

// Point is one value.
func Point(n index.Num) Ranges { return Ranges{{Bound{At: n}, Bound{At: n}}} }

// Above is all from a value on, without it where open.
func Above(n index.Num, open bool) Ranges { return Ranges{{Bound{At: n, Open: open}, endless}} }

// Below is all up to a value, without it where open.
func Below(n index.Num, open bool) Ranges { return Ranges{{endless, Bound{At: n, Open: open}}} }

// Between is all from one value to another, both included.
func Between(low, high index.Num) Ranges { return Ranges{{Bound{At: low}, Bound{At: high}}} }

// Not is everything else.
func (rs Ranges) Not() Ranges {
	out, low := Ranges{}, endless
	for _, r := range rs {
		if !r.Low.None {
			out = append(out, Range{low, Bound{At: r.Low.At, Open: !r.Low.Open}})
		}
		if r.High.None {
			return out
		}
		low = Bound{At: r.High.At, Open: !r.High.Open}
	}
	return append(out, Range{low, endless})
}

// and is what is in both; nil only where both are.
func (rs Ranges) and(others Ranges) Ranges {
	switch {
	case rs == nil:
		return others
	case others == nil:
		return rs
	}
	out := Ranges{}
	for len(rs) > 0 && len(others) > 0 {
		a, b := rs[0], others[0]
		if r := (Range{higher(a.Low, b.Low), lower(a.High, b.High)}); !r.empty() {
			out = append(out, r)
		}
		if first := lower(a.High, b.High); first == a.High {
			rs = rs[1:]
		} else {
			others = others[1:]
		}
	}
	return out
}

// Points are some values.
func Points(values ...index.Num) Ranges {
	sorted := slices.Clone(values)
	slices.SortFunc(sorted, index.Num.Compare)
	out := Ranges{}
	for i, n := range sorted {
		if i == 0 || n != sorted[i-1] {
			out = append(out, Point(n)...)
		}
	}
	return out
}

func (r Range) empty() bool {
	if r.Low.None || r.High.None {
		return false
	}
	c := r.Low.At.Compare(r.High.At)
	return c > 0 || c == 0 && (r.Low.Open || r.High.Open)
}

func (r Range) point() bool {
	return !r.Low.None && !r.High.None && r.Low.At.Compare(r.High.At) == 0
}

func higher(a, b Bound) Bound {
	switch {
	case a.None:
		return b
	case b.None:
		return a
	}
	if c := a.At.Compare(b.At); c > 0 || c == 0 && a.Open {
		return a
	}
	return b
}

func lower(a, b Bound) Bound {
	switch {
	case a.None:
		return b
	case b.None:
		return a
	}
	if c := a.At.Compare(b.At); c < 0 || c == 0 && a.Open {
		return a
	}
	return b
}

// text is a number in a form of its own.
func (b boundText) text() string { return fmt.Sprintf("%v/%d", b.Main, b.Rest) }

type boundText index.Num
