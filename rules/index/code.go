package index

import "math/bits"

// An index is a program of 32-bit words, in blocks. A block is a row of items
// up to an end; an item is a rule, or a split that leads to other blocks. The
// first word of an item has its opcode in the upper bits.
//
//	end
//	rule   id                                    matches
//	test   id, n, n words of tests               matches if all of them are true
//	equal  slot, split                           block of (split, constant that the slot is)
//	some   slot, split                           … for each of the slot's several values
//	prefix slot, split, n, n lengths             … for each prefix of these lengths
//	suffix slot, split, n, n lengths
//	present/absent slot, block
//	range  slot, low, high, tree                 rules whose range the slot's number is in
//	seen   split                                 block of (split, slot) for each slot of the data with a value
//
// A range's rules are in three lists, each absent (0) if empty: those without
// a high end in order of the low one, those without a low end in descending
// order of the high one, and the rest in a tree (see ranges.go).
const (
	opEnd = iota
	opRule
	opTest
	opEqual
	opSome
	opPrefix
	opSuffix
	opPresent
	opAbsent
	opRange
	opSeen
)

const (
	opShift  = 28
	slotMask = 1<<24 - 1
	manyFlag = 1 << 27 // of a rule that can be found more than once
	idMask   = manyFlag - 1
)

// The tests in an item are words too: an opcode with a slot, then operands.
//
//	tEqual    slot, constant
//	tOneOf    slot, n, n constants
//	tBetween  slot, lowest rank, highest rank
//	tOrder    slot, flags, text
//	tPrefix   slot, text       also tSuffix, tContains
//	tFits     slot, pattern
//	tExists   slot             also tIsTrue
//	tSome     slot of the list, slot, n, n constants
//	tUnknown  slot or 0
//	tCompute  slot or 0, calculation, n, n constants
//	tConstant 0 or 1
//	tNot      test
//	tAnd      n, n words of tests   also tOr
const (
	tEqual = iota
	tOneOf
	tBetween
	tOrder
	tPrefix
	tSuffix
	tContains
	tFits
	tExists
	tIsTrue
	tSome
	tUnknown
	tCompute
	tConstant
	tNot
	tAnd
	tOr
)

const testShift = 24

// hops is where the values of splits lead: an open hash table of (split,
// constant, target), three words each. A target is the place of a block, or
// directly a rule.
type hops []uint32

// direct marks a target that is a rule without further tests.
const direct = 1 << 31

// hop is an entry of hops.
type hop struct{ split, v, target uint32 }

func newHops(all []hop) hops {
	if len(all) == 0 {
		return nil
	}
	h := make(hops, 3*(len(all)+len(all)/3+1))
	for _, e := range all {
		i := h.home(e.split, e.v)
		for h[i+1] != noVid {
			i = h.next(i)
		}
		h[i], h[i+1], h[i+2] = e.split, e.v, e.target
	}
	return h
}

func (h hops) home(split, v vid) int {
	high, _ := bits.Mul64(spread(uint64(split)<<32|uint64(v)), uint64(len(h)/3))
	return int(high) * 3
}

func (h hops) next(i int) int {
	if i += 3; i == len(h) {
		return 0
	}
	return i
}

// find is where a constant leads from a split; 0 is nowhere.
func (h hops) find(split, v vid) uint32 {
	for i := h.home(split, v); ; i = h.next(i) {
		w := h[i : i+3 : i+3]
		if w[1] == v && w[0] == split {
			return w[2]
		}
		if w[1] == noVid {
			return 0
		}
	}
}
