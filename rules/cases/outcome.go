package cases

import (
	"slices"

	"github.com/wye-events/wye/rules"
)

// outcome is what the rules make of the event of a case.
type outcome struct {
	matched []matched // in order of the rules' names
	failed  []failed
	targets []string // that get the event, sorted
}

type matched struct {
	rule   *rules.CompiledRule
	shadow bool
	to     []string // the targets that get the event from it
}

type failed struct {
	rule *rules.CompiledRule
	why  string
}

// outcomeOf has the event of a case matched, as a server does.
func outcomeOf(m *rules.Matcher, c *Case) *outcome {
	o := &outcome{}
	for _, match := range m.Match(c.Event, nil) {
		part := partOf(match.Rule.Rule, c)
		if !part.Matches() {
			continue
		}
		if match.Err != nil {
			o.failed = append(o.failed, failed{match.Rule, match.Why()})
			if match.Rule.OnError != rules.OnErrorMatch {
				continue
			}
		}
		one := matched{rule: match.Rule, shadow: part == rules.PartShadow}
		if !one.shadow {
			one.to = match.Rule.To
		}
		o.matched = append(o.matched, one)
		o.targets = append(o.targets, one.to...)
	}
	slices.Sort(o.targets)
	o.targets = slices.Compact(o.targets)
	return o
}

// partOf is the part that a rule plays for a case, whose event is in every sample.
func partOf(r *rules.Rule, c *Case) rules.Part {
	whole := *r
	whole.Sample = 1
	return whole.Part(c.Event, c.Now)
}

func (o *outcome) match(rule string) *matched {
	for i := range o.matched {
		if o.matched[i].rule.Name == rule {
			return &o.matched[i]
		}
	}
	return nil
}

func (o *outcome) failure(rule string) *failed {
	for i := range o.failed {
		if o.failed[i].rule.Name == rule {
			return &o.failed[i]
		}
	}
	return nil
}

// senders are the rules that send the event to a target.
func (o *outcome) senders(target string) (names []string) {
	for _, m := range o.matched {
		if slices.Contains(m.to, target) {
			names = append(names, m.rule.Name)
		}
	}
	return names
}
