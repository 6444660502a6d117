package index

// itemCalc is an element of a list, by its place, or what is below it.
func (b *builder) itemCalc(c *Calc) calc {
	list := b.slots.of(c.Field)
	inner := b.slots.some(list, c.Inner)
	return func(m *computing) cval {
		all, not, ok := m.elements(list)
		if !ok {
			return not
		}
		if c.At < 0 || c.At >= len(all) {
			return cval{kind: cAbsent}
		}
		return m.below(inner, all[c.At].elem)
	}
}

// elements are those of a list; where the field is none, not is what it is to a
// calculation.
func (m *computing) elements(list slotID) (all []val, not cval, ok bool) {
	switch m.f.get(list).kind {
	case List:
		return m.f.each(m.f.slots[list].elem), cval{}, true
	case Absent:
		return nil, m.missing(list), false
	}
	return nil, cval{}, false
}

func (b *builder) elementCalc(c *Calc) calc {
	list := b.loops[c.Depth]
	inner := b.slots.some(list, c.Inner)
	return func(m *computing) cval { return m.below(inner, m.vars[c.Depth]) }
}

// below is the value of a slot in an element.
func (m *computing) below(at slotID, elem uint32) cval {
	if v := m.inElement(at, elem); v != nil {
		return m.of(v, at)
	}
	for at = m.f.slots[at].parent; m.f.slots[at].many; at = m.f.slots[at].parent {
		if v := m.inElement(at, elem); v != nil && v.kind == List {
			return cval{}
		}
	}
	return cval{kind: cAbsent}
}

func (m *computing) inElement(at slotID, elem uint32) *val {
	all := m.f.each(at)
	// Elements are counted upwards, and most have a value.
	low, high := 0, len(all)
	for low < high {
		mid := (low + high) / 2
		switch e := all[mid].elem; {
		case e == elem:
			return &all[mid]
		case e < elem:
			low = mid + 1
		default:
			high = mid
		}
	}
	return nil
}

func (b *builder) hasElementCalc(c *Calc) calc {
	at := b.slots.some(b.loops[c.Depth], c.Inner)
	parent := b.slots.all[at].parent
	return func(m *computing) cval {
		if m.inElement(at, m.vars[c.Depth]) != nil {
			return cbool(true)
		}
		switch p := m.below(parent, m.vars[c.Depth]); p.kind {
		case cAbsent, cGiveUp:
			return cval{kind: p.kind}
		case cList:
			return cval{}
		}
		return cbool(false)
	}
}

// loop asks something of each element of a list.
func (b *builder) loop(c *Calc) calc {
	list := b.slots.of(c.Field)
	b.slots.some(list, nil)
	depth := len(b.loops)
	b.loops = append(b.loops, list)
	ask := b.makeCalc(c.Kids[0])
	b.loops = b.loops[:depth]
	return func(m *computing) cval {
		all, not, ok := m.elements(list)
		if !ok {
			return not
		}
		yes, no, absent := 0, 0, 0
		for _, e := range all {
			if !m.step() {
				return cval{}
			}
			m.vars[depth] = e.elem
			switch v := ask(m); {
			case v.kind == cAbsent:
				absent++
			case v.kind != cBool:
				return cval{}
			case v.yes:
				yes++
			default:
				no++
			}
		}
		return counted(c.Op, yes, no, absent)
	}
}

// counted is what a loop says, by what its elements said.
func counted(op CalcOp, yes, no, absent int) cval {
	switch {
	case op == CalcExists && yes > 0:
		return cbool(true)
	case op == CalcAll && no > 0:
		return cbool(false)
	case absent > 0:
		return cval{kind: cAbsent}
	case op == CalcExists:
		return cbool(false)
	case op == CalcAll:
		return cbool(true)
	case op == CalcOne:
		return cbool(yes == 1)
	}
	return cwhole(int64(yes))
}
