package index

import (
	"unsafe"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// val is the value of a slot in one event. It is that of this event only if its
// turn is the reading's.
type val struct {
	turn uint32
	elem uint32 // the element that it is or is in, where a slot can have several
	kind Kind
	yes  bool   // Bool
	num  bool   // Num was made
	form form   // of a Number, once it was asked for
	Num  Num    // Number, Time
	str  string // String; of a Number its spelling
}

// number is the number of a value of kind Number or Time.
func (v *val) number() Num {
	if !v.num {
		v.Num, v.num = parseNum(v.str), true
	}
	return v.Num
}

func (v *val) is(c *Value) bool {
	if v.kind != c.Kind {
		return false
	}
	switch v.kind {
	case Null:
		return true
	case Bool:
		return v.yes == c.Bool
	case Number, Time:
		return v.number() == c.Num
	case String:
		return v.str == c.Str
	}
	return false
}

// dataState is how far the data of an event was read.
type dataState uint8

const (
	unread dataState = iota
	read
	broken // not the JSON that it says it is
)

// reading is what is known of one event: the values of slots, filled when they
// are first asked for. It is used again for the next event.
type reading struct {
	ev    *cloudevent.Event
	of    *slots
	slots []slot
	turn  uint32

	vals   []val    // by slot
	many   [][]val  // by slot, of those that can have several values
	orders []*order // by slot, of objects

	state   dataState
	odd     []slotID // slots with a value of a kind that some test cannot use
	bad     []Kinds  // by slot: those kinds, and severalValues
	seen    []slotID // of the data, that have or had a value
	element uint32   // counts the elements of lists
	text    string
}

// Kinds is a set of kinds.
type Kinds uint16

func kinds(all ...Kind) (set Kinds) {
	for _, k := range all {
		set |= 1 << k
	}
	return set
}

// severalValues marks, among the kinds that tests fail on, a slot that can have
// several values.
const severalValues Kinds = 1 << 15

// others are the kinds of values that are not in the set.
func (s Kinds) others() Kinds { return (1<<(Bytes+1) - 1) &^ s &^ kinds(Absent) }

func (s Kinds) has(k Kind) bool { return s>>k&1 != 0 }

// begin takes an event.
func (r *reading) begin(ev *cloudevent.Event, x *slots, bad []Kinds) {
	if r.of != x { // its slots lead elsewhere
		r.of, r.orders = x, make([]*order, len(x.all))
	}
	if r.turn++; r.turn == 0 || len(r.vals) < len(x.all) {
		r.vals = make([]val, len(x.all))
		r.many = make([][]val, len(x.all))
		r.turn = 1
	}
	r.ev, r.slots, r.bad = ev, x.all, bad
	r.state, r.odd, r.seen, r.element = unread, r.odd[:0], r.seen[:0], 0
}

// get is the value of a slot that has one value at most; its kind is Absent
// where there is none.
func (r *reading) get(at slotID) *val {
	v := &r.vals[at]
	if v.turn == r.turn {
		return v
	}
	if r.slots[at].root == Data {
		if r.state == unread {
			r.readData()
			return r.get(at)
		}
		v.turn, v.kind = r.turn, Absent
		return v
	}
	v.turn, v.num, v.form = r.turn, false, formUnknown
	r.attribute(v, &r.slots[at])
	if r.bad[at].has(v.kind) {
		r.odd = append(r.odd, at)
	}
	return v
}

// each is all values of a slot that can have several.
func (r *reading) each(at slotID) []val {
	if r.state == unread {
		r.readData()
	}
	all := r.many[at]
	if len(all) > 0 && all[0].turn != r.turn {
		return nil
	}
	return all
}

func (r *reading) attribute(v *val, s *slot) {
	v.kind, v.str = Absent, ""
	switch s.root {
	case Header:
		for i := range r.ev.Headers {
			if r.ev.Headers[i].Name == s.name {
				v.kind, v.str = String, r.ev.Headers[i].Value
				return
			}
		}
	case Extension:
		r.extension(v, s.name)
	case Attribute:
		if s.name == "time" {
			if t, ok := r.ev.Timestamp(); ok {
				v.kind, v.Num, v.num = Time, Unix(t.Unix(), int32(t.Nanosecond())), true
			}
			return
		}
		if v.str = r.plainAttribute(s.name); v.str != "" || (&Field{Name: s.name}).required() {
			v.kind = String
		}
	}
}

func (r *reading) plainAttribute(name string) string {
	switch name {
	case "id":
		return r.ev.ID
	case "source":
		return r.ev.Source
	case "type":
		return r.ev.Type
	case "subject":
		return r.ev.Subject
	case "datacontenttype":
		return r.ev.DataContentType
	case "dataschema":
		return r.ev.DataSchema
	case "specversion":
		return "1.0"
	}
	return ""
}

func (r *reading) extension(v *val, name string) {
	for i := range r.ev.Extensions {
		if r.ev.Extensions[i].Name != name {
			continue
		}
		switch x := r.ev.Extensions[i].Value.(type) {
		case string:
			v.kind, v.str = String, x
		case bool:
			v.kind, v.yes = Bool, x
		case int32:
			v.kind, v.Num, v.num = Number, Int(int64(x)), true
		}
		return
	}
}

// readData fills the slots of the data.
func (r *reading) readData() {
	r.state = read
	data := r.ev.Data
	switch {
	case data == nil:
	case r.ev.DataIsJSON():
		r.text = unsafe.String(unsafe.SliceData(data), len(data))
		if !r.scan(data) {
			r.state = broken
		}
		r.text = ""
	case r.ev.DataIsText():
		v := r.put(rootSlot, String)
		v.str = unsafe.String(unsafe.SliceData(data), len(data))
	default:
		r.put(rootSlot, Bytes)
	}
}

// put makes the value of a slot of the data.
func (r *reading) put(at slotID, kind Kind) *val {
	if watched := r.bad[at]; watched&(1<<kind|severalValues) != 0 {
		if watched.has(kind) {
			r.odd = append(r.odd, at)
		}
		if watched&severalValues != 0 {
			return r.putMany(at, kind)
		}
	}
	v := &r.vals[at]
	if v.turn == r.turn {
		r.forget(at)
	} else {
		r.seen = append(r.seen, at)
	}
	v.turn, v.kind, v.num, v.form = r.turn, kind, false, formUnknown
	return v
}

// forget takes back what stood under a name that now stands a second time:
// the last counts.
func (r *reading) forget(at slotID) {
	s := &r.slots[at]
	for i := range s.kids {
		r.forget(s.kids[i].to)
	}
	if s.elem != noSlot {
		r.forgetElements(s.elem)
	}
	if v := &r.vals[at]; v.turn == r.turn { // not as if it had not been seen
		v.kind = Absent
	}
	if all := r.many[at]; s.many && len(all) > 0 && all[len(all)-1].elem == r.element {
		r.many[at] = all[:len(all)-1]
	}
}

func (r *reading) forgetElements(at slotID) {
	r.many[at] = r.many[at][:0]
	for i := range r.slots[at].kids {
		r.forgetElements(r.slots[at].kids[i].to)
	}
}

func (r *reading) putMany(at slotID, kind Kind) *val {
	all := r.many[at]
	switch n := len(all); {
	case n == 0:
		r.seen = append(r.seen, at)
	case all[0].turn != r.turn:
		r.seen = append(r.seen, at)
		all = all[:0]
	case all[n-1].elem == r.element:
		r.forget(at)
		all = r.many[at]
	}
	all = append(all, val{turn: r.turn, elem: r.element, kind: kind})
	r.many[at] = all
	return &all[len(all)-1]
}
