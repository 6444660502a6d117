package rules

import (
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"
)

// linkProblems tells what is wrong between the files: that names are defined
// twice, and that targets of rules do not exist. It reads again those of the
// files that it concerns, for the places.
//
// Where a file could not be read in full, a target that is missing may only be
// in the part that is not understood, so that is not reported then.
func linkProblems(files []*loadedFile) (problems Problems) {
	known, broken := map[string]bool{}, false
	for _, f := range files {
		broken = broken || f.broken
		for _, t := range f.targets {
			known[t.Name] = true
		}
	}
	var all parsed
	for _, f := range concerned(files, known) {
		one, _ := parseFile(f.lines())
		all.targets = append(all.targets, one.targets...)
		all.rules = append(all.rules, one.rules...)
	}
	problems = all.definedTwice()
	if !broken || len(known) > 0 {
		problems = append(problems, all.unknownTargets(known)...)
	}
	return problems
}

// concerned are the files with a name that is defined twice, or with a target
// that is not known.
func concerned(files []*loadedFile, known map[string]bool) (some []*loadedFile) {
	targets, rules := map[string]int{}, map[string]int{}
	for _, f := range files {
		for _, t := range f.targets {
			targets[t.Name]++
		}
		for _, r := range f.rules {
			rules[r.Name]++
		}
	}
	for _, f := range files {
		if slices.ContainsFunc(f.targets, func(t Target) bool { return targets[t.Name] > 1 }) ||
			slices.ContainsFunc(f.rules, func(r *Rule) bool { return rules[r.Name] > 1 || r.unknown(known) }) {
			some = append(some, f)
		}
	}
	return some
}

// unknown tells whether the rule sends to a target that is not known.
func (r *Rule) unknown(known map[string]bool) bool {
	return slices.ContainsFunc(r.To, func(name string) bool { return !known[name] })
}

func (a *parsed) definedTwice() (problems Problems) {
	targets := map[string]definition{}
	for _, t := range a.targets {
		problems = append(problems, twice(targets, "target", t.Name, definition{t.file, t.key})...)
	}
	rules := map[string]definition{}
	for _, r := range a.rules {
		problems = append(problems, twice(rules, "rule", r.Name, definition{r.file, r.key})...)
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

func (a *parsed) unknownTargets(known map[string]bool) (problems Problems) {
	names := slices.Collect(maps.Keys(known))
	for _, r := range a.rules {
		for i, name := range r.To {
			if known[name] {
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
