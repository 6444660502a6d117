package cases

import (
	"fmt"

	"github.com/wye-events/wye/rules"
)

// names are those of a rule set, to look for what tests name.
type names struct {
	rules, targets         map[string]bool
	ruleNames, targetNames []string
}

func newNames(set *rules.Ruleset) *names {
	n := &names{rules: map[string]bool{}, targets: map[string]bool{}}
	for _, r := range set.Rules {
		n.rules[r.Name] = true
		n.ruleNames = append(n.ruleNames, r.Name)
	}
	for _, t := range set.Targets {
		n.targets[t.Name] = true
		n.targetNames = append(n.targetNames, t.Name)
	}
	return n
}

// check reports the names in an expectation that are not in the rule set.
func (n *names) check(r *reading, file *rules.TestFile, what string, x *rules.TestExpectation) {
	rule := func(name rules.TestName) {
		if !n.rules[name.Name] {
			r.report(file, name.Place, rules.CodeTestRule, fmt.Sprintf("%s names the rule %q, which does not exist", what, name.Name), hint(name.Name, n.ruleNames, "rules"))
		}
	}
	target := func(name rules.TestName) {
		if !n.targets[name.Name] {
			r.report(file, name.Place, rules.CodeTestTarget, fmt.Sprintf("%s names the target %q, which does not exist", what, name.Name), hint(name.Name, n.targetNames, "targets"))
		}
	}
	for _, e := range append(x.Rules[:len(x.Rules):len(x.Rules)], x.Some...) {
		rule(e.TestName)
		each(e.Targets, target)
	}
	each(x.Targets, target)
	each(x.Errors, rule)
	for _, p := range x.Payload {
		each(p.To, target)
	}
	for _, no := range x.Not {
		switch isRule, isTarget := n.rules[no.Name], n.targets[no.Name]; {
		case no.Kind == "rule":
			rule(no.TestName)
		case no.Kind == "target":
			target(no.TestName)
		case isRule && isTarget:
			r.report(file, no.Place, rules.CodeTestEither, fmt.Sprintf("%s denies %q, which is the name of a rule and of a target", what, no.Name),
				fmt.Sprintf("say which: `not: {rules: [%s]}` or `not: {targets: [%s]}`", no.Name, no.Name))
		case !isRule && !isTarget:
			r.report(file, no.Place, rules.CodeTestRule, fmt.Sprintf("%s names %q, which is neither a rule nor a target", what, no.Name),
				hint(no.Name, append(n.ruleNames[:len(n.ruleNames):len(n.ruleNames)], n.targetNames...), "rules and targets"))
		}
	}
}

func each(all []rules.TestName, check func(rules.TestName)) {
	for _, name := range all {
		check(name)
	}
}

func hint(name string, known []string, noun string) string {
	if len(known) == 0 {
		return "there are no " + noun + " in the rule set"
	}
	return rules.NearestName(name, known, "the "+noun+" are")
}
