package plan

import (
	"hash/fnv"
	"math"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// sampleSalt makes a sample of a plan another one than that of a rule, which goes
// by the source and the id too: of a rule with a sample a plan sees its share.
const sampleSalt = "wye plan"

// Sampled tells whether an event is in a sample of a fraction of all events, from
// 0 to 1. That depends on its source and its id only, so the sample is the same
// each time.
func Sampled(ev *cloudevent.Event, fraction float64) bool {
	if fraction >= 1 {
		return true
	}
	h := fnv.New64a()
	for _, part := range []string{sampleSalt, ev.Source, ev.ID} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return float64(mixed(h.Sum64())) < fraction*math.MaxUint64
}

// mixed spreads a hash over all bits: names that differ in their last character
// only differ in few bits of it.
func mixed(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
