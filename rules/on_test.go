package rules

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEventTypes(t *testing.T) {
	expr := regexp.MustCompile(onPattern)
	for pattern, types := range map[string]struct{ fit, not string }{
		"com.example.paid":       {"com.example.paid", "com.example.Paid com.example.paid.v1 com.example xcom.example.paid"},
		"*":                      {"a paid payment-failed", "a.b"},
		"**":                     {"a a.b a.b.c", ""},
		"com.*":                  {"com.a com.paid", "com com.a.b org.a com."},
		"*.paid":                 {"a.paid", "paid a.b.paid .paid"},
		"com.*.paid":             {"com.a.paid", "com.paid com.a.b.paid com..paid"},
		"com.**":                 {"com.a com.a.b.c", "com com. org.a"},
		"com.*.**":               {"com.a.b com.a.b.c", "com.a com"},
		"com.example.pay*.v1":    {"com.example.pay.v1 com.example.payment.v1", "com.example.pa.v1 com.example.pay.ment.v1 com.example.payment.v2"},
		"com.*ed":                {"com.ed com.failed", "com.paid.x com.edx"},
		"com.a*b*c":              {"com.abc com.axxbyyc com.abbcc", "com.ab com.acb com.abcd"},
		"com.*a*":                {"com.a com.xay", "com.b com."},
		"com.github.push":        {"com.github.push", "com.github.pushed"},
		"größe.*":                {"größe.klein", "große.klein"},
		"A.b-c_d:e/f":            {"A.b-c_d:e/f", "a.b-c_d:e/f"},
		"arn:aws:s3:*":           {"arn:aws:s3:x", "arn:aws:s4:x"},
		"com.example.order.*.v*": {"com.example.order.placed.v2", "com.example.order.placed.x2"},
	} {
		if err := checkType(pattern); err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
		if !expr.MatchString(pattern) {
			t.Errorf("%s is not in the schema's pattern", pattern)
		}
		r := newCompiledRule(&Rule{On: []string{pattern}}, nil)
		for _, fit := range strings.Fields(types.fit) {
			if !r.FitsType(fit) {
				t.Errorf("%s should fit %s", pattern, fit)
			}
		}
		for _, not := range strings.Fields(types.not) {
			if r.FitsType(not) {
				t.Errorf("%s should not fit %s", pattern, not)
			}
		}
	}
	for _, pattern := range []string{
		"", ".", "a.", ".a", "a..b", "a.**.b", "**.a", "a**", "**a", "a.b**", "***", "a.***", "a b", " a", "a\tb", "a\x00", strings.Repeat("a", 300),
	} {
		if checkType(pattern) == nil {
			t.Errorf("%q is accepted", pattern)
		}
		if expr.MatchString(pattern) && len(pattern) < 200 && !strings.Contains(pattern, "\x00") {
			t.Errorf("%q is in the schema's pattern", pattern)
		}
	}
}

const selection = `version: 1
targets: {q: {queue: {name: q}}}
rules:
  exact:    {on: a.b, to: q}
  both:     {on: [a.b, a.*], to: q}
  glob:     {on: ["x.*", "a.*"], to: q}
  rest:     {on: "**", to: q, when: "event.type == 'a.b'"}
  disabled: {on: a.b, to: q, enabled: false}
  other:    {on: a.c, to: q}
  failing:  {on: a.b, to: q, when: event.data.x > 'a', on_error: match}
  missing:  {on: a.b, to: q, when: event.data.nope > 5}
`

func TestEachRuleMatchesOnce(t *testing.T) {
	_, m, problems := LoadSources(Source{"r.yaml", []byte(selection)})
	if m == nil {
		t.Fatal(problems)
	}
	for eventType, want := range map[string][]string{
		"a.b": {"both", "exact", "failing: error", "glob", "rest"},
		"a.c": {"both", "glob", "other"},
		"x.y": {"glob"},
		"z":   nil,
	} {
		ev := jsonEvent(`{"x": 1}`)
		ev.Type = eventType
		kept := []Match{{}}
		var names []string
		for _, match := range m.Match(ev, kept)[1:] {
			name := match.Rule.Name
			if match.Err != nil {
				name += ": error"
			}
			names = append(names, name)
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("%s: %s", eventType, diff)
		}
	}
	if len(m.Rules()) != 8 || m.Rules()[0].Name != "both" || m.Rules()[1].Enabled {
		t.Error("Rules must list all rules by name, disabled ones too")
	}
}

// TestDisabledRulesAreChecked: switching a rule on must bring no surprise.
func TestDisabledRulesAreChecked(t *testing.T) {
	_, _, problems := LoadSources(Source{"r.yaml", []byte("version: 1\ntargets: {q: {queue: {name: q}}}\nrules: {a: {on: b, to: q, enabled: false, when: event.type}}\n")})
	if !problems.HasErrors() {
		t.Error("a broken disabled rule is accepted")
	}
}

func TestMatchFromManyGoroutines(t *testing.T) {
	m := testMatcher(t, `event.data.items.exists(i, i.n == event.data.want) && headers["x"] == "1" || event.data.s > 5 || -event.data.s == 1 || event.data.n.matches("a")`)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				if got := answer(m, jsonEvent(`{"items": [{"n": 1}, {"n": 2}], "want": 2, "s": "x"}`)); !strings.HasPrefix(got, "error") && got != "no" {
					t.Error(got)
				}
			}
		})
	}
	group.Wait()
}
