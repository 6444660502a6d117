package rulestest_test

import (
	"testing"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest"
)

// TestMatches holds the sets to what their comments say of them: they load
// without a problem, and an event matches as many rules as it should.
func TestMatches(t *testing.T) {
	for _, c := range []struct {
		set      *rulestest.Set
		from, to float64
	}{
		{rulestest.Mixed(1), 1, 1},
		{rulestest.Mixed(10), 1, 7},
		{rulestest.Mixed(100), 1, 7},
		{rulestest.Mixed(1000), 3, 7},
		{rulestest.Mixed(10_000), 3, 7},
		{rulestest.HotLists(2000), 3, 5},
		{rulestest.MixedAndUnindexable(200, 100), 3, 7},
		{rulestest.AttributesOnly(1000), 3, 7},
		{rulestest.AttributesOnly(5000), 3, 7},
	} {
		mean, least, most := matches(t, c.set)
		t.Logf("%s: %.2f matches an event, %d to %d", c.set.Name, mean, least, most)
		if mean < c.from || mean > c.to {
			t.Errorf("%s: %.2f matches an event, expected %g to %g", c.set.Name, mean, c.from, c.to)
		}
		if len(c.set.Rules) == 1 && least != 1 {
			t.Errorf("%s: an event does not match the only rule", c.set.Name)
		}
	}
}

// matches are how many rules match an event on average, at least and at most.
func matches(t *testing.T, s *rulestest.Set) (mean float64, least, most int) {
	t.Helper()
	m := load(t, s)
	least = len(s.Rules)
	var into []rules.Match
	all := 0
	for _, ev := range s.Events {
		into = m.Match(ev, into[:0])
		for _, match := range into {
			if match.Err != nil {
				t.Fatal(match.Err)
			}
		}
		least, most, all = min(least, len(into)), max(most, len(into)), all+len(into)
	}
	return float64(all) / float64(len(s.Events)), least, most
}

func load(t *testing.T, s *rulestest.Set) *rules.Matcher {
	t.Helper()
	_, m, problems := rules.LoadSources(rulestest.Sources[rules.Source](s)...)
	for _, p := range problems {
		if p.Severity != rules.Note {
			t.Fatal(p)
		}
	}
	if len(m.Rules()) != len(s.Rules) {
		t.Fatalf("%d rules were loaded of %d", len(m.Rules()), len(s.Rules))
	}
	return m
}

// TestOneMore adds a rule to a set and finds that its event matches it alone.
func TestOneMore(t *testing.T) {
	sources := rulestest.Sources[rules.Source](rulestest.MixedAndUnindexable(1000, 100))
	text, ev := rulestest.OneMore(7)
	_, m, problems := rules.LoadSources(append(sources, rules.Source{Name: "added.yaml", Text: rulestest.Alone(text)})...)
	if m == nil {
		t.Fatal(problems)
	}
	if matches := m.Match(ev, nil); len(matches) != 1 || matches[0].Rule.Name != "added-0000007" {
		t.Errorf("%v", matches)
	}
}
