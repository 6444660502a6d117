package logic

import "slices"

// Kind is a set of kinds of values.
type Kind uint16

// The kinds of values that a term can have. Absent stands for all that is no
// value: what it asks for is not there, or fails. NaN is the number that is in
// no order with any; there is none in JSON.
const (
	Absent Kind = 1 << iota
	Null
	False
	True
	Number
	NaN
	Text
	Time
	Duration
	Other // lists, objects, bytes, types

	Bools   = False | True
	Present = Null | Bools | Number | NaN | Text | Time | Duration | Other
	All     = Present | Absent
)

// Set is a set of values of a term: of each of its kinds all, or those in the
// ranges and texts.
type Set struct {
	Kinds   Kind
	Numbers Ranges // of Number; nil: all
	Times   Ranges
	Lengths Ranges // of Duration
	Texts   Texts
}

// Of is all values of some kinds.
func Of(kinds Kind) Set { return Set{Kinds: kinds} }

// and is what is in both sets.
func (s Set) and(o Set) Set {
	out := Set{Kinds: s.Kinds & o.Kinds}
	both := func(kind Kind, a, b Ranges) Ranges {
		if out.Kinds&kind == 0 {
			return nil
		}
		all := a.and(b)
		if all != nil && len(all) == 0 {
			out.Kinds &^= kind
		}
		return all
	}
	out.Numbers = both(Number, s.Numbers, o.Numbers)
	out.Times = both(Time, s.Times, o.Times)
	out.Lengths = both(Duration, s.Lengths, o.Lengths)
	if out.Kinds&Text != 0 {
		if out.Texts = s.Texts.and(o.Texts); out.Texts.empty() {
			out.Kinds &^= Text
		}
	}
	return out
}

func (s Set) empty() bool { return s.Kinds == 0 }

// Finite lists the values of a set of texts, numbers, true, false and null that
// has only a few of them, each in a form of its own.
func (s Set) Finite() (values []string, ok bool) {
	if s.Kinds&^(Null|Bools|Number|Text) != 0 || s.Kinds&Text != 0 && s.Texts.Only == nil || s.Kinds&Number != 0 && s.Numbers == nil {
		return nil, false
	}
	for kind, name := range map[Kind]string{Null: "null", False: "false", True: "true"} {
		if s.Kinds&kind != 0 {
			values = append(values, name)
		}
	}
	if s.Kinds&Number != 0 {
		for _, r := range s.Numbers {
			if !r.point() {
				return nil, false
			}
			values = append(values, boundText(r.Low.At).text())
		}
	}
	if s.Kinds&Text != 0 {
		for _, t := range s.Texts.Only {
			values = append(values, "\""+t)
		}
	}
	slices.Sort(values)
	return values, true
}

// Meets tells whether two sets may have a value in common.
func (s Set) Meets(o Set) bool { return !s.and(o).empty() }
