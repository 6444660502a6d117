package index

// encode appends the words of a test. Ranks of numbers are only known when all
// constants are, so their places are noted.
func (b *builder) encode(e *Expr) {
	switch e.Op {
	case And, Or:
		op := uint32(tAnd)
		if e.Op == Or {
			op = tOr
		}
		b.words = append(b.words, op<<testShift, 0)
		from := len(b.words)
		for _, k := range e.Kids {
			b.encode(k)
		}
		b.words[from-1] = uint32(len(b.words) - from)
	case Not:
		b.words = append(b.words, tNot<<testShift)
		b.encode(e.Kids[0])
	case Constant:
		b.words = append(b.words, tConstant<<testShift|uint32(truthOf(e.Flags&NotTrue == 0)))
	case Unknown, Compute:
		slot := noSlot
		if e.Field != nil {
			slot = b.slots.of(e.Field)
		}
		if e.Op == Unknown {
			b.words = append(b.words, tUnknown<<testShift|slot)
			return
		}
		b.words = append(b.words, tCompute<<testShift|slot, b.calcOf(e.Calc))
		b.values(e.Values)
	case SomeEqual:
		list := b.slots.of(e.Field)
		b.words = append(b.words, tSome<<testShift|list, b.slots.some(list, e.Inner))
		b.values(e.Values)
		b.expect(list, kinds(List))
	default:
		b.encodeOne(e, b.slots.of(e.Field))
	}
}

// encodeOne appends a test of one value.
func (b *builder) encodeOne(e *Expr, slot slotID) {
	switch e.Op {
	case Equal:
		if len(e.Values) == 1 {
			b.words = append(b.words, tEqual<<testShift|slot, b.consts.add(&e.Values[0]))
			return
		}
		b.words = append(b.words, tOneOf<<testShift|slot)
		b.values(e.Values)
	case Between:
		b.between(e, slot)
	case Exists:
		b.words = append(b.words, tExists<<testShift|slot)
	case IsTrue:
		b.words = append(b.words, tIsTrue<<testShift|slot)
		b.expect(slot, kinds(Bool))
	case Fits:
		b.words = append(b.words, tFits<<testShift|slot, b.patternOf(e.Pattern))
		b.expect(slot, kinds(String))
	default:
		b.textTest(e, slot)
	}
}

func (b *builder) textTest(e *Expr, slot slotID) {
	text := b.consts.addText(e.Values[0].Str)
	switch e.Op {
	case HasPrefix:
		b.words = append(b.words, tPrefix<<testShift|slot, text)
	case HasSuffix:
		b.words = append(b.words, tSuffix<<testShift|slot, text)
	case Contains:
		b.words = append(b.words, tContains<<testShift|slot, text)
	case TextOrder:
		b.words = append(b.words, tOrder<<testShift|slot, uint32(e.Flags), text)
	}
	b.expect(slot, kinds(String))
}

func (b *builder) values(all []Value) {
	b.words = append(b.words, uint32(len(all)))
	for i := range all {
		b.words = append(b.words, b.consts.add(&all[i]))
	}
}

func (b *builder) between(e *Expr, slot slotID) {
	b.ranks = append(b.ranks, rankPlace{at: len(b.words) + 1, slot: slot, flags: e.Flags, low: e.Values[0].Num, high: e.Values[1].Num})
	b.words = append(b.words, tBetween<<testShift|slot, 0, 0)
	if e.Flags&HasLow != 0 {
		b.orders.add(slot, e.Values[0].Num)
	}
	if e.Flags&HasHigh != 0 {
		b.orders.add(slot, e.Values[1].Num)
	}
	kind := Number
	if e.Values[0].Kind == Time || e.Values[1].Kind == Time {
		kind = Time
	}
	b.expect(slot, kinds(kind))
}

// rankPlace is where the ranks of a tBetween have to be written.
type rankPlace struct {
	at        int
	slot      slotID
	flags     Flags
	low, high Num
}

// maxRank is no bound.
const maxRank = 1<<32 - 1

func (b *builder) writeRanks() {
	b.orders.sort()
	for _, p := range b.ranks {
		low, high := uint32(0), uint32(maxRank)
		if p.flags&HasLow != 0 {
			low = rankOf(b.orders[p.slot], p.low)
			if p.flags&OpenLow != 0 {
				low++
			}
		}
		if p.flags&HasHigh != 0 {
			high = rankOf(b.orders[p.slot], p.high)
			if p.flags&OpenHigh != 0 {
				high--
			}
		}
		b.words[p.at], b.words[p.at+1] = low, high
	}
	b.ranks = nil
}
