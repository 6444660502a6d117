package cases

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/rules"
)

// TestCoverage: what is seen of the clauses of a condition, by events with this
// data. A line is a clause: T and F how often it was true and false, A absent, E
// failed, and ! where it decided.
func TestCoverage(t *testing.T) {
	for _, c := range []struct {
		when, data string // events apart by |
		want       string
	}{
		{"event.data.a > 1", "{a: 2}|{a: 1}", "event.data.a > 1 T1! F1!"},
		{"event.data.a > 1", "{}|{a: x}|{a: 2}", "event.data.a > 1 T1! F0 A1 E1"},
		{"event.data.a && event.data.b", "{a: true, b: true}|{a: false, b: false}", "event.data.a T1! F1|event.data.b T1! F1"},
		{"event.data.a && event.data.b", "{a: true, b: true}|{a: true, b: false}", "event.data.a T2! F0|event.data.b T1! F1!"},
		{"event.data.a || event.data.b", "{a: true, b: true}|{a: false, b: false}", "event.data.a T1 F1!|event.data.b T1 F1!"},
		{"event.data.a || event.data.b && !event.data.c", "{a: false, b: true, c: false}", "event.data.a T0 F1|event.data.b T1! F0|event.data.c T0 F1!"},
		{"has(event.data.a) && event.data.a.b == 5", "{a: {b: 5}}|{}", "has(event.data.a) T1! F1!|event.data.a.b == 5 T1! F0 A1"},
		{"event.data.a ? event.data.b : event.data.c", "{a: true, b: true, c: true}", "event.data.a T1 F0|event.data.b T1! F0|event.data.c T0 F0"},
		{"event.data.a ? event.data.b : event.data.c", "{a: true, b: true, c: false}|{a: false, c: false}", "event.data.a T1! F1|event.data.b T1! F0|event.data.c T0 F1!"},
		{"event.data.l.exists(i, i > 1)", "{l: [1, 2]}|{l: []}", "event.data.l.exists(i, i > 1) T1! F1!"},
		{"event.data.l.exists(i, i.a && i.b)", "{l: [{a: true, b: false}, {a: true, b: true}]}|{l: []}", "event.data.l.exists(i, i.a && i.b) T1! F1!|i.a T2! F0|i.b T1! F1"},
		{"event.data.l.all(i, i.a || i.b)", "{l: [{a: false, b: true}]}|{l: [{a: false, b: false}]}", "event.data.l.all(i, i.a || i.b) T1! F1!|i.a T0 F2!|i.b T1! F1!"},
		{"true", "{}", ""},
		{"event.data.a == 1 && 1 < 2", "{a: 1}", "event.data.a == 1 T1! F0"},
	} {
		s := suiteOf(t, "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  r:\n    on: t\n    when: "+fmt.Sprintf("%q", c.when)+"\n    to: q\n", rowsOf(strings.Split(c.data, "|")))
		covered := s.Run(s.Cases, true).Coverage.Rules[0]
		if diff := cmp.Diff(c.want, clausesText(covered.Clauses[1:])); diff != "" {
			t.Errorf("%s of %s: %s", c.when, c.data, diff)
		}
	}
}

// rowsOf are tests that pass whatever happens to their events.
func rowsOf(data []string) string {
	var b strings.Builder
	for i, d := range data {
		fmt.Fprintf(&b, "- {name: n%d, event: {type: t, data: %s}, not: {targets: q, rules: r}}\n", i, d)
	}
	return b.String()
}

func clausesText(clauses []rules.CoveredClause) string {
	var all []string
	mark := map[bool]string{true: "!"}
	for _, c := range clauses {
		text := fmt.Sprintf("%s T%d%s F%d%s", c.Text, c.True, mark[c.DecidedTrue], c.False, mark[c.DecidedFalse])
		if c.Absent > 0 {
			text += fmt.Sprintf(" A%d", c.Absent)
		}
		if c.Failed > 0 {
			text += fmt.Sprintf(" E%d", c.Failed)
		}
		all = append(all, text)
	}
	return strings.Join(all, "|")
}

// TestCoverageOfTypes: the types of events count too, disabled rules do not, and
// the whole is that of all clauses.
func TestCoverageOfTypes(t *testing.T) {
	s := suiteOf(t, `version: 1
targets: {q: {queue: {name: q}}}
rules:
  all: {on: "**", to: q}
  none: {on: never, when: event.data.x == 1, to: q}
  off: {on: t, to: q, enabled: false}
  some: {on: [u, "t*"], to: q}
`, "- {name: a, event: {type: t1}, expect: [all, some]}\n- {name: b, event: {type: x}, expect: all}\n")
	c := s.Run(s.Cases, true).Coverage
	var got []string
	for _, r := range c.Rules {
		got = append(got, fmt.Sprintf("%s %d/%d matched %d %s", r.Name, r.Seen, len(r.Clauses), r.Matched, clausesText(r.Clauses)))
	}
	want := []string{
		"all 1/1 matched 2 ** T2 F0",
		"none 0/2 matched 0 never T0 F2|event.data.x == 1 T0 F0",
		"some 1/1 matched 1 u, t* T1 F1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c.Seen != 2 || c.Clauses != 4 || c.Percent != 50 {
		t.Errorf("%+v", c)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var again rules.Coverage
	if err := json.Unmarshal(text, &again); err != nil || cmp.Diff(c, &again, cmp.AllowUnexported(rules.Place{})) != "" {
		t.Error(err, string(text))
	}
}

// TestCoverageSaysWhere: a clause stands where its text does.
func TestCoverageSaysWhere(t *testing.T) {
	s := suiteOf(t, "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  r:\n    on: t\n    when: |\n      event.data.a == 1\n        && event.data.b == 2\n    to: q\n", rowsOf([]string{"{}"}))
	c := s.Run(s.Cases, true).Coverage.Rules[0]
	if at := c.Clauses[2].Place; at.File != "rules.yaml" || at.Line != 8 || at.Column != 12 {
		t.Errorf("%+v", at)
	}
}
