package index

import "slices"

// Rule is a condition to be found. On and When must both be true; nil is true.
type Rule struct {
	ID   uint32 // below 2^27, unique in an index
	On   *Expr  // which types of events are meant
	When *Expr
}

// builder makes a segment. Rules come in one by one as trees and are kept as
// words; when all are there, they are put into blocks.
type builder struct {
	slots  *slots
	consts *consts
	orders orders
	ranks  []rankPlace

	words []uint32 // of tests
	keys  []key
	parts []part // tests that must all be true
	rules []ruleParts

	patterns   []*Pattern
	patternIDs map[string]uint32
	calcs      []calc
	calcIDs    map[*Calc]uint32
	loops      []slotID // around the part of a calculation that is being made
	needs      map[slotID]map[Kinds][]uint32
	rule       uint32 // that is being added
	loose      []uint32
	readFirst  bool

	code   []uint32
	hops   []hop
	splits uint32
}

// part is one of the tests of a rule.
type part struct {
	from, to       uint32 // words
	keyFrom, keyTo uint32 // keys
	known, exact   bool
}

// ruleParts is a rule as a row of parts.
type ruleParts struct {
	id       uint32
	from, to uint32
}

func newBuilder(s *slots) *builder {
	return &builder{
		slots: s, consts: newConsts(), orders: orders{},
		patternIDs: map[string]uint32{}, calcIDs: map[*Calc]uint32{}, needs: map[slotID]map[Kinds][]uint32{},
	}
}

// add takes a rule.
func (b *builder) add(r *Rule) {
	b.rule = r.ID
	from := len(b.parts)
	if r.On != nil {
		b.addParts([]*Expr{r.On})
	}
	on := len(b.parts)
	if when := r.When; when != nil {
		if len(b.slots.all) > maxSlots { // sixteen million fields: the rest is left to the caller
			when = &Expr{Op: Unknown}
		}
		b.addParts(joinRanges(conjuncts(when, nil)))
		if !slices.ContainsFunc(b.parts[on:], b.selects) {
			b.loose = append(b.loose, r.ID)
		}
	}
	b.rules = append(b.rules, ruleParts{r.ID, uint32(from), uint32(len(b.parts))})
}

// selects reports whether a part has keys that say more than that a field is
// there for the part to be evaluated at all.
func (b *builder) selects(p part) bool {
	says := false
	for _, k := range b.keys[p.keyFrom:p.keyTo] {
		if k.op == opPresent && !p.exact {
			return false
		}
		says = says || k.op != opAbsent
	}
	return p.known && says
}

// conjuncts are the tests that must all be true.
func conjuncts(e *Expr, into []*Expr) []*Expr {
	if e.Op != And {
		return append(into, e)
	}
	for _, k := range e.Kids {
		into = conjuncts(k, into)
	}
	return into
}

// joinRanges makes one of two ranges of the same field. They are absent and
// fail alike, so one in the place of the first says the same.
func joinRanges(all []*Expr) []*Expr {
	for i := 0; i < len(all); i++ {
		e := all[i]
		if e.Op != Between {
			continue
		}
		for j := len(all) - 1; j > i; j-- {
			if o := all[j]; o.Op == Between && (o.Field == e.Field || o.Field.key() == e.Field.key()) {
				all[i] = joined(all[i], o)
				all = slices.Delete(all, j, j+1)
			}
		}
	}
	return all
}

func joined(a, o *Expr) *Expr {
	e := *a
	e.Values = slices.Clone(a.Values)
	if o.Flags&HasLow != 0 {
		c := o.Values[0].Num.compare(a.Values[0].Num)
		if a.Flags&HasLow == 0 || c > 0 || c == 0 && o.Flags&OpenLow != 0 {
			e.Values[0] = o.Values[0]
			e.Flags = e.Flags&^(HasLow|OpenLow) | o.Flags&(HasLow|OpenLow)
		}
	}
	if o.Flags&HasHigh != 0 {
		c := o.Values[1].Num.compare(a.Values[1].Num)
		if a.Flags&HasHigh == 0 || c < 0 || c == 0 && o.Flags&OpenHigh != 0 {
			e.Values[1] = o.Values[1]
			e.Flags = e.Flags&^(HasHigh|OpenHigh) | o.Flags&(HasHigh|OpenHigh)
		}
	}
	return &e
}

// addParts adds the tests of a rule in their order.
func (b *builder) addParts(all []*Expr) {
	asked, data := false, false
	for _, e := range all {
		p := part{from: uint32(len(b.words)), keyFrom: uint32(len(b.keys))}
		place := vid(len(b.words) + 1)
		b.encode(e)
		set := b.trueKeys(e)
		if e.Op == Between { // one that stands for itself has its ranks in a known place
			set = oneKey(true, key{op: opRange, slot: b.slots.of(e.Field), v: place})
		}
		if asked {
			set = b.orAbsent(set)
		}
		p.known, p.exact = set.known, set.exact
		data = data || len(e.Kids) > 0 && mentionsData(e)
		if data && set.known && slices.ContainsFunc(set.keys, b.absentOutsideData) {
			b.readFirst = true
		}
		b.keys = append(b.keys, set.keys...)
		p.to, p.keyTo = uint32(len(b.words)), uint32(len(b.keys))
		b.parts = append(b.parts, p)
		asked = asked || asks(e)
		data = data || mentionsData(e)
	}
}

// orAbsent adds to the keys of a test that comes after something that has to be
// asked for: if the test is absent, that decides, and may fail.
func (b *builder) orAbsent(set keySet) keySet {
	for _, k := range set.keys {
		if k.op == opSome {
			return keySet{} // absent in many ways
		}
		if !b.slots.required(k.slot) {
			set.keys, set.exact = append(set.keys, key{op: opAbsent, slot: k.slot}), false
		}
	}
	return set
}

// absentOutsideData reports whether a key is of something that may be absent
// without the data's being read for it.
func (b *builder) absentOutsideData(k key) bool {
	return b.slots.all[k.slot].root != Data && !b.slots.required(k.slot)
}

func asks(e *Expr) bool {
	return e.Op == Unknown || e.Op == Compute || slices.ContainsFunc(e.Kids, asks)
}

func mentionsData(e *Expr) bool {
	return e.Op == Unknown || e.Op == Compute || e.Field != nil && e.Field.Root == Data || slices.ContainsFunc(e.Kids, mentionsData)
}

// expect notes that a test of the rule fails on values of other kinds.
func (b *builder) expect(slot slotID, good Kinds) {
	if b.slots.all[slot].root == Attribute {
		return // is what it always is
	}
	lists := b.needs[slot]
	if lists == nil {
		lists = map[Kinds][]uint32{}
		b.needs[slot] = lists
	}
	if ids := lists[good]; len(ids) == 0 || ids[len(ids)-1] != b.rule {
		lists[good] = append(ids, b.rule)
	}
}

func (b *builder) patternOf(p *Pattern) uint32 {
	if id, ok := b.patternIDs[p.Key]; ok {
		return id
	}
	id := uint32(len(b.patterns))
	b.patterns = append(b.patterns, p)
	b.patternIDs[p.Key] = id
	return id
}

func (b *builder) calcOf(c *Calc) uint32 {
	if id, ok := b.calcIDs[c]; ok {
		return id
	}
	id := uint32(len(b.calcs))
	b.calcs = append(b.calcs, b.makeCalc(c))
	b.calcIDs[c] = id
	return id
}

// finish makes the segment.
func (b *builder) finish() *segment {
	b.writeRanks()
	b.code = append(b.code, opEnd<<opShift)
	all := make([]open, len(b.rules))
	for i := range all {
		all[i].rule = uint32(i)
	}
	s := &segment{root: b.block(all)}
	b.slots.fields = map[*Field]slotID{} // not to keep what conditions were made of
	b.consts.pack()
	s.code, s.hops, s.consts, s.orders = slices.Clone(b.code), newHops(b.hops), b.consts, b.orders
	for _, r := range b.rules {
		s.ids = append(s.ids, r.id)
	}
	s.ids = slices.Clone(s.ids)
	s.calcs = b.calcs
	s.patterns, s.loose, s.readFirst = b.patterns, b.loose, b.readFirst
	s.needs = make(map[slotID][]need, len(b.needs))
	for slot, lists := range b.needs {
		for good, ids := range lists {
			s.needs[slot] = append(s.needs[slot], need{good, slices.Clone(ids)})
		}
	}
	return s
}
