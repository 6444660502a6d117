package index

import (
	"math"
	"math/bits"
	"slices"
	"unsafe"
)

// Constants of conditions are known by number (a vid), so that a test for
// equality compares two of them, and a value of an event is looked up once,
// whatever the number of tests. The vid of a text is its place, so that a
// look-up that succeeds touches two places in memory: a table and the text.
type vid = uint32

const (
	noVid vid = iota
	nullVid
	falseVid
	trueVid
	firstVid

	numVid vid = 1 << 31 // added to the place of a number
)

// consts are the constants of a segment.
type consts struct {
	texts table  // of the hash of a text
	nums  table  // of the hash of a number
	blob  []byte // texts, each after its length in two bytes: conditions are shorter
	num   []Num
}

func newConsts() *consts { return &consts{blob: make([]byte, firstVid)} }

func (c *consts) text(v vid) string {
	n := int(c.blob[v]) | int(c.blob[v+1])<<8
	return unsafe.String(&c.blob[v+1], n+1)[1:] // one may be empty, and the last
}

func (c *consts) number(v vid) Num { return c.num[v&^numVid] }

// add is the vid of a constant, made if it is new.
func (c *consts) add(v *Value) vid {
	switch v.Kind {
	case String:
		return c.addText(v.Str)
	case Number, Time:
		return c.addNum(v.Num)
	case Bool:
		return boolVid(v.Bool)
	}
	return nullVid
}

func boolVid(yes bool) vid {
	if yes {
		return trueVid
	}
	return falseVid
}

func (c *consts) addText(s string) vid {
	h := hashText(s)
	if v := c.findText(s, h); v != noVid {
		return v
	}
	v := vid(len(c.blob))
	c.blob = append(append(c.blob, byte(len(s)), byte(len(s)>>8)), s...)
	c.texts.enter(h, v, c.textHash)
	return v
}

func (c *consts) addNum(n Num) vid {
	if v := c.findNum(n); v != noVid {
		return v
	}
	v := numVid | vid(len(c.num))
	c.num = append(c.num, n)
	c.nums.enter(hashNum(n), v, c.numHash)
	return v
}

func hashNum(n Num) uint64 {
	return spread(math.Float64bits(n.Main) + uint64(n.Rest))
}

func (c *consts) findText(s string, h uint64) vid {
	for i := c.texts.home(h); ; i = c.texts.next(i) {
		v := c.texts.at(i, h)
		if v == noVid || v != otherVid && c.text(v) == s {
			return v
		}
	}
}

func (c *consts) findNum(n Num) vid {
	h := hashNum(n)
	for i := c.nums.home(h); ; i = c.nums.next(i) {
		v := c.nums.at(i, h)
		if v == noVid || v != otherVid && c.number(v) == n {
			return v
		}
	}
}

// pack gives the tables the size that they need.
func (c *consts) pack() {
	c.texts.resize(c.texts.used+c.texts.used/2+1, c.textHash)
	c.nums.resize(c.nums.used+c.nums.used/2+1, c.numHash)
	c.blob, c.num = slices.Clone(c.blob), slices.Clone(c.num)
}

func (c *consts) textHash(v vid) uint64 { return hashText(c.text(v)) }
func (c *consts) numHash(v vid) uint64  { return hashNum(c.number(v)) }

// table finds vids by a hash. It has pairs of a part of the hash and a vid.
type table struct {
	pairs []uint32
	used  int
}

// otherVid is an entry with another hash.
const otherVid vid = math.MaxUint32

func (t *table) home(h uint64) int {
	high, _ := bits.Mul64(h, uint64(len(t.pairs)/2))
	return int(high) * 2
}

func (t *table) next(i int) int {
	if i += 2; i == len(t.pairs) {
		return 0
	}
	return i
}

func (t *table) at(i int, h uint64) vid {
	if i >= len(t.pairs) || t.pairs[i+1] == noVid {
		return noVid
	}
	if t.pairs[i] != uint32(h) {
		return otherVid
	}
	return t.pairs[i+1]
}

// enter adds a pair, and makes room when two thirds are taken. Only a part of
// the hash is in the table, so making room asks again for the whole.
func (t *table) enter(h uint64, v vid, again func(vid) uint64) {
	if t.used++; t.used*3 > len(t.pairs) {
		t.resize(max(8, len(t.pairs)), again)
	}
	t.put(h, v)
}

func (t *table) resize(entries int, again func(vid) uint64) {
	old := t.pairs
	t.pairs = make([]uint32, 2*entries)
	for i := 1; i < len(old); i += 2 {
		if old[i] != noVid {
			t.put(again(old[i]), old[i])
		}
	}
}

func (t *table) put(h uint64, v vid) {
	i := t.home(h)
	for t.pairs[i+1] != noVid {
		i = t.next(i)
	}
	t.pairs[i], t.pairs[i+1] = uint32(h), v
}

// orders are the numbers that tests compare a slot's with, in order. A value
// of the slot has a rank among them: 2i+1 where it is the one at i, and 2i
// where it lies before it.
type orders map[slotID][]Num

func (o orders) add(at slotID, n Num) { o[at] = append(o[at], n) }

func (o orders) sort() {
	for at, all := range o {
		slices.SortFunc(all, Num.compare)
		o[at] = slices.Clone(slices.Compact(all))
	}
}

func rankOf(all []Num, n Num) uint32 {
	at, same := slices.BinarySearchFunc(all, n, Num.compare)
	if same {
		return uint32(2*at + 1)
	}
	return uint32(2 * at)
}
