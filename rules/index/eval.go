package index

import "strings"

// truth is what a test says of an event.
type truth uint8

const (
	isFalse truth = iota
	isTrue
	isAbsent // something that it asks for is not there
	isFailed // a real error
	isAsk    // only the caller can tell
)

func truthOf(yes bool) truth {
	if yes {
		return isTrue
	}
	return isFalse
}

// and adds a test to what the tests before it said together: one that is false
// decides, then one that has to be asked for, then the first that is not true.
func (t truth) and(next truth) truth {
	switch {
	case t == isFalse || next == isFalse:
		return isFalse
	case t == isTrue, t != isAsk && next == isAsk:
		return next
	}
	return t
}

// or is the counterpart of and.
func (t truth) or(next truth) truth {
	switch {
	case t == isTrue || next == isTrue:
		return isTrue
	case t == isFalse, t != isAsk && next == isAsk:
		return next
	}
	return t
}

func (t truth) not() truth {
	switch t {
	case isTrue:
		return isFalse
	case isFalse:
		return isTrue
	}
	return t
}

// eval evaluates a condition from its tree. It is what the compiled form does,
// without its constants and orders: for the rare events on which conditions
// fail, and for conditions that are not in an index.
func (r *reading) eval(x *slots, e *Expr) truth {
	switch e.Op {
	case And:
		t := isTrue
		for _, k := range e.Kids {
			if t = t.and(r.eval(x, k)); t == isFalse {
				break
			}
		}
		return t
	case Or:
		t := isFalse
		for _, k := range e.Kids {
			if t = t.or(r.eval(x, k)); t == isTrue {
				break
			}
		}
		return t
	case Not:
		return r.eval(x, e.Kids[0]).not()
	case Constant:
		return truthOf(e.Flags&NotTrue == 0)
	case Unknown, Compute:
		if e.Field == nil {
			return isAsk
		}
		if at := x.lookup(e.Field); r.get(at).kind == Absent {
			return r.missing(at)
		}
		return isAsk
	case Exists:
		return r.exists(x.lookup(e.Field))
	case SomeEqual:
		list := x.lookup(e.Field)
		inner := x.walk(x.all[list].elem, e.Inner)
		return r.some(list, inner, func(v *val) bool { return v.isOneOf(e.Values) })
	}
	at := x.lookup(e.Field)
	return r.test(at, e, r.get(at))
}

// test is a test of one value.
func (r *reading) test(at slotID, e *Expr, v *val) truth {
	if v.kind == Absent {
		return r.missing(at)
	}
	switch e.Op {
	case Equal:
		return truthOf(v.isOneOf(e.Values))
	case IsTrue:
		if v.kind == Bool {
			return truthOf(v.yes)
		}
		return isFailed
	case Between:
		if !v.ordered() {
			return isFailed
		}
		return truthOf(e.within(v.number()))
	}
	if v.kind != String {
		return isFailed
	}
	switch e.Op {
	case HasPrefix:
		return truthOf(strings.HasPrefix(v.str, e.Values[0].Str))
	case HasSuffix:
		return truthOf(strings.HasSuffix(v.str, e.Values[0].Str))
	case Contains:
		return truthOf(strings.Contains(v.str, e.Values[0].Str))
	case Fits:
		return e.Pattern.says(v.str)
	case TextOrder:
		return truthOf(inOrder(v.str, e.Values[0].Str, e.Flags))
	}
	return isAsk
}

func (v *val) ordered() bool { return v.kind == Number || v.kind == Time }

func (v *val) isOneOf(all []Value) bool {
	for i := range all {
		if v.is(&all[i]) {
			return true
		}
	}
	return false
}

func (e *Expr) within(n Num) bool {
	if e.Flags&HasLow != 0 {
		if c := n.compare(e.Values[0].Num); c < 0 || c == 0 && e.Flags&OpenLow != 0 {
			return false
		}
	}
	if e.Flags&HasHigh != 0 {
		if c := n.compare(e.Values[1].Num); c > 0 || c == 0 && e.Flags&OpenHigh != 0 {
			return false
		}
	}
	return true
}

func inOrder(s, than string, f Flags) bool {
	switch c := strings.Compare(s, than); {
	case c < 0:
		return f&HasHigh != 0
	case c > 0:
		return f&HasLow != 0
	}
	return f&(OpenLow|OpenHigh) == 0
}

// missing says what a test of a field without a value is: absent, or failed
// where a list stands on the way to it (CEL: a list has no names).
func (r *reading) missing(at slotID) truth {
	for parent := r.slots[at].parent; parent != noSlot; parent = r.slots[parent].parent {
		switch r.get(parent).kind {
		case Absent:
		case List:
			return isFailed
		default:
			return isAbsent
		}
	}
	return isAbsent
}

// exists is has(): false where the field is not there but could be.
func (r *reading) exists(at slotID) truth {
	parent := r.slots[at].parent
	if r.get(at).kind != Absent {
		return isTrue
	}
	if parent == noSlot {
		return isFalse
	}
	switch r.get(parent).kind {
	case Absent:
		return r.missing(parent)
	case List:
		return isFailed
	}
	return isFalse
}

// some is whether an element of a list, or what is below it in the slot inner,
// is what is looked for.
func (r *reading) some(list, inner slotID, wanted func(*val) bool) truth {
	switch r.get(list).kind {
	case Absent:
		return r.missing(list)
	case List:
	case Object:
		return isAsk // its names are looped over
	default:
		return isFailed
	}
	values := r.each(inner)
	for i := range values {
		if wanted(&values[i]) {
			return isTrue
		}
	}
	if len(values) == len(r.each(r.slots[list].elem)) {
		return isFalse
	}
	for at := r.slots[inner].parent; at != list; at = r.slots[at].parent {
		for _, v := range r.each(at) {
			if v.kind == List {
				return isAsk // what comes first decides
			}
		}
	}
	return isAbsent
}
