package rulestest

import "math/rand/v2"

// dice are numbers that look random and are the same wherever they are thrown:
// of math/rand they take only the generator, whose numbers are specified, and
// none of the methods that may one day use it differently.
type dice struct{ source *rand.PCG }

func newDice(seed uint64) dice { return dice{rand.NewPCG(seed, 0x77796520)} } // "wye "

// below is a number from 0 to n-1.
func (d dice) below(n int) int { return int(d.source.Uint64() % uint64(n)) }

// unit is a number from 0 up to but not 1.
func (d dice) unit() float64 { return float64(d.source.Uint64()>>11) / (1 << 53) }

// oneIn is true once in n throws.
func (d dice) oneIn(n int) bool { return d.below(n) == 0 }

func pick[T any](d dice, from []T) T { return from[d.below(len(from))] }

// three are three different ones.
func three[T any](d dice, from []T) [3]T {
	i := d.below(len(from))
	j := i + 1 + d.below(len(from)/2-1)
	k := j + 1 + d.below(len(from)/2-1)
	return [3]T{from[i], from[j%len(from)], from[k%len(from)]}
}
