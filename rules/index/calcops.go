package index

import (
	"math"
	"strings"
	"unicode/utf8"
)

// add is + of numbers or texts.
func add(m *computing, l, r cval) cval {
	if l.kind == cText && r.kind == cText {
		if !m.read(len(l.text) + len(r.text)) {
			return cval{}
		}
		return ctext(l.text + r.text)
	}
	if l.kind == cWhole && r.kind == cWhole {
		sum := l.whole() + r.whole()
		if (sum > l.whole()) != (r.whole() > 0) {
			return cval{}
		}
		return cwhole(sum)
	}
	return floats(l, r, func(a, b float64) float64 { return a + b })
}

func subtract(_ *computing, l, r cval) cval {
	if l.kind == cWhole && r.kind == cWhole {
		difference := l.whole() - r.whole()
		if (difference < l.whole()) != (r.whole() > 0) {
			return cval{}
		}
		return cwhole(difference)
	}
	return floats(l, r, func(a, b float64) float64 { return a - b })
}

func multiply(_ *computing, l, r cval) cval {
	if l.kind == cWhole && r.kind == cWhole {
		const root = 1 << 31
		if l.whole() <= -root || l.whole() >= root || r.whole() <= -root || r.whole() >= root {
			return cval{}
		}
		return cwhole(l.whole() * r.whole())
	}
	return floats(l, r, func(a, b float64) float64 { return a * b })
}

func divide(_ *computing, l, r cval) cval {
	if l.kind == cWhole && r.kind == cWhole {
		if r.whole() == 0 || r.whole() == -1 {
			return cval{}
		}
		return cwhole(l.whole() / r.whole())
	}
	return floats(l, r, func(a, b float64) float64 { return a / b })
}

func modulo(_ *computing, l, r cval) cval {
	if l.kind == cWhole && r.kind == cWhole && r.whole() != 0 && r.whole() != -1 {
		return cwhole(l.whole() % r.whole())
	}
	return cval{}
}

// floats combines numbers of which one is no whole number.
func floats(l, r cval, combine func(a, b float64) float64) cval {
	a, aOK := l.double()
	b, bOK := r.double()
	if !aOK || !bOK {
		return cval{}
	}
	return cfloat(combine(a, b))
}

func (v cval) double() (float64, bool) {
	switch v.kind {
	case cWhole:
		return float64(v.whole()), true
	case cFloat:
		return v.float(), true
	}
	return 0, false
}

func negate(v cval) cval {
	switch v.kind {
	case cWhole:
		if v.whole() != math.MinInt64 {
			return cwhole(-v.whole())
		}
	case cFloat:
		return cfloat(-v.float())
	case cAbsent:
		return v
	}
	return cval{}
}

func (m *computing) size(v cval) cval {
	switch v.kind {
	case cText:
		return cwhole(int64(utf8.RuneCountInString(v.text)))
	case cList:
		if s := &m.f.slots[v.list]; s.elem != noSlot && !s.many {
			return cwhole(int64(len(m.f.each(s.elem))))
		}
	case cAbsent:
		return v
	}
	return cval{}
}

// compared is < <= > >= of two numbers or two texts.
func compared(op CalcOp) func(*computing, cval, cval) cval {
	return func(_ *computing, l, r cval) cval {
		var order int
		a, aOK := l.value()
		b, bOK := r.value()
		switch {
		case aOK && bOK:
			order = a.compare(b)
		case l.kind == cText && r.kind == cText:
			order = strings.Compare(l.text, r.text)
		default:
			return cval{}
		}
		switch op {
		case CalcLess:
			return cbool(order < 0)
		case CalcLessEqual:
			return cbool(order <= 0)
		case CalcGreater:
			return cbool(order > 0)
		}
		return cbool(order >= 0)
	}
}

// same is == of two values that are no lists or objects.
func same(l, r cval) (equal, known bool) {
	if l.kind >= cList || r.kind >= cList {
		return false, false
	}
	a, aOK := l.value()
	b, bOK := r.value()
	switch {
	case aOK && bOK:
		return a == b, true
	case l.kind == cFloat || r.kind == cFloat: // one is no number at all, or is NaN
		return false, aOK || bOK
	case l.kind != r.kind:
		return false, true
	case l.kind == cText:
		return l.text == r.text, true
	case l.kind == cBool:
		return l.yes == r.yes, true
	}
	return true, true
}

func equal(_ *computing, l, r cval) cval {
	yes, known := same(l, r)
	if !known {
		return cval{}
	}
	return cbool(yes)
}

func notEqual(_ *computing, l, r cval) cval {
	yes, known := same(l, r)
	if !known {
		return cval{}
	}
	return cbool(!yes)
}

// texts is a question about two texts.
func texts(question func(s, what string) bool) func(*computing, cval, cval) cval {
	return func(_ *computing, l, r cval) cval {
		if l.kind != cText || r.kind != cText {
			return cval{}
		}
		return cbool(question(l.text, r.text))
	}
}
