package targets

import (
	"net/http"
	"strings"
	"time"
)

// MaxRetryAfter is the longest pause that a receiver may ask for unless its
// target says otherwise: a typing error in a header must not stop a target for
// a year.
const MaxRetryAfter = time.Hour

// parseRetryAfter reads a Retry-After header, which is a number of seconds or
// an HTTP date. A date in the past is no wait; ok is false for what is neither.
func parseRetryAfter(text string, now time.Time, longest time.Duration) (wait time.Duration, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, false
	}
	if onlyDigits(text) {
		return seconds(text, longest), true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), longest), true
}

func onlyDigits(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < '0' || '9' < r }) < 0
}

// seconds stops counting at longest, so that no number of digits overflows.
func seconds(digits string, longest time.Duration) time.Duration {
	var wait time.Duration
	for _, d := range digits {
		wait = wait*10 + time.Duration(d-'0')*time.Second
		if wait >= longest {
			return longest
		}
	}
	return wait
}
