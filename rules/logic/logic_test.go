package logic

import (
	"slices"
	"strings"
	"testing"

	"github.com/wye-events/wye/rules/index"
)

// is is a test that a term equals one of some whole numbers.
func is(term string, values ...int64) *Formula {
	var numbers []index.Num
	for _, v := range values {
		numbers = append(numbers, index.Int(v))
	}
	in, rest := Of(Number), Of(Present)
	in.Numbers = Points(numbers...)
	rest.Numbers = in.Numbers.Not()
	f := &Formula{Term: term, Base: Of(All)}
	f.Sets[IsTrue], f.Sets[IsFalse] = in, rest
	f.Sets[NotTrue], f.Sets[NotFalse] = rest, in
	f.Sets[NotTrue].Kinds |= Absent
	f.Sets[NotFalse].Kinds |= Absent
	return f
}

func all(kids ...*Formula) *Formula  { return &Formula{Op: And, Kids: kids} }
func some(kids ...*Formula) *Formula { return &Formula{Op: Or, Kids: kids} }
func no(kid *Formula) *Formula       { return &Formula{Op: Not, Kids: []*Formula{kid}} }

func TestPossible(t *testing.T) {
	x1, x2, y1 := is("x", 1), is("x", 2), is("y", 1)
	for name, c := range map[string]struct {
		f    *Formula
		want Want
		is   bool
	}{
		"one value":                {x1, IsTrue, true},
		"two values":               {all(x1, x2), IsTrue, false},
		"of two terms":             {all(x1, y1), IsTrue, true},
		"either":                   {some(x1, x2), IsTrue, true},
		"either, and neither":      {all(some(x1, x2), no(x1), no(x2)), IsTrue, false},
		"in one way of two":        {all(some(all(x1, x2), y1), no(y1)), IsTrue, false},
		"not both":                 {no(all(x1, x2)), IsFalse, false},
		"of which one is absent":   {no(some(x1, no(x1))), NotTrue, true},
		"a value and its opposite": {some(x1, no(x1)), IsFalse, false},
		"but it may be absent":     {some(x1, no(x1)), NotTrue, true},
		"true":                     {Constant(true), IsFalse, false},
		"false":                    {Constant(false), IsTrue, false},
		"a choice":                 {&Formula{Op: Choice, Kids: []*Formula{x1, x2, all(x1, y1)}}, IsTrue, false},
		"a choice without answer":  {&Formula{Op: Choice, Kids: []*Formula{x1, x1, no(x1)}}, NotTrue, true},
	} {
		if got := Possible(nil, Goal{c.f, c.want}); got != c.is {
			t.Errorf("%s: %v, want %v", name, got, c.is)
		}
	}
	if Possible([]Known{{"x", Of(Text)}}, Goal{x1, IsTrue}) {
		t.Error("a text is said to be possibly 1")
	}
}

func TestAlways(t *testing.T) {
	for name, c := range map[string]struct {
		f  *Formula
		is bool
	}{
		"one of a value and its opposite": {some(is("x", 1), no(is("x", 1))), true},
		"unlike one of two":               {some(no(is("x", 1)), no(is("x", 2))), true},
		"unlike both":                     {all(no(is("x", 1)), no(is("x", 2))), false},
		"one value":                       {is("x", 1), false},
	} {
		if got := Always(c.f); got != c.is {
			t.Errorf("%s: %v, want %v", name, got, c.is)
		}
	}
}

// TestManyWaysAreGivenUp: what is too much to go through is possible.
func TestManyWaysAreGivenUp(t *testing.T) {
	var kids []*Formula
	for i := range 40 {
		term := string(rune('a' + i))
		kids = append(kids, some(is(term, 1), is(term, 2)))
	}
	kids = append(kids, is("last", 1), some(is("last", 2), is("last", 3)))
	slices.Reverse(kids) // what comes first is looked at last
	if !Possible(nil, Goal{all(kids...), IsTrue}) {
		t.Error("it was gone through")
	}
}

func TestTexts(t *testing.T) {
	fit := func(kind FitKind, text string) Texts { return Texts{Fit: []Fit{{Kind: kind, Text: text}}} }
	not := func(kind FitKind, text string) Texts { return Texts{Fit: []Fit{{Kind: kind, Text: text, No: true}}} }
	for _, c := range []struct {
		a, b  Texts
		empty bool
	}{
		{OnlyTexts("a", "b"), OnlyTexts("b"), false},
		{OnlyTexts("a", "b"), NotTexts("a", "b"), true},
		{OnlyTexts("ab"), fit(Prefix, "a"), false},
		{OnlyTexts("ab"), not(Contains, "b"), true},
		{fit(Prefix, "a"), fit(Prefix, "ab"), false},
		{fit(Prefix, "a"), fit(Prefix, "b"), true},
		{fit(Suffix, "xa"), fit(Suffix, "a"), false},
		{fit(Suffix, "a"), fit(Suffix, "b"), true},
		{fit(Prefix, "abc"), not(Prefix, "ab"), true},
		{fit(Prefix, "ab"), not(Prefix, "abc"), false},
		{fit(Contains, "abc"), not(Contains, "b"), true},
		{fit(Prefix, "a"), not(Suffix, "a"), false},
		{Texts{Low: &End{At: "b"}}, Texts{High: &End{At: "b"}}, false},
		{Texts{Low: &End{At: "b"}}, Texts{High: &End{At: "b", Open: true}}, true},
		{Texts{Low: &End{At: "b"}}, fit(Prefix, "a"), true},
		{Texts{Low: &End{At: "ab"}}, fit(Prefix, "a"), false},
		{Texts{High: &End{At: "a"}}, fit(Prefix, "ab"), true},
		{Texts{Low: &End{At: "a"}, High: &End{At: "a"}}, NotTexts("a"), true},
	} {
		for _, both := range []Texts{c.a.and(c.b), c.b.and(c.a)} {
			if both.empty() != c.empty {
				t.Errorf("%+v and %+v: empty is %v", c.a, c.b, both.empty())
			}
			for _, text := range strings.Fields("a ab abc b xa ba abd") {
				if both.has(text) != (c.a.has(text) && c.b.has(text)) {
					t.Errorf("%+v and %+v: %s", c.a, c.b, text)
				}
			}
		}
	}
}

func TestRanges(t *testing.T) {
	n := index.Int
	for _, c := range []struct {
		a, b Ranges
		want int // how many ranges are left
	}{
		{Above(n(1), false), Below(n(1), false), 1},
		{Above(n(1), true), Below(n(1), false), 0},
		{Points(n(3), n(1), n(2), n(1)), Between(n(1), n(2)), 2},
		{Points(n(1), n(2)).Not(), Between(n(1), n(2)), 1},
		{Points(n(1), n(2)).Not(), Points(n(1), n(3)), 1},
		{Above(n(1), true).Not(), Below(n(0), false).Not(), 1},
		{Ranges{}, nil, 0},
		{nil, Points(n(1)), 1},
	} {
		if got := len(c.a.and(c.b)); got != c.want {
			t.Errorf("%v and %v: %d ranges, want %d", c.a, c.b, got, c.want)
		}
		if got := len(c.b.and(c.a)); got != c.want {
			t.Errorf("%v and %v: %d ranges, want %d", c.b, c.a, got, c.want)
		}
	}
}
