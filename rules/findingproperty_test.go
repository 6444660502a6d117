package rules

import (
	"regexp"
	"testing"

	"github.com/google/cel-go/common/types"

	"github.com/wye-events/wye/rules/index"
	"github.com/wye-events/wye/rules/logic"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// TestLogicAgainstEvents holds what is said of generated conditions, and of every
// part of them, against what they come to on generated events: what is
// impossible never happens.
func TestLogicAgainstEvents(t *testing.T) {
	seeds, said := uint64(15), map[string]int{}
	if raceDetector || testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		w := newWorld(seed)
		var events []*cloudevent.Event
		for range 60 {
			e := w.event()
			events = append(events, e.made())
		}
		for range 20 {
			a, _ := w.condition(nil)
			text := a.String()
			if w.chance(60) { // conditions of a few names contradict each other
				b, _ := w.condition(nil)
				both := infix(pick(w, []string{" && ", " || "}), wrap("(", ")", a), wrap("(", ")", b))
				if _, err := oracleProgram(both.String()); err == nil {
					text = both.String()
				}
			}
			checkLogic(t, text, events, said)
		}
	}
	for _, what := range []string{"never true", "never false", "always", "never not true", "never not false"} {
		if said[what] == 0 && seeds > 5 {
			t.Errorf("%s was said %d times: the test looks at nothing", what, said[what])
		}
	}
	t.Log(said)
}

// comesTo is what a condition comes to on an event.
func comesTo(c *condition, ev *cloudevent.Event) (yes, no bool) {
	e := &eventValue{}
	e.reset(ev)
	v, err := c.compiled().value(e, newFrame(e))
	if err != nil {
		return false, false
	}
	return v == types.True, v == types.False
}

func checkLogic(t *testing.T, text string, events []*cloudevent.Event, said map[string]int) {
	t.Helper()
	sh, consts, faults := new(shapes).of(text)
	if faults != nil {
		t.Fatal(faults)
	}
	f := &formulas{&indexing{newIndexer(), sh, consts}, map[string]*regexp.Regexp{}, map[*logic.Formula][]index.Value{}}
	root := f.part(sh.ast.Expr())
	d, _ := dissect(text)
	s := &spots{text: []rune(text), byID: map[int64]*clause{}}
	s.add(d.root)
	var visit func(p *part)
	visit = func(p *part) {
		if c := s.byID[p.expr.ID()]; c != nil {
			checkPart(t, p.formula, d.textOf(c), events, said)
		}
		if p.op != partLoop {
			for _, kid := range p.kids {
				visit(kid)
			}
		}
	}
	visit(root)
}

func checkPart(t *testing.T, f *logic.Formula, text string, events []*cloudevent.Event, said map[string]int) {
	t.Helper()
	never := func(want logic.Want) bool { return !logic.Possible(nil, logic.Goal{Formula: f, Want: want}) }
	for _, c := range []struct {
		what string
		said bool
		is   func(yes, no bool) bool
	}{
		{"never true", never(logic.IsTrue), func(yes, _ bool) bool { return yes }},
		{"never false", never(logic.IsFalse), func(_, no bool) bool { return no }},
		{"never not true", never(logic.NotTrue), func(yes, _ bool) bool { return !yes }},
		{"never not false", never(logic.NotFalse), func(_, no bool) bool { return !no }},
		{"always", logic.Always(f), func(_, no bool) bool { return no }},
	} {
		if !c.said {
			continue
		}
		said[c.what]++
		compiled, faults := compileCondition(text)
		if faults != nil {
			t.Fatalf("%s: %v", text, faults)
		}
		for _, ev := range events {
			if yes, no := comesTo(compiled, ev); c.is(yes, no) {
				t.Fatalf("%s: said to be %s, and on this it is %v: %+v\n%s", text, c.what, yes, ev, ev.Data)
			}
		}
	}
}

// TestOverlapsAgainstEvents: where a rule is said to do nothing that another does
// not do already, that one takes every event that it takes.
func TestOverlapsAgainstEvents(t *testing.T) {
	seeds, found := uint64(10), 0
	if raceDetector || testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		w := newWorld(seed)
		rules := w.rules(40)
		for i := range rules { // few conditions, so that they meet
			rules[i].onError = pick(w, []OnError{"", "", OnErrorSkip, OnErrorMatch})
		}
		src := source(rules)
		set, m, problems := LoadSources(src)
		if m == nil {
			t.Fatal(report(t, problems))
		}
		f := &finder{set: set, files: map[string]*foundFile{src.Name: {loaded: set.files[0]}}}
		f.conditions()
		covered := map[string][]string{}
		for _, a := range f.boxes {
			for _, b := range f.boxes {
				if a != b && a.delivers() && b.delivers() && a.covers(b) {
					covered[b.rule.Name] = append(covered[b.rule.Name], a.rule.Name)
				}
			}
		}
		found += len(covered)
		for range 100 {
			e := w.event()
			matched := map[string]bool{}
			for _, match := range m.Match(e.made(), nil) {
				matched[match.Rule.Name] = match.Err == nil || match.Rule.OnError == OnErrorMatch
			}
			for name, by := range covered {
				for _, other := range by {
					if matched[name] && !matched[other] {
						t.Fatalf("rule %s is said to be covered by %s:\n%s\n%s", name, other, src.Text, e.made().Data)
					}
				}
			}
		}
	}
	if found < int(seeds) && seeds > 4 {
		t.Errorf("%d overlaps: the test looks at nothing", found)
	}
	t.Log(found)
}
