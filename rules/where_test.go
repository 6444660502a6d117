package rules

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/wye-events/wye/schemas/cloudevent"
)

func mustCondition(t *testing.T, text string) *Condition {
	t.Helper()
	c, problems := NewCondition("--where", text)
	if c == nil {
		t.Fatal(report(t, problems))
	}
	return c
}

func TestConditionHolds(t *testing.T) {
	ev := jsonEvent(`{"total": 250, "items": [{"fragile": true}], "name": "Jörg"}`)
	ev.Headers = []cloudevent.Header{{Name: "x-env", Value: "test"}}
	for _, tt := range []struct {
		text string
		want bool
		says string // how the error begins; empty for none
	}{
		{`event.data.total > 100`, true, ""},
		{`event.data.total > 250`, false, ""},
		{`event.data.total == 250.0`, true, ""},
		{`event.data.items.exists(i, i.fragile)`, true, ""},
		{`headers["x-env"] == "test"`, true, ""},
		{`event.data.name == "Jörg"`, true, ""},
		{"true", true, ""},
		{"\n event.data.total > 100 // the large ones\n", true, ""},
		// What is absent is no match and never an error.
		{`event.data.sum > 100`, false, ""},
		{`!(event.data.sum > 100)`, false, ""},
		{`event.data.sum > 100 || event.data.total > 100`, true, ""},
		{`event.subject == "x"`, false, ""},
		// What does not go together is one.
		{`event.data.name > 100`, false, "the condition failed: > cannot be used "},
		{`100 / (event.data.total - event.data.total) == 1`, false, "the condition failed: it divides by zero"},
	} {
		held, err := mustCondition(t, tt.text).Holds(ev)
		if held != tt.want || (err == nil) != (tt.says == "") || err != nil && !strings.HasPrefix(err.Error(), tt.says) {
			t.Errorf("%s: %v, %v; expected %v, %q", tt.text, held, err, tt.want, tt.says)
		}
	}
}

// TestConditionAsInARule holds a condition against the same text as a `when`.
func TestConditionAsInARule(t *testing.T) {
	evs := []*cloudevent.Event{
		jsonEvent(`{"x": 1}`), jsonEvent(`{"x": "a"}`), jsonEvent(`{}`), jsonEvent(`[1]`), jsonEvent(`null`),
		{ID: "1", Source: "/s", Type: "a"}, {ID: "2", Source: "/s", Type: "a", DataContentType: "text/plain", Data: []byte("x")},
	}
	for _, when := range []string{`event.data.x > 0`, `event.data == "x"`, `has(event.data.x)`, `!has(event.data.x)`, `event.data[0] == 1`, `event.data == null`} {
		text := fmt.Sprintf("version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  r: {on: '**', to: q, when: '%s'}\n", when)
		_, m, problems := LoadSources(Source{"r.yaml", []byte(text)})
		if m == nil {
			t.Fatal(report(t, problems))
		}
		c := mustCondition(t, when)
		for i, ev := range evs {
			found := m.Match(ev, nil)
			held, err := c.Holds(ev)
			if want := len(found) == 1 && found[0].Err == nil; held != want || (err != nil) != (len(found) == 1 && found[0].Err != nil) {
				t.Errorf("%s on event %d: %v, %v; the rule says %v", when, i, held, err, found)
			}
		}
	}
}

func TestConditionProblems(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{``, "--where:1:1: error WYE014: the condition is empty\n    hint: for example event.data.total > 100\n"},
		{" \n\t", "--where:1:1: error WYE014: the condition is empty\n"},
		{`event.sorce == "/shop"`, "--where:1:7: error WYE042: sorce is hardly the name of an attribute\n    event.sorce == \"/shop\"\n          ^\n    hint: did you mean event.source?"},
		{`event.data.total >`, "--where:1:19: error WYE040: "},
		{"event.type == \"Zürich\" &&\n  evnt.id == \"a\"", "--where:2:3: error WYE041: "},
		{`event.type`, "error WYE044: "},
		{`event.type > 1`, "error WYE043: "},
		{`event.type.matches("(")`, "error WYE046: "},
		{"event.type == \"ü\xff\"", "--where:1:17: error WYE004: this byte is not UTF-8 text\n    event.type == \"ü�\"\n                    ^\n"},
		{"event.type == \x00", "error WYE040: "},
		{strings.Repeat("(", 60) + "true" + strings.Repeat(")", 60), "error WYE045: the condition is nested more than 48 brackets deep"},
		{"event.type == \"" + strings.Repeat("x", 9<<10) + "\"", "error WYE045: the condition has 9232 bytes; it may have 8192"},
		{`event.type in ["` + strings.Repeat(`a","`, 4000) + `"]`, "error WYE045: "},
	} {
		c, problems := NewCondition("--where", tt.text)
		if got := report(t, problems); c != nil || !strings.Contains(got, tt.want) {
			t.Errorf("%.60q: condition %v, problems:\n%s\nexpected:\n%s", tt.text, c, got, tt.want)
		}
		checkTone(t, problems)
	}
}

// TestConditionForMany: one condition may be asked by many at once, also one
// whose cost is counted while it runs.
func TestConditionForMany(t *testing.T) {
	for _, text := range []string{`event.data.x % 2 == 0`, `event.data.list.exists(i, i % 2 == 0)`} {
		c := mustCondition(t, text)
		var askers sync.WaitGroup
		for asker := range 8 {
			askers.Go(func() {
				for i := range 500 {
					n := asker + i
					held, err := c.Holds(jsonEvent(fmt.Sprintf(`{"x": %d, "list": [%d]}`, n, n)))
					if err != nil || held != (n%2 == 0) {
						t.Errorf("%s for %d: %v, %v", text, n, held, err)
						return
					}
				}
			})
		}
		askers.Wait()
	}
}
