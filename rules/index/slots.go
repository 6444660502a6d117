package index

import "slices"

// A slot is a field that some condition names, by number. Slots of data are the
// nodes of a tree of names, so that one walk over the JSON fills all of them;
// the fields on the way to a named one are slots too, because what they are
// decides whether the named one is absent or fails.

// maxSlots bounds the number of fields, for which code has 24 bits. There is room
// above it for those of one more condition.
const maxSlots = 1<<24 - 1<<16

type slotID = uint32

const (
	noSlot   slotID = 0 // slots count from 1
	rootSlot slotID = 1 // the data as a whole
)

// slot is one field.
type slot struct {
	firsts uint64   // what the names of kids may begin with, see firstBit
	kids   []edge   // names that lead further into an object
	table  []uint32 // kids by the hash of their names, once there are many
	elem   slotID   // elements, where conditions look into a list
	parent slotID   // of one in the data
	root   Root
	many   bool   // there can be several values at once: an element, or below one
	name   string // of an attribute, extension or header
}

// edge leads from an object to a member.
type edge struct {
	tag  uint64 // of the name, see nameTag
	name string
	to   slotID
}

// slots is all fields of an index. Those of an index that was made from
// another are a copy with more at the end.
type slots struct {
	all    []slot // by slotID; the first is unused
	byKey  map[string]slotID
	fields map[*Field]slotID // what was asked for before, without making keys
}

func newSlots() *slots {
	s := &slots{byKey: map[string]slotID{}, fields: map[*Field]slotID{}}
	s.all = append(s.all, slot{}, slot{root: Data})
	return s
}

// clone copies what may grow.
func (s *slots) clone() *slots {
	c := &slots{all: slices.Clone(s.all), byKey: make(map[string]slotID, len(s.byKey)), fields: map[*Field]slotID{}}
	for k, v := range s.byKey {
		c.byKey[k] = v
	}
	for i := range c.all {
		c.all[i].kids = slices.Clone(c.all[i].kids)
	}
	return c
}

// of is the slot of a field, made if it is new.
func (s *slots) of(f *Field) slotID {
	if id, ok := s.fields[f]; ok {
		return id
	}
	id := s.find(f)
	s.fields[f] = id
	return id
}

func (s *slots) find(f *Field) slotID {
	if f.Root == Data {
		return s.below(rootSlot, f.Path)
	}
	key := f.key()
	if id, ok := s.byKey[key]; ok {
		return id
	}
	id := s.add(slot{root: f.Root, name: f.Name})
	s.byKey[key] = id
	return id
}

// lookup is the slot of a field that is known.
func (s *slots) lookup(f *Field) slotID {
	if f.Root == Data {
		return s.walk(rootSlot, f.Path)
	}
	return s.byKey[f.key()]
}

func (s *slots) walk(at slotID, path []string) slotID {
	for _, name := range path {
		at = s.all[at].kid(nameTag(name), name)
	}
	return at
}

// some is the slot of what SomeEqual looks at in the elements of a list.
func (s *slots) some(list slotID, inner []string) slotID {
	elem := s.all[list].elem
	if elem == noSlot {
		elem = s.add(slot{root: Data, parent: list, many: true})
		s.all[list].elem = elem
	}
	return s.below(elem, inner)
}

// below walks from a slot of the data along names.
func (s *slots) below(at slotID, path []string) slotID {
	for _, name := range path {
		at = s.member(at, name)
	}
	return at
}

func (s *slots) member(at slotID, name string) slotID {
	tag := nameTag(name)
	if to := s.all[at].kid(tag, name); to != noSlot {
		return to
	}
	to := s.add(slot{root: Data, parent: at, many: s.all[at].many})
	from := &s.all[at]
	from.kids = append(from.kids, edge{tag, name, to})
	from.firsts |= 1 << firstBit(name)
	from.index()
	return to
}

func (s *slots) add(one slot) slotID {
	s.all = append(s.all, one)
	return slotID(len(s.all) - 1)
}

// few is how many names are compared one by one.
const few = 8

// index makes the table of an object with many names that are asked for.
func (s *slot) index() {
	if len(s.kids) <= few {
		return
	}
	if len(s.kids)*2 <= len(s.table) {
		s.enter(len(s.kids) - 1)
		return
	}
	size := 32
	for size < len(s.kids)*4 {
		size *= 2
	}
	s.table = make([]uint32, size)
	for i := range s.kids {
		s.enter(i)
	}
}

func (s *slot) enter(i int) {
	mask := uint64(len(s.table) - 1)
	for h := spread(s.kids[i].tag); ; h++ {
		if s.table[h&mask] == 0 {
			s.table[h&mask] = uint32(i + 1)
			return
		}
	}
}

func spread(tag uint64) uint64 { return fold(tag, 0x9e3779b97f4a7c15) }

// firstBit is one of 64 by a name's length and first character: most names that
// nobody asks for are told by it.
func firstBit(name string) uint {
	if name == "" {
		return 0
	}
	return (uint(len(name))*11 + uint(name[0])) & 63
}

// kid is the slot of a member, or noSlot.
func (s *slot) kid(tag uint64, name string) slotID {
	if s.table != nil {
		mask := uint64(len(s.table) - 1)
		for h := spread(tag); s.table[h&mask] != 0; h++ {
			if e := &s.kids[s.table[h&mask]-1]; e.tag == tag && e.name == name {
				return e.to
			}
		}
		return noSlot
	}
	for i := range s.kids {
		if e := &s.kids[i]; e.tag == tag && e.name == name {
			return e.to
		}
	}
	return noSlot
}

// nameTag tells most names apart by one comparison: it is made of a name's
// length and of its first and last bytes.
func nameTag(name string) uint64 {
	n := len(name)
	switch {
	case n >= 8:
		return load64(name) ^ load64(name[n-8:])<<1 ^ uint64(n)<<56
	case n >= 4:
		return uint64(load32(name)) | uint64(load32(name[n-4:]))<<32 ^ uint64(n)<<56
	case n > 0:
		return uint64(name[0]) | uint64(name[n/2])<<8 | uint64(name[n-1])<<16 | uint64(n)<<56
	}
	return 0
}

// required reports whether every event has a value for the slot.
func (s *slots) required(at slotID) bool {
	return (&Field{Root: s.all[at].root, Name: s.all[at].name}).required()
}

func (s *slots) bytes() int64 {
	n := 0
	for i := range s.all {
		n += 120 + 40*cap(s.all[i].kids) + 4*cap(s.all[i].table)
	}
	return int64(n)
}
