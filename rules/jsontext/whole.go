package jsontext

import (
	"math"
	"strconv"
	"strings"
)

// maxDigits is how long the decimal text of a 64-bit number can be.
const maxDigits = 20

// Whole is the value of a number that is whole and fits an int64 or a uint64,
// however it is spelt: 100, 100.0 and 1e2 are one. A negative number has its
// magnitude in u, which is at most 2^63.
func Whole(text string) (negative bool, u uint64, ok bool) {
	unsigned := strings.TrimPrefix(text, "-")
	negative = len(unsigned) != len(text)
	mantissa, exponent := unsigned, 0
	if at := strings.IndexAny(unsigned, "eE"); at >= 0 {
		var err error
		mantissa = unsigned[:at]
		if exponent, err = strconv.Atoi(unsigned[at+1:]); err != nil {
			exponent = math.MaxInt32 // zero stays zero, all else is out of range
		}
	}
	digits, fraction, _ := strings.Cut(mantissa, ".")
	fraction = strings.TrimRight(fraction, "0")
	exponent -= len(fraction)
	digits = strings.TrimLeft(digits+fraction, "0")
	significant := strings.TrimRight(digits, "0")
	if significant == "" {
		return false, 0, true
	}
	exponent += len(digits) - len(significant)
	if exponent < 0 || exponent > maxDigits || len(significant)+exponent > maxDigits {
		return false, 0, false
	}
	u, err := strconv.ParseUint(significant+strings.Repeat("0", exponent), 10, 64)
	return negative, u, err == nil && (!negative || u <= 1<<63)
}
