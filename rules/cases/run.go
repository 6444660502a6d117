package cases

import (
	"fmt"
	"slices"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// Report is what came out of a run.
type Report struct {
	Results []Result // in the order of the cases
	Passed  int
	Failed  int
	Took    time.Duration
	// Coverage is set where it was asked for.
	Coverage *rules.Coverage
}

// Result is what came out of one case. It passed where there are no faults.
type Result struct {
	Case   *Case
	Faults []Fault
	Took   time.Duration
	// Explained are the rules that the faults are about, with the value of every
	// part of their conditions.
	Explained []rules.ExplainedRule

	outcome *outcome
}

// Passed tells whether all was as expected.
func (r *Result) Passed() bool { return len(r.Faults) == 0 }

// Explanation is that of a rule among the explained.
func (r *Result) Explanation(rule string) (rules.ExplainedRule, bool) {
	i := slices.IndexFunc(r.Explained, func(x rules.ExplainedRule) bool { return x.Name == rule })
	if i < 0 {
		return rules.ExplainedRule{}, false
	}
	return r.Explained[i], true
}

// Run runs cases of the suite. With coverage it also finds out which parts of
// which conditions they have seen.
func (s *Suite) Run(some []*Case, coverage bool) *Report {
	start := time.Now()
	report := &Report{}
	for _, c := range some {
		result := s.one(c)
		report.Results = append(report.Results, result)
		if result.Passed() {
			report.Passed++
		} else {
			report.Failed++
		}
	}
	if coverage {
		events := make([]*cloudevent.Event, len(some))
		for i, c := range some {
			events[i] = c.Event
		}
		report.Coverage = s.Matcher.Coverage(events)
	}
	report.Took = time.Since(start)
	return report
}

func (s *Suite) one(c *Case) Result {
	start := time.Now()
	r := Result{Case: c, outcome: outcomeOf(s.Matcher, c)}
	r.Faults = compare(c, r.outcome)
	if !r.Passed() {
		r.Explained = s.explain(c, s.concerned(&r))
	}
	r.Took = time.Since(start)
	return r
}

// mostSuspects is how many rules are shown for a target that should have got an
// event: those that were nearest to sending it there.
const mostSuspects = 3

// concerned are the rules to be explained: those that the faults name, those that
// sent to a target that was not to get the event, and those that could have sent
// to one that was.
func (s *Suite) concerned(r *Result) (names []string) {
	for _, f := range r.Faults {
		switch f.Kind {
		case FaultDenied:
			names = append(names, r.outcome.senders(f.Target)...)
		case FaultAllTargets:
			got, want := f.Got.([]string), f.Want.([]string)
			for _, target := range got {
				if !slices.Contains(want, target) {
					names = append(names, r.outcome.senders(target)...)
				}
			}
			for _, target := range want {
				if !slices.Contains(got, target) {
					names = append(names, s.suspects(r.Case, target)...)
				}
			}
		case FaultNotDelivered:
			if f.Target != "" {
				names = append(names, s.suspects(r.Case, f.Target)...)
			}
		case FaultPayload:
		default:
			names = append(names, f.Rule)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// suspects are the rules that came nearest to sending an event to a target, of
// those that look at its type if there are any.
func (s *Suite) suspects(c *Case, target string) []string {
	var all, fitting []string
	for _, rule := range s.Matcher.Rules() {
		if slices.Contains(rule.To, target) {
			all = append(all, rule.Name)
			if rule.FitsType(c.Event.Type) {
				fitting = append(fitting, rule.Name)
			}
		}
	}
	if len(fitting) == 0 {
		return all[:min(len(all), mostSuspects)]
	}
	const most = 100 // to choose from
	var names []string
	for _, x := range s.explain(c, fitting[:min(len(fitting), most)]) {
		if len(names) < mostSuspects && !x.Routes() {
			names = append(names, x.Name)
		}
	}
	return names
}

func (s *Suite) explain(c *Case, names []string) []rules.ExplainedRule {
	if len(names) == 0 {
		return nil
	}
	x, err := s.Matcher.Explain(c.Event, rules.ExplainOptions{Rules: names, All: true, Accepted: c.Now})
	if err != nil { // names were checked when the suite was loaded
		panic(fmt.Sprintf("cases: %v", err))
	}
	return x.Rules
}
