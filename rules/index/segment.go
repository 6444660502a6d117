package index

// segment is the compiled form of some rules. It does not change.
type segment struct {
	root     uint32 // block to begin with
	code     []uint32
	hops     hops
	consts   *consts
	orders   orders
	patterns []*Pattern
	calcs    []calc

	ids       []uint32 // of all rules, where some test is on data
	needs     map[slotID][]need
	loose     []uint32 // rules that nothing but their type selects
	readFirst bool     // what fails in the data must be known in any case
}

// need is the rules with a test that fails on a slot unless its value is of
// one of some kinds.
type need struct {
	good Kinds
	ids  []uint32
}

// bytes is the size of a segment in memory.
func (s *segment) bytes() int64 {
	n := 4*(cap(s.code)+cap(s.hops)+cap(s.loose)) + s.consts.bytes() + 8*cap(s.patterns)
	for _, all := range s.orders {
		n += 16 * cap(all)
	}
	for _, lists := range s.needs {
		for _, l := range lists {
			n += 4*cap(l.ids) + 32
		}
	}
	return int64(n)
}

func (c *consts) bytes() int {
	return 4*(cap(c.texts.pairs)+cap(c.nums.pairs)) + cap(c.blob) + 16*cap(c.num)
}
