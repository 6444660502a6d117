package index

import "strings"

// makeCalc turns a calculation into what computes it.
func (b *builder) makeCalc(c *Calc) calc {
	switch c.Op {
	case CalcConst:
		return constCalc(c)
	case CalcField:
		return b.fieldCalc(b.slots.of(c.Field))
	case CalcItem:
		return b.itemCalc(c)
	case CalcElement:
		return b.elementCalc(c)
	case CalcHas:
		return hasCalc(b.slots.of(c.Field))
	case CalcHasElement:
		return b.hasElementCalc(c)
	case CalcNegate, CalcSize, CalcNot, CalcFits:
		return b.unary(c)
	case CalcIn:
		return b.among(c)
	case CalcAnd, CalcOr:
		return b.logic(c)
	case CalcChoose:
		return b.chosen(c)
	case CalcExists, CalcAll, CalcOne, CalcCount:
		return b.loop(c)
	}
	return b.binary(c)
}

func constCalc(c *Calc) calc {
	if c.Hole > 0 {
		return func(m *computing) cval { return m.constant(c) }
	}
	var v cval
	switch c.Value.Kind {
	case Null:
		v.kind = cNull
	case Bool:
		v = cbool(c.Value.Bool)
	case String:
		v = ctext(c.Value.Str)
	case Number:
		if v = cfloat(c.Value.Num.Main); c.Whole {
			v = wholeOf(c.Value.Num)
		}
	}
	return func(*computing) cval { return v }
}

// constant is one that belongs to the test and not to the calculation.
func (m *computing) constant(c *Calc) cval {
	v := m.consts[c.Hole-1]
	k := m.f.seg.consts
	switch {
	case v == nullVid:
		return cval{kind: cNull}
	case v < firstVid:
		return cbool(v == trueVid)
	case c.Value.Kind == String:
		return ctext(k.text(v))
	case c.Whole:
		return wholeOf(k.number(v))
	}
	return cfloat(k.number(v).Main)
}

func (b *builder) fieldCalc(at slotID) calc {
	return func(m *computing) cval {
		v := m.f.get(at)
		if v.kind != Absent {
			return m.of(v, at)
		}
		return m.missing(at)
	}
}

// missing is what a field without a value is to a calculation.
func (m *computing) missing(at slotID) cval {
	if m.f.missing(at) == isAbsent {
		return cval{kind: cAbsent}
	}
	return cval{}
}

func hasCalc(at slotID) calc {
	return func(m *computing) cval {
		switch t := m.f.exists(at); t {
		case isTrue, isFalse:
			return cbool(t == isTrue)
		case isAbsent:
			return cval{kind: cAbsent}
		}
		return cval{}
	}
}

func (b *builder) unary(c *Calc) calc {
	of := b.makeCalc(c.Kids[0])
	switch c.Op {
	case CalcNegate:
		return func(m *computing) cval { return negate(of(m)) }
	case CalcSize:
		if f := c.Kids[0]; f.Op == CalcField && f.Field.Root == Data {
			b.slots.some(b.slots.of(f.Field), nil)
		}
		return func(m *computing) cval { return m.size(of(m)) }
	case CalcFits:
		return func(m *computing) cval {
			switch v := of(m); v.kind {
			case cText:
				if !m.read(10 * len(v.text)) {
					return cval{}
				}
				yes, ok := c.Pattern.Fits(v.text)
				if !ok {
					return cval{}
				}
				return cbool(yes)
			case cAbsent:
				return v
			}
			return cval{}
		}
	}
	return func(m *computing) cval {
		switch v := of(m); v.kind {
		case cBool:
			return cbool(!v.yes)
		case cAbsent:
			return v
		}
		return cval{}
	}
}

var binaries = map[CalcOp]func(*computing, cval, cval) cval{
	CalcAdd: add, CalcSubtract: subtract, CalcMultiply: multiply, CalcDivide: divide, CalcModulo: modulo,
	CalcLess: compared(CalcLess), CalcLessEqual: compared(CalcLessEqual),
	CalcGreater: compared(CalcGreater), CalcGreaterEqual: compared(CalcGreaterEqual),
	CalcEqual: equal, CalcNotEqual: notEqual,
	CalcHasPrefix: texts(strings.HasPrefix), CalcHasSuffix: texts(strings.HasSuffix), CalcContains: texts(strings.Contains),
}

func (b *builder) binary(c *Calc) calc {
	l, r, do := b.makeCalc(c.Kids[0]), b.makeCalc(c.Kids[1]), binaries[c.Op]
	return func(m *computing) cval {
		if !m.step() {
			return cval{}
		}
		a := l(m)
		z := r(m)
		if v, is := poor(a, z); is {
			return v
		}
		return do(m, a, z)
	}
}

func (b *builder) among(c *Calc) calc {
	of := b.makeCalc(c.Kids[0])
	var all []calc
	for _, k := range c.Kids[1:] {
		all = append(all, b.makeCalc(k))
	}
	return func(m *computing) cval {
		v := of(m)
		if v.kind <= cAbsent {
			return cval{kind: v.kind}
		}
		for _, one := range all {
			if yes, known := same(v, one(m)); !known {
				return cval{}
			} else if yes {
				return cbool(true)
			}
		}
		return cbool(false)
	}
}

// logic is && and ||: one that decides does so whatever the other is.
func (b *builder) logic(c *Calc) calc {
	l, r, decides := b.makeCalc(c.Kids[0]), b.makeCalc(c.Kids[1]), c.Op == CalcOr
	return func(m *computing) cval {
		a := l(m)
		if a.kind == cBool && a.yes == decides {
			return a
		}
		z := r(m)
		switch {
		case z.kind == cBool && z.yes == decides:
			return z
		case a.kind == cBool && z.kind == cBool:
			return z
		case (a.kind == cBool || a.kind == cAbsent) && (z.kind == cBool || z.kind == cAbsent):
			return cval{kind: cAbsent}
		}
		return cval{}
	}
}

func (b *builder) chosen(c *Calc) calc {
	which, l, r := b.makeCalc(c.Kids[0]), b.makeCalc(c.Kids[1]), b.makeCalc(c.Kids[2])
	return func(m *computing) cval {
		switch v := which(m); {
		case v.kind == cBool && v.yes:
			return l(m)
		case v.kind == cBool:
			return r(m)
		case v.kind == cAbsent:
			return v
		}
		return cval{}
	}
}
