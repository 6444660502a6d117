package rules

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

func mustLetterCondition(t *testing.T, text string) *LetterCondition {
	t.Helper()
	c, problems := NewLetterCondition("--where", text)
	if c == nil {
		t.Fatal(report(t, problems))
	}
	return c
}

var letterFacts = LetterFacts{
	Rule: "orders", Target: "billing", Reason: "permanent", Error: "it answered 404 Not Found", Status: 404, Attempts: 3,
	At: time.Date(2026, 1, 31, 9, 12, 0, 0, time.UTC),
}

func TestLetterConditionHolds(t *testing.T) {
	ev := jsonEvent(`{"total": 250, "name": "Jörg", "rule": "small"}`)
	ev.Headers = []cloudevent.Header{{Name: "x-env", Value: "test"}}
	for _, tt := range []struct {
		text string
		want bool
		says string // how the error begins; empty for none
	}{
		{`rule == "orders" && target == "billing" && reason == "permanent"`, true, ""},
		{`reason in ["attempts", "expired"]`, false, ""},
		{`error.contains("Not Found")`, true, ""},
		{`status == 404`, true, ""},
		{`status / 100 == 4 && status != 404.5`, true, ""},
		{`attempts > 2.5`, true, ""},
		{`at >= timestamp("2026-01-31T09:12:00Z") && at < timestamp("2026-02-01T00:00:00Z")`, true, ""},
		{`at.getHours() == 9`, true, ""},
		{`event.time < at`, false, ""}, // it has no time
		{`event.data.total > 100 && headers["x-env"] == "test" && status == 404`, true, ""},
		{`event.data.rule == rule`, false, ""},
		{`[1, 2].exists(status, status == 2)`, true, ""}, // the loop's own name
		{`[404, 410].exists(s, s == status)`, true, ""},
		{`true`, true, ""},
		// What is absent is no match and never an error.
		{`event.data.sum > 100`, false, ""},
		{`!(event.data.sum > 100)`, false, ""},
		{`event.data.sum > 100 || status == 404`, true, ""},
		// What does not go together is one.
		{`event.data.name > attempts`, false, "the condition failed: > cannot be used between the text \"Jörg\" and the number 3"},
		{`100 / (attempts - 3) == 1`, false, "the condition failed: it divides by zero"},
		{`event.data.total + error == ""`, false, "the condition failed: + cannot be used "},
	} {
		held, err := mustLetterCondition(t, tt.text).Holds(ev, letterFacts)
		if held != tt.want || (err == nil) != (tt.says == "") || err != nil && !strings.HasPrefix(err.Error(), tt.says) {
			t.Errorf("%s: %v, %v; expected %v, %q", tt.text, held, err, tt.want, tt.says)
		}
	}
}

// TestLetterConditionAsCondition: of the event both say the same.
func TestLetterConditionAsCondition(t *testing.T) {
	evs := []*cloudevent.Event{jsonEvent(`{"x": 1}`), jsonEvent(`{"x": "a"}`), jsonEvent(`{`), {ID: "1", Source: "/s", Type: "a", Subject: "s"}}
	for _, text := range []string{`event.data.x > 0`, `has(event.data.x)`, `event.subject == "s"`, `event.data == null`, `"a" in headers`} {
		c, l := mustCondition(t, text), mustLetterCondition(t, text)
		for i, ev := range evs {
			want, wantErr := c.Holds(ev)
			if got, err := l.Holds(ev, letterFacts); got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Errorf("%s on event %d: %v, %v; want %v, %v", text, i, got, err, want, wantErr)
			}
		}
	}
}

// TestLetterConditionLeavesData: data that nobody asks for is not read, so data
// that cannot be read does no harm.
func TestLetterConditionLeavesData(t *testing.T) {
	ev := jsonEvent(`{"x": `)
	if held, err := mustLetterCondition(t, `status == 404 && event.type != ""`).Holds(ev, letterFacts); !held || err != nil {
		t.Error(held, err)
	}
	if held, err := mustLetterCondition(t, `status == 404 && event.data.x == 1`).Holds(ev, letterFacts); held || err == nil {
		t.Error(held, err)
	}
	large := jsonEvent(`{"x": [` + strings.Repeat("1,", 100_000) + `1]}`)
	c := mustLetterCondition(t, `target == "billing" && event.type != ""`)
	if _, allocated := measure(func() { c.Holds(large, letterFacts) }); allocated > 10_000 {
		t.Errorf("%d bytes were allocated", allocated)
	}
}

func TestLetterConditionProblems(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{``, "--where:1:1: error WYE014: the condition is empty\n    hint: for example reason == \"permanent\" && status == 404\n"},
		{`stats == 404`, "--where:1:1: error WYE041: there is no name stats here\n    stats == 404\n    ^\n    hint: did you mean status?"},
		{`code == 404`, "hint: a condition has event, headers, rule, target, reason, error, status, attempts and at; for a field of the data write event.data.code, for a text \"code\""},
		{`type == "a"`, "WYE043"}, // CEL's own function of that name
		{`source == "/shop"`, "hint: did you mean event.source?"},
		{`status == "404"`, "--where:1:8: error WYE043: == cannot be used between a whole number and a text"},
		{`at > "2026-01-31T00:00:00Z"`, "hint: make a time of the text: timestamp("},
		{`reason`, "error WYE044: the condition is a text, not true or false"},
		{`rule.name == "x"`, "error WYE043: a text has no fields"},
		{`error.matches("(")`, "error WYE046: "},
		{`status = 404`, "error WYE040: = alone does not exist in CEL"},
		{strings.Repeat("(", 60) + "true" + strings.Repeat(")", 60), "error WYE045: the condition is nested more than 48 brackets deep"},
		{"reason == \"\xff\"", "error WYE004: "},
	} {
		c, problems := NewLetterCondition("--where", tt.text)
		if got := report(t, problems); c != nil || !strings.Contains(got, tt.want) {
			t.Errorf("%.60q: condition %v, problems:\n%s\nexpected:\n%s", tt.text, c, got, tt.want)
		}
		checkTone(t, problems)
	}
}

// TestLetterFactsAreNotForRules: what became of a delivery is not known when a
// rule is asked.
func TestLetterFactsAreNotForRules(t *testing.T) {
	for _, name := range letterConditions.names[2:] {
		text := name + ` != ` + map[string]string{"status": "1", "attempts": "1", "at": `timestamp("2026-01-31T00:00:00Z")`}[name]
		if strings.HasSuffix(text, "= ") {
			text += `"x"`
		}
		mustLetterCondition(t, text)
		if c, problems := NewCondition("--where", text); c != nil || problems[0].Code != codeCELName {
			t.Errorf("%s is a condition over events: %v", text, problems)
		}
	}
}

func TestLetterConditionForMany(t *testing.T) {
	for _, text := range []string{`status % 2 == event.data.x % 2`, `event.data.list.exists(i, i == status)`} {
		c := mustLetterCondition(t, text)
		var askers sync.WaitGroup
		for asker := range 8 {
			askers.Go(func() {
				for i := range 300 {
					n := asker + i
					held, err := c.Holds(jsonEvent(fmt.Sprintf(`{"x": %d, "list": [%d]}`, n, n)), LetterFacts{Status: n})
					if err != nil || !held {
						t.Errorf("%s for %d: %v, %v", text, n, held, err)
						return
					}
				}
			})
		}
		askers.Wait()
	}
}

// FuzzLetterCondition: a text is refused with a place, or a condition that says
// the same of a letter each time.
func FuzzLetterCondition(f *testing.F) {
	for _, text := range []string{`status == 404`, `at > event.time`, `rule + target == error`, `[status, attempts].exists(s, s > 5)`, `has(event.data.a) ? reason == "x" : true`, `status ==`} {
		f.Add(text)
	}
	evs := []*cloudevent.Event{keyEvent(`{"a": 1, "l": [1, 2]}`), jsonEvent(`[`)}
	f.Fuzz(func(t *testing.T, text string) {
		c, problems := NewLetterCondition("--where", text)
		if (c == nil) != problems.HasErrors() {
			t.Fatalf("condition %v with %v", c, problems)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Fatalf("%+v", p)
			}
		}
		for _, ev := range evs {
			if c == nil {
				continue
			}
			held, err := c.Holds(ev, letterFacts)
			again, errAgain := c.Holds(ev, letterFacts)
			if held != again || (err == nil) != (errAgain == nil) || held && err != nil {
				t.Fatalf("%v, %v, then %v, %v", held, err, again, errAgain)
			}
		}
	})
}
