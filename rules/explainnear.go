package rules

import (
	"math"
	"strings"

	"github.com/google/cel-go/common/types"
)

// near is how much of a clause holds, from 0 to 1, where it should be true
// (or, under a !, false): of an && the share of its terms, of an || the best.
func (e *evaluator) near(c *clause, s *scope, want bool) float64 {
	switch c.kind {
	case PartNot:
		return e.near(c.kids[0], s, !want)
	case PartAnd, PartOr:
		return e.nearTerms(c, s, want)
	case PartChoice:
		switch r := e.reading(c.kids[0], s); {
		case r.isTrue():
			return e.near(c.kids[1], s, want)
		case r.isFalse():
			return e.near(c.kids[2], s, want)
		}
		return 0
	}
	if r := e.reading(c, s); r.err == nil && r.value == types.Bool(want) {
		return 1
	}
	return 0
}

func (e *evaluator) nearTerms(c *clause, s *scope, want bool) float64 {
	sum, best := 0.0, 0.0
	for _, kid := range c.kids {
		n := e.near(kid, s, want)
		sum, best = sum+n, max(best, n)
	}
	if (c.kind == PartAnd) == want {
		return sum / float64(len(c.kids))
	}
	return best
}

// nearType is how near the entry of `on` that is nearest to a type comes to
// it: the share of the parts, from the front, that fit, and of the first that
// does not whether it is a slip of the finger.
func (r *Rule) nearType(eventType string) float64 {
	best := 0.0
	have := strings.Split(eventType, ".")
	for _, on := range r.On {
		want := strings.Split(on, ".")
		fit := 0.0
		for i := range min(len(want), len(have)) {
			if want[i] != "**" && !fitsToken(want[i], have[i]) {
				if distance(want[i], have[i], 3) < 3 {
					fit += 0.5
				}
				break
			}
			fit++
		}
		best = max(best, fit/float64(max(len(want), len(have))))
	}
	return rounded(best)
}

// nearlyOf is the type that differs from that of an event by a slip of the
// finger. Types that differ by a word are different on purpose.
func nearlyOf(eventType string, on []string) (string, bool) {
	const slip = 3
	for _, want := range on {
		if distance(eventType, want, slip) < slip {
			return want, true
		}
	}
	return "", false
}

func rounded(f float64) float64 { return math.Round(f*1000) / 1000 }
