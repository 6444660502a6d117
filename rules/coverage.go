package rules

import (
	"runtime"
	"slices"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Coverage says which parts of the conditions of a rule set some events have
// seen true, and which false. It is data: it survives a round trip through JSON.
//
// Counted are the `on` of each rule, and the clauses of its condition: what stands
// between &&, ||, ! and ? :, inside of loops whose body is made of such too. A
// clause counts with the value that it has for the event by itself, also where
// the rest of the condition has decided already; of c ? a : b only the branch
// counts that was chosen. What is absent is neither true nor false.
type Coverage struct {
	Rules   []CoveredRule `json:"rules"`   // enabled ones, in order of name
	Clauses int           `json:"clauses"` // of all rules, their `on` included
	Seen    int           `json:"seen"`    // of these, both true and false
	Percent float64       `json:"percent"` // Seen of Clauses; 100 where there are none
}

// CoveredRule is the coverage of one rule.
type CoveredRule struct {
	Name    string          `json:"rule"`
	Place   Place           `json:"place"`
	Matched int             `json:"matched"` // events for which all of it held
	Clauses []CoveredClause `json:"clauses"` // the first is the `on`
	Seen    int             `json:"seen"`
	Percent float64         `json:"percent"`
}

// CoveredClause is what events have seen of a clause.
type CoveredClause struct {
	Text  string `json:"text"`
	On    bool   `json:"on,omitempty"` // it is the rule's `on`
	Place Place  `json:"place"`
	// How many events saw it true, and so on. In a loop an element counts as an event.
	True   int `json:"true"`
	False  int `json:"false"`
	Absent int `json:"absent,omitempty"` // something that it asks for was not there
	Failed int `json:"failed,omitempty"` // it was an error
	// DecidedTrue and DecidedFalse tell whether it was ever true, or false, while
	// all else was such that it decided. A clause that is only ever false together
	// with another could be left out, and no event would go elsewhere.
	DecidedTrue  bool `json:"decided_true"`
	DecidedFalse bool `json:"decided_false"`
	// NeverFalse is set of an `on` that looks at every type.
	NeverFalse bool `json:"never_false,omitempty"`
}

// Seen tells whether it was seen both true and false.
func (c *CoveredClause) Seen() bool { return c.True > 0 && (c.False > 0 || c.NeverFalse) }

// ruleRun is a rule with what was seen of it.
type ruleRun struct {
	*CompiledRule
	stars     []typePattern
	on        CoveredClause
	matched   int
	condition *dissection // nil: none, or not asked yet
	places    places
	clauses   []*CoveredClause // in the order of the text
	of        map[*clause]*CoveredClause
}

// Coverage is what the rules have seen in events. It works on all processors.
func (m *Matcher) Coverage(events []*cloudevent.Event) *Coverage {
	runs := m.ruleRuns()
	m.countMatches(runs, events)
	workers := min(runtime.GOMAXPROCS(0), len(runs))
	inParallel(workers, func(n int) {
		share := runs[len(runs)*n/workers : len(runs)*(n+1)/workers]
		for _, ev := range events {
			seeEvent(share, ev)
		}
	})
	return coverageOf(runs)
}

// ruleRuns are the enabled rules, taken apart.
func (m *Matcher) ruleRuns() (runs []*ruleRun) {
	files := map[string]*file{}
	for _, r := range m.rules {
		if !r.Enabled {
			continue
		}
		if files[r.Place.text] == nil {
			files[r.Place.text] = newFile(r.Place.File, []byte(r.Place.text))
		}
		runs = append(runs, newRuleRun(r, files[r.Place.text]))
	}
	return runs
}

// countMatches counts the events that match each rule.
func (m *Matcher) countMatches(runs []*ruleRun, events []*cloudevent.Event) {
	of := make(map[*CompiledRule]*ruleRun, len(runs))
	for _, r := range runs {
		of[r.CompiledRule] = r
	}
	var matches []Match
	for _, ev := range events {
		matches = m.Match(ev, matches[:0])
		for _, match := range matches {
			if match.Err == nil {
				of[match.Rule].matched++
			}
		}
	}
}

func newRuleRun(r *CompiledRule, f *file) *ruleRun {
	run := &ruleRun{CompiledRule: r, of: map[*clause]*CoveredClause{}}
	at := Place{File: r.Place.File, Line: r.Place.Line, Column: r.Place.Column}
	run.on = CoveredClause{Text: typesWords(r.On), On: true, Place: at, NeverFalse: slices.Contains(r.On, "**")}
	for _, on := range r.On {
		if isPattern(on) {
			run.stars = append(run.stars, compileType(on))
		}
	}
	if d, ok := dissect(r.When); r.When != "" && ok {
		run.condition, run.places = d, r.Place.inside(r.When, f)
		run.list(d.root)
	}
	return run
}

// list finds the clauses below one of which the value is true or false.
func (r *ruleRun) list(c *clause) {
	switch {
	case c.kind == PartAnd, c.kind == PartOr, c.kind == PartNot, c.kind == PartChoice:
		for _, kid := range c.kids {
			r.list(kid)
		}
	case !isConstant(c):
		at := r.places.at(c.start)
		seen := &CoveredClause{Text: oneLine(r.condition.textOf(c)), Place: Place{File: r.Place.File, Line: at.line, Column: at.column}}
		r.of[c] = seen
		r.clauses = append(r.clauses, seen)
		if asksElements(c) {
			r.list(c.body[0])
		}
	}
}

// asksElements tells whether a clause is a loop that asks its elements for more
// than one thing.
func asksElements(c *clause) bool {
	asks := c.loop == "exists" || c.loop == "all" || c.loop == "exists_one" || c.loop == "existsOne"
	if c.kind != PartLoop || !asks || len(c.body) == 0 {
		return false
	}
	kind := c.body[0].kind
	return kind == PartAnd || kind == PartOr || kind == PartChoice
}

// seeEvent adds what rules see in an event.
func seeEvent(runs []*ruleRun, ev *cloudevent.Event) {
	var event eventValue
	event.reset(ev)
	names := newEventNames()
	for _, r := range runs {
		if !r.fits(ev.Type) {
			r.on.False++
			continue
		}
		r.on.True++
		if r.condition != nil {
			x := &explainer{evaluator: newEvaluator(r.condition), ev: &event, names: names, rounds: map[known][]*scope{}}
			r.see(x, r.condition.root, &scope{activation: &event}, true)
		}
	}
}

// fits is what FitsType is, with its patterns made once.
func (r *ruleRun) fits(eventType string) bool {
	return slices.Contains(r.On, eventType) || slices.ContainsFunc(r.stars, func(t typePattern) bool { return t.fits(eventType) })
}

// see notes the values of the clauses below one. It decides where its value is
// that of the condition.
func (r *ruleRun) see(x *explainer, c *clause, s *scope, decides bool) {
	switch c.kind {
	case PartAnd, PartOr:
		decisive := decides && x.decisive(c, s)
		for _, kid := range c.kids {
			r.see(x, kid, s, decisive || decides && x.only(c, kid, s))
		}
	case PartNot:
		r.see(x, c.kids[0], s, decides)
	case PartChoice:
		yes, no := x.reading(c.kids[1], s), x.reading(c.kids[2], s)
		r.see(x, c.kids[0], s, decides && yes.isTrue() != no.isTrue())
		if branch := x.branch(c, s); branch != nil {
			r.see(x, branch, s, decides)
		}
	default:
		r.note(x, c, s, decides)
	}
}

// decisive tells whether no term of && is false, or of || true, so that each of
// them decides. A term without a value leaves it to the others too: where there
// is no b, has(a.b) && a.b > 5 is false because of its first term.
func (x *explainer) decisive(c *clause, s *scope) bool {
	return !slices.ContainsFunc(c.kids, func(kid *clause) bool { return x.settles(c, kid, s) })
}

// settles tells whether a term decides an && or || whatever the others are.
func (x *explainer) settles(c, kid *clause, s *scope) bool {
	r := x.reading(kid, s)
	return c.kind == PartAnd && r.isFalse() || c.kind == PartOr && r.isTrue()
}

// only tells whether a term is the only one that decides.
func (x *explainer) only(c, kid *clause, s *scope) bool {
	return x.settles(c, kid, s) && !slices.ContainsFunc(c.kids, func(other *clause) bool { return other != kid && x.settles(c, other, s) })
}

// note notes the value of a clause, and of what a loop asks of its elements.
func (r *ruleRun) note(x *explainer, c *clause, s *scope, decides bool) {
	seen := r.of[c]
	if seen == nil {
		return
	}
	switch v := x.reading(c, s); {
	case v.isTrue():
		seen.True++
		seen.DecidedTrue = seen.DecidedTrue || decides
	case v.isFalse():
		seen.False++
		seen.DecidedFalse = seen.DecidedFalse || decides
	case v.err != nil && isMissing(v.err):
		seen.Absent++
	default:
		seen.Failed++
	}
	if asksElements(c) {
		r.elements(x, c, s, decides)
	}
}

// elements goes through the rounds of a loop. One decides an exists() where no
// other round is true, an all() where no other is false.
func (r *ruleRun) elements(x *explainer, c *clause, s *scope, decides bool) {
	counts := reading.isTrue
	if c.loop == "all" {
		counts = reading.isFalse
	}
	rounds, all := x.scopes(c, s), 0
	for _, round := range rounds {
		if counts(x.reading(c.body[0], round)) {
			all++
		}
	}
	for _, round := range rounds {
		others := all
		if counts(x.reading(c.body[0], round)) {
			others--
		}
		r.see(x, c.body[0], round, decides && others == 0 && (c.loop == "exists" || c.loop == "all"))
	}
}

// coverageOf is what was collected.
func coverageOf(runs []*ruleRun) *Coverage {
	all := &Coverage{Rules: []CoveredRule{}}
	for _, r := range runs {
		one := CoveredRule{Name: r.Name, Place: r.on.Place, Matched: r.matched, Clauses: []CoveredClause{r.on}}
		for _, c := range r.clauses {
			one.Clauses = append(one.Clauses, *c)
		}
		for i := range one.Clauses {
			if one.Clauses[i].Seen() {
				one.Seen++
			}
		}
		one.Percent = seenPercent(one.Seen, len(one.Clauses))
		all.Rules = append(all.Rules, one)
		all.Clauses += len(one.Clauses)
		all.Seen += one.Seen
	}
	all.Percent = seenPercent(all.Seen, all.Clauses)
	return all
}

// seenPercent is a share with one decimal, rounded down, so that 100 means all.
func seenPercent(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return float64(part*1000/whole) / 10
}
