package index

import (
	"math"
	"math/bits"
	"strconv"

	"github.com/wye-events/wye/rules/jsontext"
)

// Kind is what a value is.
type Kind uint8

// The kinds of values in an event. Numbers are one kind, however they are spelt.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Time
	List
	Object
	Bytes
)

// Value is a constant in a condition, or a value in an event.
type Value struct {
	Kind Kind
	Bool bool
	Num  Num
	Str  string
}

// Num is a number, or a time in seconds and nanoseconds, such that numbers are
// ordered by Main and then by Rest: exactly, whole numbers of 64 bits included.
// Whole numbers below 2^53 and fractions have no Rest.
type Num struct {
	Main float64
	Rest int64
}

// Int is a whole number.
func Int(i int64) Num {
	f := float64(i)
	switch {
	case i > -1<<53 && i < 1<<53:
		return Num{Main: f}
	case f == 1<<63: // does not fit back
		return Num{f, i - math.MaxInt64 - 1}
	}
	return Num{f, i - int64(f)}
}

// Uint is a whole number.
func Uint(u uint64) Num {
	if u <= math.MaxInt64 {
		return Int(int64(u))
	}
	f := float64(u)
	if f == 1<<64 {
		return Num{f, int64(u)} // u-2^64, which is below zero
	}
	return Num{f, int64(u - uint64(f))}
}

// Float is a number that need not be whole. One that is, is the same as by
// [Int] or [Uint].
func Float(f float64) Num {
	if f == 0 {
		f = 0 // there is one zero
	}
	return Num{Main: f}
}

// Unix is a time.
func Unix(seconds int64, nanoseconds int32) Num {
	return Num{float64(seconds), int64(nanoseconds)}
}

// Compare orders two numbers: below zero where n is less than m.
func (n Num) Compare(m Num) int { return n.compare(m) }

func (n Num) compare(m Num) int {
	switch {
	case n.Main < m.Main:
		return -1
	case n.Main > m.Main:
		return 1
	case n.Rest < m.Rest:
		return -1
	case n.Rest > m.Rest:
		return 1
	}
	return 0
}

var powersOfTen = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// parseNum is the value of a valid JSON number: of a whole one that fits 64
// bits exactly, of others to the precision of a double.
func parseNum(text string) Num {
	i, negative := 0, false
	if text[0] == '-' {
		i, negative = 1, true
	}
	if len(text)-i > 18 {
		return parseLongNum(text)
	}
	mantissa, point := uint64(0), -1
	for ; i < len(text); i++ {
		c := text[i]
		switch {
		case c >= '0' && c <= '9':
			mantissa = mantissa*10 + uint64(c-'0')
		case c == '.':
			point = i
		default:
			return parseLongNum(text)
		}
	}
	if point < 0 {
		if negative {
			return Int(-int64(mantissa))
		}
		return Int(int64(mantissa))
	}
	places := len(text) - point - 1
	if mantissa >= 1<<53 {
		return parseLongNum(text)
	}
	f := float64(mantissa) / powersOfTen[places] // both exact, so the quotient is rounded once
	if negative {
		f = -f
	}
	return Float(f)
}

func parseLongNum(text string) Num {
	if n, ok := parseWhole(text); ok {
		return n
	}
	f, _ := strconv.ParseFloat(text, 64) // beyond its range it is infinite, and compares as it should
	return Float(f)
}

// parseWhole is the value of a number that is whole and fits 64 bits.
func parseWhole(text string) (Num, bool) {
	negative, u, ok := jsontext.Whole(text)
	switch {
	case !ok:
		return Num{}, false
	case negative:
		return Int(-int64(u)), true
	}
	return Uint(u), true
}

// hashText mixes a text into 64 bits. Texts here are short, so it reads them by
// words; it need not withstand an attacker, because what is put into tables
// comes from conditions alone.
func hashText(s string) uint64 {
	const k0, k1 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	n := len(s)
	h := uint64(n) * k0
	for ; len(s) > 16; s = s[8:] {
		h = fold(h^load64(s), k1)
	}
	switch {
	case len(s) >= 8:
		h = fold(h^load64(s), k1^load64(s[len(s)-8:]))
	case len(s) >= 4:
		h = fold(h^uint64(load32(s)), k1^uint64(load32(s[len(s)-4:])))
	case len(s) > 0:
		h = fold(h^(uint64(s[0])|uint64(s[len(s)/2])<<8|uint64(s[len(s)-1])<<16), k1)
	}
	return fold(h, k0)
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load32(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}
