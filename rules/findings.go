package rules

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/wye-events/wye/rules/index"
	"github.com/wye-events/wye/rules/logic"
	"github.com/wye-events/wye/schemas/eventschema"
)

// FindingOptions is what there is to know about a rule set beside its files.
type FindingOptions struct {
	// Schemas are those of the events' data, nil where none are known.
	Schemas *eventschema.Set
	// Progress, where it is set, is told how far the work is, like that of a
	// [Loader]: with "rules" and then with "rules against each other".
	Progress func(Progress)
}

// Findings is what is questionable about a rule set that loaded: what its author
// probably did not mean, and what will not do what it seems to. It adds to what
// loading said of it, and leaves out what the files say is to be ignored
// (# wye:ignore WYE061 why). What is found is sorted by place.
//
// Loading does not ask for it: what has findings can run, unless one of them is
// an error.
func Findings(set *Ruleset, loaded Problems, o FindingOptions) Problems {
	f := &finder{set: set, options: o, files: map[string]*foundFile{}}
	for _, file := range set.files {
		f.files[file.name] = &foundFile{loaded: file}
	}
	f.conditions()
	f.overlaps()
	f.targets()
	all := slices.Concat(withoutMore(loaded), f.problems)
	return f.withoutIgnored(all).bounded()
}

// withoutMore leaves out what says that there is more: that is said anew.
func withoutMore(ps Problems) Problems {
	return slices.DeleteFunc(slices.Clone(ps), func(p Problem) bool { return p.Code == codeMore })
}

// finder looks for what is questionable about a rule set.
type finder struct {
	set     *Ruleset
	options FindingOptions
	files   map[string]*foundFile

	mu       sync.Mutex
	problems Problems
	boxes    []*box // of the rules, in their order
}

// add adds findings, from any goroutine.
func (f *finder) add(ps ...Problem) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.problems = append(f.problems, ps...)
}

// foundFile is a rule file to point into. It is read again when something is
// found in it.
type foundFile struct {
	loaded *loadedFile
	once   sync.Once
	lines  *file
	rules  map[string]*parsedRule
	byName map[string]*parsedTarget
}

func (f *foundFile) read() *foundFile {
	f.once.Do(func() {
		f.lines = f.loaded.lines()
		out, _ := parseFile(f.lines)
		f.rules, f.byName = map[string]*parsedRule{}, map[string]*parsedTarget{}
		for i := range out.rules {
			f.rules[out.rules[i].Name] = &out.rules[i]
		}
		for i := range out.targets {
			f.byName[out.targets[i].Name] = &out.targets[i]
		}
	})
	return f
}

// of is a rule as it is written.
func (f *finder) of(r *Rule) *parsedRule { return f.files[r.Place.File].read().rules[r.Name] }

// at is a finding at a place of a rule.
func (f *finder) at(r *Rule, where place, code string, severity Severity, message, hint string) Problem {
	p := f.files[r.Place.File].read().lines.problem(where, code, message, hint)
	p.Severity, p.Rule = severity, r.Name
	return p
}

func (f *finder) counter(what string, total int) func(more int) {
	l := Loader{Progress: f.options.Progress}
	return l.counter(what, total)
}

// conditions looks at each rule by itself, on all processors.
func (f *finder) conditions() {
	f.boxes = make([]*box, len(f.set.Rules))
	known := new(shapes)
	done := f.counter("rules", len(f.set.Rules))
	inParallel((len(f.set.Rules)+chunk-1)/chunk, func(n int) {
		from, to := n*chunk, min((n+1)*chunk, len(f.set.Rules))
		exprs, fields := map[string]*regexp.Regexp{}, newIndexer()
		for i := from; i < to; i++ {
			c := &conditionFinder{finder: f, rule: f.set.Rules[i], indexer: fields, exprs: exprs}
			f.boxes[i] = c.look(known)
		}
		done(to - from)
	})
}

// conditionFinder looks at one rule.
type conditionFinder struct {
	*finder
	*indexer
	rule  *Rule
	exprs map[string]*regexp.Regexp

	formulas *formulas
	root     *part // nil where the rule has no condition
	known    []logic.Known
	spots    *spots

	findings int             // that there are of its condition
	negated  map[string]bool // terms of which it was told that a negation does not take their absence
}

// look finds what is questionable about the rule, and tells what there is to
// compare it with others by.
func (c *conditionFinder) look(known *shapes) *box {
	c.known = []logic.Known{{Term: "event.type", Set: setOfTypes(c.rule.On)}}
	if c.rule.When != "" {
		sh, consts, faults := known.of(c.rule.When)
		if faults != nil { // cannot be: the rule loaded
			return nil
		}
		c.formulas = &formulas{&indexing{c.indexer, sh, consts}, c.exprs, map[*logic.Formula][]index.Value{}}
		c.root = c.formulas.part(sh.ast.Expr())
		c.contradictions()
		c.bySchema()
		if c.findings == 0 { // what is said of a condition that is wrong is not worth more words
			c.mixedKinds()
			c.negations()
		}
		c.patterns()
		c.cost()
	} else {
		c.bySchema()
	}
	return c.box()
}

// setOfTypes is what a rule's events have as their type.
func setOfTypes(on []string) logic.Set {
	s := logic.Of(logic.Text)
	if !slices.ContainsFunc(on, isPattern) {
		s.Texts = logic.OnlyTexts(on...)
		return s
	}
	sorted := slices.Sorted(slices.Values(on))
	s.Texts.Fit = []logic.Fit{{Kind: logic.Named, Text: "on " + strings.Join(sorted, " "), Test: func(eventType string) bool {
		return fitsOn(on, eventType)
	}}}
	return s
}

// fitsOn tells whether a rule with these types takes events of a type.
func fitsOn(on []string, eventType string) bool {
	return slices.ContainsFunc(on, func(one string) bool {
		return one == eventType || isPattern(one) && compileType(one).fits(eventType)
	})
}

// spots tells where the parts of a condition stand.
type spots struct {
	text   []rune
	places places
	byID   map[int64]*clause
	root   *clause
}

// where takes the condition apart, when something is found in it.
func (c *conditionFinder) where() *spots {
	if c.spots != nil {
		return c.spots
	}
	s := &spots{text: []rune(c.rule.When), byID: map[int64]*clause{}}
	c.spots = s
	parsed := c.of(c.rule)
	if parsed.when != nil {
		s.places = scalarPlaces(parsed.file, parsed.when)
	}
	d, ok := dissect(c.rule.When)
	if !ok {
		return s
	}
	s.root = d.root
	s.add(d.root)
	return s
}

func (s *spots) add(c *clause) {
	s.byID[c.expr.ID()] = c
	for _, kid := range slices.Concat(c.kids, c.body) {
		s.add(kid)
	}
}

// clauseOf is the part of the text that is an expression. All conditions of a
// shape number their expressions alike.
func (c *conditionFinder) clauseOf(id int64) *clause {
	s := c.where()
	return cmp.Or(s.byID[id], s.root, &clause{})
}

// words is an expression as it is written, in one line.
func (c *conditionFinder) words(id int64) string {
	s, at := c.where(), c.clauseOf(id)
	if at.end > len(s.text) || at.start > at.end {
		return c.rule.When
	}
	return oneLine(string(s.text[at.start:at.end]))
}

// find adds a finding at an expression.
func (c *conditionFinder) find(id int64, code string, severity Severity, message, hint string) {
	c.findings++
	c.add(c.at(c.rule, c.where().places.at(c.clauseOf(id).start), code, severity, message, hint))
}
