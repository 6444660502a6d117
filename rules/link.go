package rules

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"gopkg.in/yaml.v3"
)

// link checks what needs all files: that names are defined once, and that the
// targets of every rule exist. Where a file could not be read in full, a
// target that is missing may only be in the part that is not understood, so
// that is not reported then.
func (a *parsed) link(broken bool) (problems Problems) {
	targets := map[string]definition{}
	for _, t := range a.targets {
		problems = append(problems, twice(targets, "target", t.Name, definition{t.file, t.key})...)
	}
	rules := map[string]definition{}
	for _, r := range a.rules {
		problems = append(problems, twice(rules, "rule", r.Name, definition{r.file, r.key})...)
	}
	if !broken || len(targets) > 0 {
		problems = append(problems, a.unknownTargets(targets)...)
	}
	return problems
}

type definition struct {
	file *file
	key  *yaml.Node
}

func twice(seen map[string]definition, noun, name string, d definition) Problems {
	first, ok := seen[name]
	if !ok {
		seen[name] = d
		return nil
	}
	p := d.file.problem(placeOf(d.key), codeTwice,
		fmt.Sprintf("the %s %q is defined twice: here and in %s, line %d", noun, name, first.file.name, first.key.Line),
		"rename or remove one of them; the files of a directory are one rule set")
	if noun == "rule" {
		p.Rule = name
	}
	return Problems{p}
}

func (a *parsed) unknownTargets(targets map[string]definition) (problems Problems) {
	var names []string
	for name := range targets {
		names = append(names, name)
	}
	for _, r := range a.rules {
		for i, name := range r.To {
			if _, ok := targets[name]; ok {
				continue
			}
			p := r.file.problem(placeOf(r.to[i]), codeUnknownTarget,
				fmt.Sprintf("rule %q sends to %s, which is not a target", r.Name, quote(name)),
				hintNearest(name, names, "the targets are"))
			if len(names) == 0 {
				p.Hint = "there are no targets yet; define one under `targets:`"
			}
			p.Rule = r.Name
			problems = append(problems, p)
		}
	}
	return problems
}

// compile compiles the conditions, on all processors: parsing CEL is what
// loading a large rule set spends its time on. The result belongs to a.rules.
func (a *parsed) compile() ([]*condition, Problems) {
	a.known = &shapes{}
	conditions := make([]*condition, len(a.rules))
	found := make([]Problems, len(a.rules))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(a.rules)) {
		workers.Go(func() {
			for i := range next {
				conditions[i], found[i] = a.rules[i].compile(a.known)
			}
		})
	}
	for i := range a.rules {
		next <- i
	}
	close(next)
	workers.Wait()
	return conditions, slices.Concat(found...)
}

func (r *parsedRule) compile(known *shapes) (*condition, Problems) {
	if r.when == nil {
		return nil, nil
	}
	_, _, faults := known.of(r.When)
	if len(faults) == 0 {
		return &condition{text: r.When}, nil
	}
	places := scalarPlaces(r.file, r.when)
	var problems Problems
	for _, f := range faults {
		p := r.file.problem(places.at(f.offset), f.code, f.message, f.hint)
		p.Rule = r.Name
		problems = append(problems, p)
	}
	return nil, problems
}

func (a *parsed) ruleset(sources []Source) *Ruleset {
	set := &Ruleset{Version: version(sources)}
	for _, s := range sources {
		set.Files = append(set.Files, s.Name)
	}
	for _, t := range a.targets {
		set.Targets = append(set.Targets, t.Target)
	}
	for _, r := range a.rules {
		set.Rules = append(set.Rules, r.Rule)
	}
	slices.SortFunc(set.Targets, func(a, b Target) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(set.Rules, func(a, b Rule) int { return cmp.Compare(a.Name, b.Name) })
	return set
}

func (a *parsed) matcher(set *Ruleset, conditions []*condition) *Matcher {
	byName := make(map[string]*condition, len(conditions))
	for i, r := range a.rules {
		byName[r.Name] = conditions[i]
	}
	compiled := make([]*CompiledRule, len(set.Rules))
	for i := range set.Rules {
		compiled[i] = newCompiledRule(&set.Rules[i], byName[set.Rules[i].Name])
	}
	return newMatcher(set.Version, compiled, a.known)
}
