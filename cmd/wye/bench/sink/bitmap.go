package sink

import "sync/atomic"

// maxEvents is how many events one sink can tell apart: more than half an hour
// of what two cores can send, in 8 MiB.
const maxEvents = 1 << 26

// bitmap remembers numbers below maxEvents.
type bitmap [maxEvents / 64]atomic.Uint64

// add is true for a number that was not there before.
func (b *bitmap) add(number uint64) bool {
	bit := uint64(1) << (number % 64)
	return b[number/64].Or(bit)&bit == 0
}
