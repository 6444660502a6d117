package plan_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/router/plan"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// madeRule is a rule of a generated set.
type madeRule struct {
	rulestest.Rule
	to   []string
	more string // other keys
}

// madeSet is a generated rule set. Targets are named a to f.
type madeSet struct {
	rules   map[string]madeRule
	targets map[string]string // the text of each
}

func (s madeSet) text() []byte {
	var b strings.Builder
	b.WriteString("version: 1\ntargets:\n")
	for _, name := range slices.Sorted(maps.Keys(s.targets)) {
		fmt.Fprintf(&b, "  %s: %s\n", name, s.targets[name])
	}
	b.WriteString("rules:\n")
	for _, name := range slices.Sorted(maps.Keys(s.rules)) {
		r := s.rules[name]
		fmt.Fprintf(&b, "  %s:\n    on: [%s]\n    to: [%s]\n", name, "'"+strings.Join(r.On, "', '")+"'", strings.Join(r.to, ", "))
		if r.When != "" {
			fmt.Fprintf(&b, "    when: '%s'\n", strings.ReplaceAll(r.When, "'", "''"))
		}
		b.WriteString(r.more)
	}
	return []byte(b.String())
}

var keysOfRules = []string{
	"", "", "", "", "    on_error: match\n", "    on_error: dead_letter\n", "    on_error: dead_letter\n", "    on_error: dead_letter\n", "    mode: shadow\n", "    sample: 0.4\n",
	"    until: 2026-03-02T09:00:30Z\n", "    enabled: false\n", "    on_error: dead_letter\n    mode: shadow\n",
	"    on_error: match\n    sample: 0.5\n",
}

// failing are conditions that fail on some events.
var failing = []string{
	"event.data.amount > 300 && event.data.customer > 3", `event.data.country + 1 == 2 || event.data.amount > 500.0`,
}

// generate makes an old set, and a new one that differs from it in about a third of
// its rules and some of its targets. was tells the old names of renamed rules.
func generate(dice *rand.Rand, from *rulestest.Set) (old, new madeSet, was map[string]string) {
	names := []string{"a", "b", "c", "d", "e", "f"}
	some := func() []string {
		dice.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
		return slices.Clone(names[:1+dice.IntN(3)])
	}
	more := func() string { return keysOfRules[dice.IntN(len(keysOfRules))] }
	targets := func() map[string]string {
		kinds := []string{
			"{queue: {name: %s}}", "{http: {url: 'http://%s.example.com/'}}", "{http: {url: 'http://%s.example.com/', format: structured}}",
			"{http: {url: 'http://%s.example.com/'}, batch: {max_events: 10}}",
		}
		all := map[string]string{}
		for _, name := range names {
			all[name] = fmt.Sprintf(kinds[dice.IntN(len(kinds))], name)
		}
		return all
	}
	old = madeSet{map[string]madeRule{}, targets()}
	new = madeSet{map[string]madeRule{}, targets()}
	was = map[string]string{}
	for i, r := range from.Rules {
		if i%6 == 0 {
			r.When = failing[dice.IntN(len(failing))]
		}
		one := madeRule{r, some(), more()}
		other := one
		name := r.Name
		old.rules[name] = one
		switch dice.IntN(9) {
		case 0:
			other.When = strings.TrimPrefix(other.When+" && event.data.amount > 250.0", " && ")
		case 1:
			other.to = some()
		case 2:
			other.more = more()
		case 3:
			continue // removed
		case 4:
			name += "-renamed"
			was[name] = r.Name
			// What is said twice might be taken for another's.
			unique := fmt.Sprintf(" && event.id != %q", name)
			one.When = strings.TrimPrefix(one.When+unique, " && ")
			other.When = one.When
			old.rules[r.Name] = one
		case 5:
			other.On = []string{"**"}
		}
		new.rules[name] = other
		if dice.IntN(12) == 0 {
			new.rules[name+"-new"] = madeRule{rulestest.Rule{On: []string{"**"}, When: fmt.Sprintf("event.data.amount > %d.5", dice.IntN(900))}, some(), more()}
		}
	}
	return old, new, was
}

func load(t testing.TB, name string, text []byte) plan.Set {
	t.Helper()
	set, matcher, problems := rules.LoadSources(rules.Source{Name: name, Text: text})
	if problems.HasErrors() {
		t.Fatal(problems, string(text))
	}
	return plan.Set{Rules: set, Matcher: matcher}
}

// effect is what one rule does with an event, found out the slow way.
type effect struct{ live, shadow, dead, failed bool }

func effects(s plan.Set, ev *cloudevent.Event, at time.Time) map[string]effect {
	all := map[string]effect{}
	for _, m := range s.Matcher.MatchOneByOne(ev, nil) {
		part := m.Rule.Part(ev, at)
		if part == rules.PartOver || part == rules.PartUnsampled {
			continue
		}
		e := effect{failed: m.Err != nil}
		selected := m.Err == nil || m.Rule.OnError == rules.OnErrorMatch
		e.live = selected && part == rules.PartLive
		e.shadow = selected && part == rules.PartShadow
		e.dead = m.Err != nil && m.Rule.OnError == rules.OnErrorDeadLetter && part == rules.PartLive
		all[m.Rule.Name] = e
	}
	return all
}

// brute is what a report has to say.
type brute struct {
	rules, targets map[string]*plan.Counts
	routes         map[string]*plan.Counts // by rule/target
	events         plan.Events
	deliveries     plan.Counts                    // all routes
	peaks          map[string][2]map[int64]uint64 // by target
}

func (b *brute) of(all map[string]*plan.Counts, name string) *plan.Counts {
	if all[name] == nil {
		all[name] = &plan.Counts{}
	}
	return all[name]
}

func tell(c *plan.Counts, before, after effect, changed bool) {
	count := func(is bool, n *uint64) {
		if is {
			*n++
		}
	}
	count(before.live, &c.Before)
	count(after.live, &c.After)
	count(after.live && !before.live, &c.NewlyMatched)
	count(before.live && !after.live, &c.NoLongerMatched)
	count(before.live && after.live, &c.StillMatched)
	count(before.live && after.live && changed, &c.PayloadChanged)
	count(after.failed && !before.failed, &c.NewlyInError)
	count(before.failed && !after.failed, &c.NoLongerInError)
	count(before.failed && after.failed, &c.StillInError)
	count(before.dead, &c.DeadBefore)
	count(after.dead, &c.DeadAfter)
	count(before.shadow, &c.ShadowBefore)
	count(after.shadow, &c.ShadowAfter)
}

func toOf(s plan.Set) map[string][]string {
	to := map[string][]string{}
	for _, r := range s.Rules.Rules {
		to[r.Name] = r.To
	}
	return to
}

// formOf is how a target gets events, found in its text.
func formOf(text string) string {
	switch {
	case strings.Contains(text, "batch"):
		return "batch"
	case strings.Contains(text, "structured"):
		return "structured"
	case strings.Contains(text, "http"):
		return "binary"
	}
	return "queue"
}

func byForce(old, new plan.Set, oldText, newText madeSet, was map[string]string, evs []*cloudevent.Event, at func(int) time.Time) *brute {
	b := &brute{rules: map[string]*plan.Counts{}, targets: map[string]*plan.Counts{}, routes: map[string]*plan.Counts{}, peaks: map[string][2]map[int64]uint64{}}
	oldTo, newTo := toOf(old), toOf(new)
	for i, ev := range evs {
		before, after := effects(old, ev, at(i)), effects(new, ev, at(i))
		for name, oldName := range was {
			if e, ok := before[oldName]; ok {
				delete(before, oldName)
				before[name] = e
			}
			oldTo[name] = oldTo[oldName]
		}
		var takenBefore, takenAfter, differs bool
		names := maps.Clone(before)
		maps.Copy(names, after)
		for name := range names {
			o, n := before[name], after[name]
			takenBefore = takenBefore || o.live || o.dead
			takenAfter = takenAfter || n.live || n.dead
			ruleChanged := false
			targets := map[string]bool{}
			for _, target := range slices.Concat(oldTo[name], newTo[name]) {
				targets[target] = true
			}
			for target := range targets {
				ro, rn := o, n
				if !slices.Contains(oldTo[name], target) {
					ro = effect{}
				}
				if !slices.Contains(newTo[name], target) {
					rn = effect{}
				}
				changed := formOf(oldText.targets[target]) != formOf(newText.targets[target])
				both := slices.Contains(oldTo[name], target) && slices.Contains(newTo[name], target)
				ruleChanged = ruleChanged || changed && both
				tell(b.of(b.routes, name+"/"+target), ro, rn, changed)
				tell(b.of(b.targets, target), ro, rn, changed)
				tell(&b.deliveries, ro, rn, changed)
				b.peak(target, at(i).Unix()/60, ro.live, rn.live)
				ro.failed, rn.failed = false, false // the rule tells
				differs = differs || ro != rn || changed && ro.live && rn.live
			}
			tell(b.of(b.rules, name), o, n, ruleChanged)
			differs = differs || o != n
		}
		b.event(takenBefore, takenAfter, differs)
	}
	return b
}

func (b *brute) event(before, after, differs bool) {
	b.events.Compared++
	if before {
		b.events.MatchedBefore++
	}
	if after {
		b.events.MatchedAfter++
	}
	if after && !before {
		b.events.NewlyMatched++
	}
	if before && !after {
		b.events.NewlyUnmatched++
	}
	if differs {
		b.events.Differing++
	}
}

func (b *brute) peak(target string, minute int64, before, after bool) {
	p, ok := b.peaks[target]
	if !ok {
		p = [2]map[int64]uint64{{}, {}}
		b.peaks[target] = p
	}
	if before {
		p[0][minute]++
	}
	if after {
		p[1][minute]++
	}
}

// most is the largest of the counts of minutes.
func most(of map[int64]uint64) (n uint64) {
	for _, c := range of {
		n = max(n, c)
	}
	return n
}

// TestPlanIsRight: all that a plan counts is what evaluating every rule of both
// sets by itself, for every event, comes to; whichever tally saw which event.
func TestPlanIsRight(t *testing.T) {
	t.Parallel()
	from := rulestest.Mixed(90)
	events := from.Events[:600]
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	at := func(i int) time.Time { return start.Add(time.Duration(i) * time.Second / 2) }
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dice := rand.New(rand.NewPCG(seed, 1))
			oldText, newText, was := generate(dice, from)
			old, new := load(t, "rules.yaml", oldText.text()), load(t, "rules.yaml", newText.text())
			want := byForce(old, new, oldText, newText, was, events, at)

			c := plan.New(old, new)
			tallies := []*plan.Tally{c.NewTally(3), c.NewTally(3), c.NewTally(3)}
			for i, ev := range events {
				tallies[dice.IntN(3)].Add(ev, plan.Seen{Number: uint64(i + 1), At: at(i)})
			}
			tallies[0].Merge(tallies[1])
			tallies[0].Merge(tallies[2])
			got := tallies[0].Report(plan.ReportOptions{All: true})
			want.compare(t, got, was)
		})
	}
}

func (b *brute) compare(t *testing.T, got *plan.Report, was map[string]string) {
	t.Helper()
	same := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %+v\nwant %+v", what, got, want)
		}
	}
	events := got.Events
	events.Examples = nil
	same("events", events, b.events)
	same("deliveries", got.Deliveries, b.deliveries)
	for v, i := reflect.ValueOf(got.Deliveries), 0; i < v.NumField(); i++ {
		if v.Field(i).Uint() == 0 {
			t.Errorf("%s is 0: this generated change says nothing of it", v.Type().Field(i).Name)
		}
	}
	seen := map[string]bool{}
	for _, r := range got.Rules {
		seen[r.Name] = true
		same(r.Name, r.Counts, *b.of(b.rules, r.Name))
		if r.Change == plan.Renamed || was[r.Name] != "" {
			same("old name of "+r.Name, r.Was, was[r.Name])
		}
		for _, to := range r.Routes {
			same(r.Name+"/"+to.Target, to.Counts, *b.of(b.routes, r.Name+"/"+to.Target))
		}
	}
	for name := range b.rules {
		if !seen[name] {
			t.Errorf("the rule %s is not told", name)
		}
	}
	for _, to := range got.Targets {
		same(to.Name, to.Counts, *b.of(b.targets, to.Name))
		same("peak of "+to.Name, [2]uint64{to.Load.BeforePeakMinute, to.Load.AfterPeakMinute},
			[2]uint64{most(b.peaks[to.Name][0]), most(b.peaks[to.Name][1])})
	}
	same("targets", len(got.Targets), 6)
}
