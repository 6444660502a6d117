package index

// A key of a test is something that can be looked up and that is true whenever
// the test is.

// key is one such thing, as an item of a block would look it up.
type key struct {
	op   uint32 // of the item: opEqual, opSome, opPrefix, …
	slot slotID
	v    vid    // a constant; of opRange the place of the test's ranks in the builder's words
	size uint32 // length of a prefix or suffix
}

// keySet is the keys of which one is true if a test is. Without known there
// are none: the test can be true whatever is looked up. Exact means that the
// test is also true whenever one of them is.
type keySet struct {
	keys  []key
	known bool
	exact bool
}

func oneKey(exact bool, k key) keySet { return keySet{[]key{k}, true, exact} }

// trueKeys are the keys of a test's truth.
func (b *builder) trueKeys(e *Expr) keySet {
	switch e.Op {
	case And:
		return b.bestKeys(e.Kids, b.trueKeys)
	case Or:
		return b.allKeys(e.Kids, b.trueKeys)
	case Not:
		return b.falseKeys(e.Kids[0])
	case Constant:
		return keySet{nil, e.Flags&NotTrue != 0, true}
	case SomeEqual:
		list := b.slots.of(e.Field)
		return b.equalKeys(opSome, b.slots.some(list, e.Inner), e.Values)
	case Unknown, Compute:
		if e.Field == nil {
			return keySet{}
		}
		return b.present(e.Field, false)
	}
	slot := b.slots.of(e.Field)
	switch e.Op {
	case Equal:
		return b.equalKeys(opEqual, slot, e.Values)
	case IsTrue:
		return oneKey(true, key{op: opEqual, slot: slot, v: trueVid})
	case HasPrefix, HasSuffix:
		if text := e.Values[0].Str; text != "" {
			op := uint32(opPrefix)
			if e.Op == HasSuffix {
				op = opSuffix
			}
			return oneKey(true, key{op, slot, b.consts.addText(text), uint32(len(text))})
		}
	case Fits:
		if text := e.Pattern.Prefix; text != "" {
			return oneKey(false, key{opPrefix, slot, b.consts.addText(text), uint32(len(text))})
		}
	case Exists:
		return b.present(e.Field, true)
	}
	return b.present(e.Field, false)
}

// falseKeys are the keys of a test's being false: something has to be there
// for that, and to be something else.
func (b *builder) falseKeys(e *Expr) keySet {
	switch e.Op {
	case And:
		return b.allKeys(e.Kids, b.falseKeys)
	case Or:
		return b.bestKeys(e.Kids, b.falseKeys)
	case Not:
		return b.trueKeys(e.Kids[0])
	case Constant:
		return keySet{nil, e.Flags&NotTrue == 0, true}
	case IsTrue:
		return oneKey(true, key{op: opEqual, slot: b.slots.of(e.Field), v: falseVid})
	case Exists:
		if e.Field.Root != Data || len(e.Field.Path) == 0 {
			return keySet{}
		}
		parent := *e.Field
		parent.Path = parent.Path[:len(parent.Path)-1]
		return b.present(&parent, false)
	case Unknown, Compute:
		if e.Field == nil {
			return keySet{}
		}
	}
	return b.present(e.Field, false)
}

// present is the key of a field's being there.
func (b *builder) present(f *Field, exact bool) keySet {
	if f.required() {
		return keySet{}
	}
	return oneKey(exact, key{op: opPresent, slot: b.slots.of(f)})
}

func (b *builder) equalKeys(op uint32, slot slotID, values []Value) keySet {
	if len(values) == 0 {
		return keySet{} // never true, but it may fail
	}
	set := keySet{known: true, exact: true}
	for i := range values {
		set.keys = append(set.keys, key{op: op, slot: slot, v: b.consts.add(&values[i])})
	}
	return set
}

// allKeys are those of every part: what is made of them holds if one of them
// does.
func (b *builder) allKeys(parts []*Expr, of func(*Expr) keySet) keySet {
	all := keySet{known: true, exact: true}
	for _, e := range parts {
		one := of(e)
		if !one.known {
			return keySet{}
		}
		all.keys = append(all.keys, one.keys...)
		all.exact = all.exact && one.exact
	}
	return all
}

// bestKeys are those of the part that seems to select best: what is made of
// them holds only if all of them do.
func (b *builder) bestKeys(parts []*Expr, of func(*Expr) keySet) keySet {
	var best keySet
	asked := false
	for _, e := range parts {
		one := of(e)
		if asked {
			one = b.orAbsent(one)
		}
		if one.known && (!best.known || one.weight() < best.weight()) {
			best = one
		}
		asked = asked || asks(e)
	}
	best.exact = best.exact && len(parts) == 1
	return best
}

// weight is small for keys that are rarely true, as far as one can say without
// knowing the others.
func (s keySet) weight() int {
	w := 0
	for _, k := range s.keys {
		switch k.op {
		case opEqual, opSome, opPrefix, opSuffix:
			w += 2
		case opRange:
			w += 20
		default:
			w += 50
		}
	}
	return w
}
