package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// drawn is what a person reads of one condition and one event's data.
func drawn(t *testing.T, when, data string) string {
	t.Helper()
	m := matcherOf(t, fmt.Sprintf("version: 1\ntargets: {q: {queue: {name: q}}}\nrules: {r: {on: '**', when: %q, to: q}}\n", when))
	ev := &cloudevent.Event{ID: "1", Source: "/s", Type: "t", DataContentType: "application/json", Data: []byte(data)}
	x, err := m.Explain(ev, ExplainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, tree, _ := strings.Cut(written(t, x), "r.yaml:")
	_, tree, _ = strings.Cut(tree, "\n")
	return tree
}

func matcherOf(t *testing.T, text string) *Matcher {
	t.Helper()
	_, m, problems := LoadSources(Source{Name: "r.yaml", Text: []byte(text)})
	if m == nil {
		t.Fatal(report(t, problems))
	}
	return m
}

// TestValuesUnderWideText: characters that take two columns, or none, move no
// value away from what it is the value of; nor is a value put under a literal.
func TestValuesUnderWideText(t *testing.T) {
	for _, c := range []struct{ when, data, want string }{
		{`event.data["名前"] == event.data.note`, `{"名前":"山本","note":"x"}`, `
    ✗ event.data["名前"] == event.data.note
      "山本"                "x"
`},
		{`event.data.a == "🎉" || event.data.b + event.data.c == "x"`, `{"a":"🎈","b":"e\u0301","c":"y"}`, `
    ✗ none of these:
        ✗ event.data.a == "🎉"
          "🎈"
        ✗ event.data.b + event.data.c == "x"
          "é"          │ "y"
                       "éy"
`},
		{`100 - event.data.paid == 5`, `{"paid":10}`, `
    ✗ 100 - event.data.paid == 5
          │ 10
          90
`},
		{`size(event.data.items) == 5`, `{"items":[1]}`, `
    ✗ size(event.data.items) == 5
      1    [1]
`},
		{`event.time > timestamp("2030-01-01T00:00:00Z") || event.data.n == 1`, `{"n":2}`, `
    ✗ none of these is true:
        ✗ event.time > timestamp("2030-01-01T00:00:00Z")
          event.time is absent; event has data, datacontenttype, id, source, specversion, type
        ✗ event.data.n == 1
          2
`},
	} {
		if got := "\n" + drawn(t, c.when, c.data); got != c.want {
			t.Errorf("%s\ngot:%swant:%s", c.when, got, c.want)
		}
	}
}

// TestLongChoices: a chain of choices does not repeat itself at each step.
func TestLongChoices(t *testing.T) {
	when := "false"
	for i := range 20 {
		when = fmt.Sprintf("event.data.n == %d ? event.data.total == %d : %s", i+10, i, when)
	}
	got := drawn(t, when, `{"n":3,"total":1}`)
	if len(got) > 5000 || !strings.Contains(got, "event.data.n == 29 ? … : …\n") {
		t.Errorf("%d bytes:\n%s", len(got), got)
	}
}

func TestFieldOfList(t *testing.T) {
	got := drawn(t, `event.data.customer.tier == "gold"`, `{"customer":[{"tier":"gold"}]}`)
	if !strings.Contains(got, "event.data.customer is a list with one element, [0], and has no field tier\n") {
		t.Error(got)
	}
	got = drawn(t, `event.data.total == 1`, `[]`)
	if !strings.Contains(got, "event.data is a list with no elements, and has no field total\n") {
		t.Error(got)
	}
}

// TestManyNames: what is absent from a large object is told at once, however
// many rules ask for it, and how many names there are is right.
func TestManyNames(t *testing.T) {
	var rules, data strings.Builder
	rules.WriteString("version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n")
	for i := range 30 {
		fmt.Fprintf(&rules, "  r%d: {on: '**', when: 'event.data.absent%d == 1', to: q}\n", i, i)
	}
	for i := range 100_000 {
		fmt.Fprintf(&data, `,"key%d":%[1]d`, i)
	}
	m := matcherOf(t, rules.String())
	ev := &cloudevent.Event{ID: "1", Source: "/s", Type: "t", DataContentType: "application/json", Data: []byte("{" + data.String()[1:] + "}")}
	began := time.Now()
	x, err := m.Explain(ev, ExplainOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if got := x.Rules[0].Message; !strings.HasSuffix(got, " and 99,988 more") {
		t.Error(got)
	}
}

// TestShortNamesAreNotMeant: a name of one or two characters is near any other.
func TestShortNamesAreNotMeant(t *testing.T) {
	if got := drawn(t, `event.data["名前"] == "x"`, `{"n":1}`); !strings.Contains(got, `event.data["名前"] is absent; event.data has n`+"\n") {
		t.Error(got)
	}
}

// TestPlacesOfKeptRules: a rule that was kept while its file changed is at its
// place in the file as it was, whatever is explained before it.
func TestPlacesOfKeptRules(t *testing.T) {
	one := "  a:\n    on: t\n    when: |\n      event.data.x == 1 &&\n      event.data.y == 2\n    to: q\n"
	old := matcherOf(t, "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n"+one)
	now := matcherOf(t, "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  # one\n  # two\n"+strings.Replace(one, "a:", "b:", 1))
	in := newInspection(&cloudevent.Event{ID: "1", Source: "/s", Type: "t", DataContentType: "application/json", Data: []byte(`{"x":1}`)}, nil, ExplainOptions{})
	for _, c := range []struct {
		m    *Matcher
		line int
	}{{old, 8}, {now, 10}, {old, 8}} {
		if got := in.rule(c.m.Rules()[0], true).Decided.Place; got.Line != c.line {
			t.Errorf("line %d, want %d", got.Line, c.line)
		}
	}
}

func TestWhy(t *testing.T) {
	m := matcherOf(t, "version: 1\ntargets: {q: {queue: {name: q}}}\nrules: {r: {on: t, when: event.data.n / 0 == 1, to: q}}\n")
	found := m.Match(&cloudevent.Event{ID: "1", Source: "/s", Type: "t", DataContentType: "application/json", Data: []byte(`{"n":1}`)}, nil)
	if len(found) != 1 || found[0].Why() != "it divides by zero" {
		t.Errorf("%v", found)
	}
}

// TestNarrowTerminal: values stand under what they are the values of, or where a
// terminal would break the line, in a list.
func TestNarrowTerminal(t *testing.T) {
	m := matcherOf(t, "version: 1\ntargets: {q: {queue: {name: q}}}\nrules: {r: {on: t, when: event.data.a + event.data.b == event.data.c, to: q}}\n")
	x, err := m.Explain(&cloudevent.Event{ID: "1", Source: "/s", Type: "t", DataContentType: "application/json", Data: []byte(`{"a":1,"b":2,"c":4}`)}, ExplainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const (
		drawn  = "event.data.c\n      1            3 2               4\n"
		listed = "event.data.c\n          event.data.a + event.data.b = 3\n          event.data.a = 1\n          event.data.b = 2\n          event.data.c = 4\n"
	)
	for columns, want := range map[int]string{0: drawn, 80: drawn, 49: drawn, 48: listed, 30: listed} {
		var b strings.Builder
		if err := x.WriteColumns(&b, false, columns); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%d columns: %v\n%s", columns, err, &b)
		}
	}
}

func TestFailedWords(t *testing.T) {
	for _, c := range []struct {
		failed, counting int
		want             string
	}{
		{0, 0, ""}, {1, 0, ", 1 failed"}, {1200, 0, ", 1,200 failed"},
		{1, 1, ", 1 failed and counts as a match"}, {2, 2, ", 2 failed and count as matches"},
		{4, 1, ", 4 failed and 1 of them counts as a match"}, {4, 2, ", 4 failed and 2 of them count as matches"},
	} {
		if got := failedWords(c.failed, c.counting); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
