package matchbench

import (
	"strings"
	"testing"
)

func TestVerdicts(t *testing.T) {
	value := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		value *float64
		want  string
	}{
		{nil, "not measured"}, {value(2), "aim met"}, {value(2.01), "met"}, {value(3), "met"}, {value(3.01), "MISSED"},
	} {
		var r Report
		r.goal("g", c.value, 3, 2)
		if got := r.Goals[0].Verdict; got != c.want {
			t.Errorf("%v: %s, expected %s", c.value, got, c.want)
		}
	}
}

// TestJudge holds every goal to the row that it is about, and to being left out
// where there is none.
func TestJudge(t *testing.T) {
	floors := 2.5
	r := Report{Rows: []Row{
		{Set: tenRules, Rules: 10, AtMost: 3, Aim: 2, Figures: Figures{Floors: &floors, Match: Times{Median: 1000}, Allocations: 0.001}},
		{Set: hundredThousand, Rules: 100_000, Figures: Figures{Match: Times{Median: 3000}}, Load: Load{
			Time: Spent{Seconds: 2}, ParseAndCheck: &Spent{Seconds: 10}, IndexPerRule: 129, AddOne: &AddOne{Alone: 0.5, Large: 19},
		}},
		{Set: "mixed-1000+100", residual: true, Figures: Figures{Allocations: 20}},
	}}
	r.judge()
	want := []string{
		"mixed-10, time of a match in F: met",
		"100,000 mixed rules, in the time of ten: MISSED",
		"allocations an event where nothing residual runs, most of all sets: aim met",
		"100,000 mixed rules, bytes of the index for a rule: MISSED",
		"100,000 mixed rules, loading as a share of cel-go's parse + check: met",
		"one rule added to 100,000, in a file of its own, ms: aim met",
		"one rule added to 100,000, in a file of nearly a MiB, ms: met",
	}
	var got []string
	for _, g := range r.Goals {
		got = append(got, g.Name+": "+g.Verdict)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\n\nexpected\n\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSets holds the names to the sets that they are of.
func TestSets(t *testing.T) {
	for _, s := range allSets() {
		if s.rules > large {
			continue
		}
		if made := s.build(); made.Name != s.name || len(made.Rules) != s.rules {
			t.Errorf("%s of %d rules is %s of %d", s.name, s.rules, made.Name, len(made.Rules))
		}
	}
}

func TestGrouped(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 7: "7", 8.84: "8.8", 999.6: "1,000", 1234567: "1,234,567", -123456: "-123,456", -123: "-123"} {
		if got := grouped(v); got != want {
			t.Errorf("%g: %s, expected %s", v, got, want)
		}
	}
}
