// Package wire is the little of HTTP/1.1 that the load generator and the sink
// speak. They share the machine with what they measure, so they do not parse
// what they need not know: a request is bytes made once with an id patched in,
// a message is a head, a Content-Length and a body.
package wire

import (
	"bytes"
	"strconv"
)

// An id is the number of the event and the time at which it was due to be
// sent, in nanoseconds since 1970: so the sink can tell repetitions apart and
// knows the latency of an arrival without asking anybody.
const (
	numberDigits = 12
	timeDigits   = 19
	idLength     = numberDigits + 1 + timeDigits
)

// ID is the id of an event, for those who do not send an [Event].
func ID(number uint64, nanos int64) string {
	var id [idLength]byte
	putID(id[:], number, nanos)
	return string(id[:])
}

func putID(at []byte, number uint64, nanos int64) {
	putDigits(at[:numberDigits], number)
	at[numberDigits] = '-'
	putDigits(at[numberDigits+1:idLength], uint64(nanos))
}

func putDigits(at []byte, v uint64) {
	for i := len(at) - 1; i >= 0; i-- {
		at[i] = '0' + byte(v%10)
		v /= 10
	}
}

// EachID calls f with every id of one of ours in a batch of events in JSON.
func EachID(batch []byte, f func(id []byte)) {
	member := []byte(`"id":"`)
	for {
		at := bytes.Index(batch, member)
		if at < 0 {
			return
		}
		batch = batch[at+len(member):]
		if end := bytes.IndexByte(batch, '"'); end == idLength {
			f(batch[:end])
		}
	}
}

// ParseID takes an id apart.
func ParseID(id []byte) (number uint64, nanos int64, ok bool) {
	if len(id) != idLength || id[numberDigits] != '-' {
		return 0, 0, false
	}
	number, err := strconv.ParseUint(string(id[:numberDigits]), 10, 64)
	if err != nil {
		return 0, 0, false
	}
	nanos, err = strconv.ParseInt(string(id[numberDigits+1:]), 10, 64)
	return number, nanos, err == nil
}
