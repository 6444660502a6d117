package index

import "encoding/binary"

// Events of one kind have their names in one order. An object remembers in which
// order it saw them last, and looks first whether the next name is the one that
// came next then: that is a comparison of two words, where finding the end of a
// name and which slot it leads to takes many steps.

// maxOrder is how many names of an object are remembered, each of at most
// maxGuess bytes.
const (
	maxOrder = 24
	maxGuess = 16
)

// guess is a name that may come next.
type guess struct {
	text, mask [2]uint64 // its bytes, and which of them count
	size       int       // 0: none
	kid        slotID    // what it leads to, or noSlot
}

// order is the names of an object as they came last.
type order [maxOrder]guess

// next reports whether the name whose first byte is at i is the one at a place
// of the order. It need not be checked then: it was when it was remembered.
func (o *order) next(b []byte, i, at int) bool {
	if at >= maxOrder || i+maxGuess >= len(b) {
		return false
	}
	g := &o[at]
	first, second := binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[i+8:])
	return first&g.mask[0] == g.text[0] && second&g.mask[1] == g.text[1] && g.size > 0 && b[i+g.size] == '"'
}

// learn remembers a name at a place, and returns the place after it: where it
// stood already, things go on from there.
func (o *order) learn(name string, kid slotID, at int) int {
	if len(name) == 0 || len(name) > maxGuess {
		return at
	}
	var bytes [16]byte
	copy(bytes[:], name)
	g := guess{size: len(name), kid: kid}
	g.text = [2]uint64{binary.LittleEndian.Uint64(bytes[:8]), binary.LittleEndian.Uint64(bytes[8:])}
	g.mask = [2]uint64{maskOf(len(name)), maskOf(len(name) - 8)}
	for i := range o {
		if o[i].size == g.size && o[i].text == g.text {
			return i + 1
		}
	}
	if at < maxOrder {
		o[at] = g
	}
	return at + 1
}

// maskOf has the lowest n bytes of a word set.
func maskOf(n int) uint64 {
	switch {
	case n <= 0:
		return 0
	case n >= 8:
		return 1<<64 - 1
	}
	return 1<<(8*n) - 1
}

// orderOf is that of the objects of a slot.
func (r *reading) orderOf(at slotID) *order {
	o := r.orders[at]
	if o == nil {
		o = &order{}
		r.orders[at] = o
	}
	return o
}
