package logic

// Want is what is asked of a formula.
type Want uint8

// What can be asked of a formula. What is not true is false, absent or failed.
const (
	IsTrue Want = iota
	IsFalse
	NotTrue
	NotFalse
	wants
)

// opposite is what is asked of what stands under a !.
var opposite = [wants]Want{IsTrue: IsFalse, IsFalse: IsTrue, NotTrue: NotFalse, NotFalse: NotTrue}

// Op is how a formula is put together.
type Op uint8

// How a formula is put together.
const (
	Test Op = iota
	And
	Or
	Not
	Choice // Kids[0] ? Kids[1] : Kids[2]
)

// Formula is a condition for this package. It is not changed once it is made.
type Formula struct {
	Op   Op
	Kids []*Formula

	// Of a Test: the name of the term, all that its value can be, and for which
	// values the test has each of the answers. The sets may be larger than the
	// truth and never smaller.
	Term string
	Base Set
	Sets [wants]Set
}

// Constant is a formula that is always the same.
func Constant(yes bool) *Formula {
	f := &Formula{Base: Of(All)}
	if yes {
		f.Sets[IsTrue], f.Sets[NotFalse] = f.Base, f.Base
	} else {
		f.Sets[IsFalse], f.Sets[NotTrue] = f.Base, f.Base
	}
	return f
}

// Goal is that a formula comes to something.
type Goal struct {
	*Formula
	Want Want
}

// Known is what is known of a term beforehand.
type Known struct {
	Term string
	Set  Set
}

// steps bounds how much of a formula is looked at; beyond that everything is
// possible.
const steps = 1_000

// Possible tells whether all goals may be reached by one event. Where it says
// no there is no such event.
func Possible(known []Known, goals ...Goal) bool {
	s := solver{left: steps}
	terms := make([]Known, len(known), len(known)+8)
	copy(terms, known)
	return s.solve(terms, goals, nil)
}

// Constrained are the terms of which something must hold for a goal, with what
// they must be then, as far as no alternatives must be looked at.
func Constrained(known []Known, goal Goal) []Known {
	s := solver{left: steps, only: true}
	s.solve(append([]Known(nil), known...), []Goal{goal}, nil)
	return s.found
}

type solver struct {
	left  int
	only  bool // do not look at alternatives, but keep what is found
	found []Known
}

// solve goes through goals, those that leave no choice first.
func (s *solver) solve(terms []Known, goals, later []Goal) bool {
	for len(goals) > 0 {
		if s.left--; s.left < 0 {
			return true
		}
		g := goals[len(goals)-1]
		goals = goals[: len(goals)-1 : len(goals)-1]
		switch {
		case g.Op == Test:
			var ok bool
			if terms, ok = narrow(terms, g); !ok {
				return false
			}
		case g.Op == Not:
			goals = append(goals, Goal{g.Kids[0], opposite[g.Want]})
		case g.Op == And && (g.Want == IsTrue || g.Want == NotFalse), g.Op == Or && (g.Want == IsFalse || g.Want == NotTrue):
			for _, kid := range g.Kids {
				goals = append(goals, Goal{kid, g.Want})
			}
		default:
			later = append(later[:len(later):len(later)], g)
		}
	}
	if s.only {
		s.found = terms
		return true
	}
	if len(later) == 0 {
		return true
	}
	for _, alternative := range later[0].alternatives() {
		if s.solve(terms[:len(terms):len(terms)], alternative, later[1:]) {
			return true
		}
	}
	return false
}

// alternatives are the ways to reach a goal.
func (g Goal) alternatives() (ways [][]Goal) {
	if g.Op != Choice {
		for _, kid := range g.Kids {
			ways = append(ways, []Goal{{kid, g.Want}})
		}
		return ways
	}
	ways = [][]Goal{
		{{g.Kids[0], IsTrue}, {g.Kids[1], g.Want}},
		{{g.Kids[0], IsFalse}, {g.Kids[2], g.Want}},
	}
	if g.Want == NotTrue || g.Want == NotFalse { // the question itself has no answer
		ways = append(ways, []Goal{{g.Kids[0], NotTrue}, {g.Kids[0], NotFalse}})
	}
	return ways
}

// narrow adds what a test asks of its term. Terms that others look at are not
// changed.
func narrow(terms []Known, g Goal) ([]Known, bool) {
	for i := range terms {
		if terms[i].Term == g.Term {
			set := terms[i].Set.and(g.Sets[g.Want])
			out := append([]Known(nil), terms...)
			out[i].Set = set
			return out, !set.empty()
		}
	}
	set := g.Base.and(g.Sets[g.Want])
	return append(terms, Known{g.Term, set}), !set.empty()
}

// Always tells whether a formula is true whenever what it asks for is there and
// of a kind that all of its tests can answer. Where it says yes the formula is
// never false.
func Always(f *Formula) bool {
	var terms []Known
	answerable(f, &terms)
	for _, t := range terms {
		if t.Set.empty() {
			return false
		}
	}
	return !Possible(nil, Goal{f, IsFalse})
}

// answerable adds the terms of a formula, each with the kinds of values for which
// all tests of it come to true or false.
func answerable(f *Formula, terms *[]Known) {
	for _, kid := range f.Kids {
		answerable(kid, terms)
	}
	if f.Op != Test {
		return
	}
	set := Of(f.Sets[IsTrue].Kinds | f.Sets[IsFalse].Kinds)
	for i := range *terms {
		if t := &(*terms)[i]; t.Term == f.Term {
			t.Set = t.Set.and(set)
			return
		}
	}
	*terms = append(*terms, Known{f.Term, f.Base.and(set)})
}
