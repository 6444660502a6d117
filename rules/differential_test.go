package rules

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// The differential tests hold [Matcher.Match] to plain evaluation: whatever it
// does to be quick, it answers what [Matcher.MatchOneByOne] answers, and both
// what the oracle says (oracle_test.go). Rules and events come from a seeded
// generator (generate_test.go); what differs is made small before it is shown
// (differential_shrink_test.go).

// inOrder is whether Match gives its results in ascending order of name.
const inOrder = true

// stopsAlike is whether Match gives up on an event where plain evaluation gives
// up for too much work. Where it does not, it gives the answer that there would
// be without a limit.
const stopsAlike = false

// matcherMakers are the ways to a Matcher. All must give the same one.
var matcherMakers = []struct {
	name string
	make func(rules []genRule) (*Matcher, error)
}{
	{"one file", func(rules []genRule) (*Matcher, error) { return loaded(source(rules)) }},
	{"a file a rule", func(rules []genRule) (*Matcher, error) { return loaded(sources(rules)...) }},
	{"edits of one file", func(rules []genRule) (*Matcher, error) {
		return afterEdits(rules, func(rules []genRule) []Source { return []Source{source(rules)} })
	}},
	{"edits of many files", func(rules []genRule) (*Matcher, error) { return afterEdits(rules, sources) }},
}

// sources are rule files of one rule each.
func sources(rules []genRule) (files []Source) {
	for i := range slices.Backward(rules) {
		one := Source{rules[i].name + ".yaml", source(rules[i : i+1]).Text}
		if len(files) > 0 {
			one.Text = bytes.Replace(one.Text, []byte(targetLine), nil, 1)
		}
		files = append(files, one)
	}
	return files
}

// afterEdits is the matcher of a Loader that had other rules before: fewer,
// then more of them with the conditions of others, then these.
func afterEdits(rules []genRule, files func([]genRule) []Source) (*Matcher, error) {
	other := slices.Clone(rules)
	for i := range other {
		switch next := &rules[(i+1)%len(rules)]; i % 3 {
		case 0:
			other[i].when, other[i].on = next.when, next.on
		case 1:
			other[i].disabled = !other[i].disabled
		}
	}
	extra := genRule{name: "zzz", on: []string{"**"}, when: rules[0].when}
	var l Loader
	var m *Matcher
	var problems Problems
	for _, set := range [][]genRule{rules[:(len(rules)+1)/2], append(other, extra), rules[len(rules)/2:], other, rules} {
		if _, m, problems = l.LoadSources(files(set)...); m == nil {
			return nil, unloaded(problems)
		}
	}
	return m, nil
}

func loaded(files ...Source) (*Matcher, error) {
	_, m, problems := LoadSources(files...)
	if m == nil {
		return nil, unloaded(problems)
	}
	return m, nil
}

func unloaded(problems Problems) error {
	var b strings.Builder
	if err := problems.Write(&b, false); err != nil {
		return err
	}
	return fmt.Errorf("the rules do not load:\n%s", &b)
}

// subject is a rule set, compiled in the ways that are compared.
type subject struct {
	rules   []genRule
	at      map[string]int // in rules, by name
	matcher *Matcher
	oracle  *oracle
}

func newSubject(rules []genRule, maker int) (*subject, error) {
	s := &subject{rules: rules, at: map[string]int{}}
	for i := range rules {
		s.at[rules[i].name] = i
	}
	var err error
	if s.matcher, err = matcherMakers[maker%len(matcherMakers)].make(rules); err != nil {
		return nil, err
	}
	s.oracle, err = newOracle(rules)
	return s, err
}

// result is what a matcher says of an event: for each rule its answer and the
// text of its error; and what is wrong with the list of matches itself.
type result struct {
	verdicts []verdict
	errors   map[int]string
	fault    string
}

func (s *subject) result(matches []Match) result {
	r := result{verdicts: slices.Repeat([]verdict{no}, len(s.rules)), errors: map[int]string{}}
	for _, m := range matches {
		i, ok := s.at[m.Rule.Name]
		if !ok || r.verdicts[i] != no {
			r.fault = fmt.Sprintf("rule %s is there twice, or not a rule", m.Rule.Name)
			return r
		}
		r.verdicts[i] = yes
		if m.Err != nil {
			r.verdicts[i], r.errors[i] = failed, m.Err.Error()
		}
	}
	return r
}

// compare says how the answers to an event differ, or "".
func (s *subject) compare(ev *cloudevent.Event, count *counts) string {
	before := [2]Match{}
	matches := s.matcher.Match(ev, before[:2])
	if len(matches) < 2 || matches[0] != before[0] || matches[1] != before[1] {
		return "Match does not append"
	}
	byName := func(a, b Match) int { return strings.Compare(a.Rule.Name, b.Rule.Name) }
	if inOrder && !slices.IsSortedFunc(matches[2:], byName) {
		return "the matches are not in order of name"
	}
	quick, plain := s.result(matches[2:]), s.result(s.matcher.MatchOneByOne(ev, nil))
	if fault := quick.fault + plain.fault; fault != "" {
		return fault
	}
	var b strings.Builder
	wanted := plain.verdicts
	if count.events++; !raceDetector || count.events%3 == 1 { // the oracle has no races to show
		wanted = s.oracle.answers(ev)
	}
	for i, want := range wanted {
		count.add(want, s.rules[i].when != nil && s.oracle.rules[i].on.MatchString(ev.Type))
		same := quick.verdicts[i] == plain.verdicts[i] && quick.errors[i] == plain.errors[i]
		tooMuch := strings.Contains(plain.errors[i], errCost.Error())
		if same && (plain.verdicts[i] == want || want == stopped || tooMuch) {
			continue
		}
		if tooMuch && !stopsAlike && quick.verdicts[i] == unlimited(s.rules[i], ev) {
			continue
		}
		fmt.Fprintf(&b, "%s: Match says %s, one by one %s, the oracle %s\n", s.rules[i].name,
			said(quick, i), said(plain, i), want)
	}
	return b.String()
}

func said(r result, i int) string {
	if text, ok := r.errors[i]; ok {
		return fmt.Sprintf("error (%s)", text)
	}
	return string(r.verdicts[i])
}

// counts is what the generated rules said, to see that they ask something.
type counts struct {
	events, pairs, asked int
	verdicts             map[verdict]int
}

func (c *counts) add(v verdict, asked bool) {
	c.pairs++
	if c.verdicts == nil {
		c.verdicts = map[verdict]int{}
	}
	if asked {
		c.asked++
		c.verdicts[v]++
	}
}

func (c *counts) String() string {
	text := fmt.Sprintf("%d pairs, %d with a condition to evaluate:", c.pairs, c.asked)
	for _, v := range slices.Sorted(maps.Keys(c.verdicts)) {
		text += fmt.Sprintf(" %s %.1f %%,", v, 100*float64(c.verdicts[v])/float64(c.asked))
	}
	return strings.TrimSuffix(text, ",")
}

// runSet compares all answers of one generated set of rules to its events.
func runSet(t *testing.T, seed uint64, events int, count *counts) {
	w := newWorld(seed)
	rules := w.rules([]int{60, 40, 5, 50, 35, 20}[seed%6])
	s, err := newSubject(rules, int(seed))
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	for range events {
		e := w.event()
		ev := e.made()
		data := slices.Clone(ev.Data)
		if s.compare(ev, count) != "" {
			t.Fatalf("seed %d:\n%s", seed, smallest(rules, e, int(seed)))
		}
		if !bytes.Equal(data, ev.Data) {
			t.Fatalf("seed %d: the event was changed: %q is now %q", seed, data, ev.Data)
		}
	}
}

// TestDifferential is the same at every run. A failure says all that there is
// to know; its seed goes into runSet.
func TestDifferential(t *testing.T) {
	t.Parallel()
	var count counts
	sets, events, pairs := uint64(30), 240, 200_000
	if raceDetector { // which makes it five times as long
		sets, events, pairs = 5, 60, 8_000
	}
	for seed := range sets {
		runSet(t, seed, events, &count)
	}
	t.Log(&count)
	if count.pairs < pairs {
		t.Errorf("these are not many pairs: %s", &count)
	}
	for _, v := range []verdict{yes, no, failed} {
		if count.verdicts[v]*25 < count.asked {
			t.Errorf("there is little to tell apart: %s", &count)
		}
	}
}

// TestLongDifferential goes on with other seeds every time (make test-long).
func TestLongDifferential(t *testing.T) {
	if os.Getenv("WYE_LONG") == "" {
		t.Skip("only with WYE_LONG=1")
	}
	var count counts
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); {
		runSet(t, uint64(time.Now().UnixNano()), 150, &count)
	}
	t.Log(&count)
}
