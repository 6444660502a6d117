package logic

import (
	"slices"
	"strings"
)

// Texts is a set of texts: those of a list, or all within bounds that are not
// excluded and that fit all of some tests. The zero value is all texts.
type Texts struct {
	Only []string // sorted; nil: not only some
	Not  []string // excluded
	Low  *End
	High *End
	Fit  []Fit
}

// End is an end of a range of texts, in the order of their bytes.
type End struct {
	At   string
	Open bool
}

// FitKind is what a text is tested for.
type FitKind uint8

// What a text is tested for: how it begins or ends, what is in it, or something
// else that is only known to be the same test by its name.
const (
	Prefix FitKind = iota
	Suffix
	Contains
	Named
)

// Fit is a test of a text.
type Fit struct {
	Kind FitKind
	Text string                 // what is looked for, or the name of the test
	Test func(text string) bool // of a Named one
	No   bool                   // the texts that do not pass
}

func (f Fit) fits(text string) (yes bool) {
	switch f.Kind {
	case Prefix:
		yes = strings.HasPrefix(text, f.Text)
	case Suffix:
		yes = strings.HasSuffix(text, f.Text)
	case Contains:
		yes = strings.Contains(text, f.Text)
	default:
		yes = f.Test(text)
	}
	return yes != f.No
}

// OnlyTexts is a list of texts.
func OnlyTexts(list ...string) Texts {
	only := append([]string{}, list...)
	slices.Sort(only)
	return Texts{Only: slices.Compact(only)}
}

// NotTexts is all texts but those of a list.
func NotTexts(list ...string) Texts { return Texts{Not: list} }

// And is what is in both.
func (t Texts) and(o Texts) Texts {
	if t.Only == nil && o.Only == nil {
		return Texts{
			Not: joined(t.Not, o.Not), Fit: joined(t.Fit, o.Fit),
			Low: end(t.Low, o.Low, 1), High: end(t.High, o.High, -1),
		}
	}
	if t.Only == nil {
		t, o = o, t
	}
	only := []string{}
	for _, text := range t.Only {
		if o.has(text) {
			only = append(only, text)
		}
	}
	return Texts{Only: only}
}

func joined[T any](a, b []T) []T {
	if len(a) == 0 {
		return b
	}
	return append(a[:len(a):len(a)], b...)
}

// end is the higher (sign 1) or lower (-1) of two ends.
func end(a, b *End, sign int) *End {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	if c := sign * strings.Compare(a.At, b.At); c > 0 || c == 0 && a.Open {
		return a
	}
	return b
}

func (t Texts) has(text string) bool {
	if t.Only != nil {
		_, found := slices.BinarySearch(t.Only, text)
		return found
	}
	if slices.Contains(t.Not, text) {
		return false
	}
	if t.Low != nil && (text < t.Low.At || text == t.Low.At && t.Low.Open) {
		return false
	}
	if t.High != nil && (text > t.High.At || text == t.High.At && t.High.Open) {
		return false
	}
	for _, f := range t.Fit {
		if !f.fits(text) {
			return false
		}
	}
	return true
}

// empty tells whether there is surely no such text.
func (t Texts) empty() bool {
	if t.Only != nil {
		return len(t.Only) == 0
	}
	if t.Low != nil && t.High != nil && (t.Low.At > t.High.At || t.Low.At == t.High.At && (t.Low.Open || t.High.Open || !t.has(t.Low.At))) {
		return true
	}
	for i, f := range t.Fit {
		if t.outside(f) {
			return true
		}
		for _, other := range t.Fit[:i] {
			if f.excludes(other) {
				return true
			}
		}
	}
	return false
}

// outside tells whether no text with that beginning is within the bounds.
func (t Texts) outside(f Fit) bool {
	if f.Kind != Prefix || f.No {
		return false
	}
	return t.High != nil && t.High.At < f.Text || t.Low != nil && t.Low.At > f.Text && !strings.HasPrefix(t.Low.At, f.Text)
}

// excludes tells whether no text passes both tests.
func (f Fit) excludes(o Fit) bool {
	if f.No {
		f, o = o, f
	}
	switch {
	case f.No: // both are what is not to be
		return false
	case o.No:
		return f.implies(o)
	case f.Kind == Prefix && o.Kind == Prefix:
		return !strings.HasPrefix(f.Text, o.Text) && !strings.HasPrefix(o.Text, f.Text)
	case f.Kind == Suffix && o.Kind == Suffix:
		return !strings.HasSuffix(f.Text, o.Text) && !strings.HasSuffix(o.Text, f.Text)
	}
	return false
}

// implies tells whether every text that passes f is one that o looks for.
func (f Fit) implies(o Fit) bool {
	switch {
	case f.Kind == Named || o.Kind == Named:
		return f.Kind == o.Kind && f.Text == o.Text
	case o.Kind == Contains:
		return strings.Contains(f.Text, o.Text)
	case o.Kind == Prefix:
		return f.Kind == Prefix && strings.HasPrefix(f.Text, o.Text)
	}
	return f.Kind == Suffix && strings.HasSuffix(f.Text, o.Text)
}
