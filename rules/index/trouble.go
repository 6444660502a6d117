package index

// Conditions that fail on an event are not found by their keys. They have a
// test that does not get what it needs, so they are found by what the event has
// instead, and evaluated from their trees.

// trouble adds the rules that fail because of values of unexpected kinds.
func (f *Finder) trouble() {
	suspects := map[uint32]bool{}
	for _, at := range f.odd {
		if len(f.slots[at].kids) > 0 && f.holds(at, kinds(List)) {
			f.index.everyRule(suspects)
			break
		}
		for _, s := range []*segment{f.index.base, f.index.added} {
			if s == nil {
				continue
			}
			for _, need := range s.needs[at] {
				if !f.holds(at, need.good.others()) {
					continue
				}
				for _, id := range need.ids {
					suspects[id] = true
				}
			}
		}
	}
	for id := range suspects {
		f.suspect(id)
	}
	f.again = true
}

// holds reports whether a value of the slot is of one of the kinds.
func (f *Finder) holds(at slotID, any Kinds) bool {
	if !f.slots[at].many {
		return any.has(f.get(at).kind)
	}
	for _, v := range f.each(at) {
		if any.has(v.kind) {
			return true
		}
	}
	return false
}

// suspect evaluates a rule.
func (f *Finder) suspect(id uint32) {
	if f.index.isGone(id) {
		return
	}
	r := f.index.tree(id, f.ev.Type)
	if r == nil || r.When == nil {
		return
	}
	f.Looked++
	switch f.eval(f.index.slots, r.When) {
	case isTrue:
		f.hits = append(f.hits, Hit{ID: id})
	case isFailed:
		f.hits = append(f.hits, Hit{ID: id, Failed: true})
	case isAsk:
		f.hits = append(f.hits, Hit{ID: id, Ask: true})
	}
}

// everyRule adds all rules.
func (x *Index) everyRule(into map[uint32]bool) {
	for _, id := range x.base.ids {
		into[id] = true
	}
	for _, r := range x.addedAll {
		into[r.ID] = true
	}
}
