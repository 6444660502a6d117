package rules

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// nearMisses is a set of n rules, all of which look at the same event.
func nearMisses(t testing.TB, n int) *Matcher {
	t.Helper()
	var b strings.Builder
	b.WriteString("version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n")
	for i := range n {
		on := "com.example.order.placed"
		if i%2 == 1 {
			on = fmt.Sprintf("com.example.t%d", i)
		}
		fmt.Fprintf(&b, "  r%05d: {on: %s, to: q, when: 'event.data.tenant == \"t%d\" && event.data.total > %d && event.data.items.exists(i, i.sku == \"s%d\")'}\n", i, on, i, i%700, i%50)
	}
	var sources []Source
	rules := strings.SplitAfter(b.String(), "rules:\n")
	lines := strings.SplitAfter(rules[1], "\n")
	for from := 0; from < len(lines)-1; from += 2000 {
		head := "version: 1\nrules:\n"
		if from == 0 {
			head = rules[0]
		}
		sources = append(sources, Source{fmt.Sprintf("r%d.yaml", from), []byte(head + strings.Join(lines[from:min(from+2000, len(lines)-1)], ""))})
	}
	_, m, problems := LoadSources(sources...)
	if m == nil {
		t.Fatal(problems[0].Message)
	}
	return m
}

var orderOfMany = jsonEvent(`{"tenant": "t4242", "total": 40, "items": [{"sku": "s42"}, {"sku": "x"}]}`)

// TestExplainFindsTheNearMissAmongMany: with 10,000 rules the three that
// nearly matched come first.
func TestExplainFindsTheNearMissAmongMany(t *testing.T) {
	alone(t)
	if testing.Short() {
		t.Skip("loads 10,000 rules")
	}
	m := nearMisses(t, 10_000)
	start := time.Now()
	x := explanation(t, m, orderOfMany, ExplainOptions{})
	t.Logf("%v", time.Since(start))
	if took := time.Since(start); took > 10*slow() {
		t.Errorf("explaining 10,000 rules takes %v", took)
	}
	if x.Counts.Rules != 10_000 || x.Counts.WrongType != 5000 || x.Omitted != 10_000-explainedByDefault || len(x.Rules) != explainedByDefault {
		t.Errorf("%+v, %d told, %d not", x.Counts, len(x.Rules), x.Omitted)
	}
	first := x.Rules[0]
	if first.Near != 0.667 || first.Decided == nil {
		t.Errorf("first is %s (near %v)", first.Name, first.Near)
	}
}

func BenchmarkExplain(b *testing.B) {
	m := nearMisses(b, 10_000)
	for b.Loop() {
		explanation(b, m, orderOfMany, ExplainOptions{})
	}
}

// TestExplainBombs: what makes a condition costly makes its explanation costly
// only by a factor that is known.
func TestExplainBombs(t *testing.T) {
	alone(t)
	ev := jsonEvent(`{"l": [` + strings.Repeat("1,", 999) + `1], "s": "` + strings.Repeat("a", 1<<20) +
		`", "m": [` + strings.Repeat("[1,2],", 50_000) + `1]}`)
	double, nest := strings.Repeat(".map(x, x + x)", 12), strings.Repeat(".map(x, [x, x])", 10)
	loops := "event.data.l"
	for i := range 16 {
		loops = fmt.Sprintf("event.data.l.all(x%d, %s == event.data.l || x%d == 1)", i, loops, i)
	}
	for _, when := range []string{
		`event.data.l.all(x, event.data.l.all(y, x == y || x < 2))`,
		`event.data.l.all(x, event.data.l.all(y, event.data.l.all(z, x + y + z > 0))) && event.data.s.contains("b")`,
		`event.data.l.all(x, size(event.data.s) > x)`,
		`event.data.l.exists(x, event.data.s.matches("(a|a)*b") && x == 2)`,
		`event.data.l.all(x, event.data.m == event.data.m)`,
		`[event.data.s]` + double + ` == []`,
		`[1]` + nest + ` == [2]` + nest,
		`event.data.l.map(x, event.data.l.map(y, event.data.l)).size() > 0`,
		`event.data.l.exists(x, x > 5) || event.data.l.exists(x, x > 6) || event.data.l.exists(x, x > 7) || event.data.m.exists(x, x == 5)`,
		`event.data.s + event.data.s + event.data.s != ""`,
		`event.data.m.exists(x, x == [3]) && event.data.s == "b"`,
		`event.data.s.contains("b") || event.data.s.contains("c") || event.data.s.contains("d")`,
		loops,
	} {
		m := testMatcher(t, when)
		for _, o := range []ExplainOptions{{}, {All: true}} {
			var x *Explanation
			took, allocated := measure(func() { x = explanation(t, m, ev, o) })
			if took > 10*slow() || allocated > 4*vast {
				t.Errorf("%.60s: %v, %d MiB", when, took, allocated>>20)
			}
			if text := written(t, x); len(text) > 1<<20 {
				t.Errorf("%.60s: its text has %d bytes", when, len(text))
			}
			t.Logf("%-62.60s %8v %4d MiB  %s", when, took.Round(time.Millisecond), allocated>>20, x.Rules[0].Outcome)
		}
	}
}

// TestExplainBadEvents: events that are large, deep or strange are explained
// in a few lines.
func TestExplainBadEvents(t *testing.T) {
	alone(t)
	repeat := strings.Repeat
	for name, data := range map[string]string{
		"1 MiB of text":     `{"total": "` + repeat("x", 1<<20) + `"}`,
		"1,000 levels":      `{"total": ` + repeat(`[`, 1000) + repeat(`]`, 1000) + `}`,
		"1,000 objects":     `{"total": ` + repeat(`{"total":`, 1000) + `1` + repeat(`}`, 1000) + `}`,
		"100,000 keys":      `{"total": {` + manyKeys(100_000) + `"z": 1}}`,
		"100,000 elements":  `{"total": [` + repeat("1,", 100_000) + `1]}`,
		"10,000 digits":     `{"total": 1` + repeat("0", 10_000) + `}`,
		"10,000 digits, 0.": `{"total": 0.` + repeat("9", 10_000) + `}`,
		"control texts":     `{"total": "\u001b[31m\u0000\u202e\ud800 \n"}`,
		"strange names":     `{"\u001b[31m": 1, "tot\u202eal": 2, "` + repeat("n", 100_000) + `": 3}`,
		"no object":         `5`,
		"not JSON":          `{"total`,
		"nothing":           ``,
		"100,000 attempts":  `{"a": {` + manyKeys(100_000) + `"totals": 1}}`,
	} {
		for _, when := range []string{
			`event.data.total == 5`, `event.data.total > 5 || event.data.total.exists(x, x == "y")`,
			`event.data.tota == 5`, `event.data.total[3] == 5`, `event.data == "x"`, `size(event.data.total) == 3`,
		} {
			m := testMatcher(t, when)
			ev := jsonEvent(data)
			var x *Explanation
			took, allocated := measure(func() { x = explanation(t, m, ev, ExplainOptions{All: true}) })
			text := written(t, x)
			if took > 10*slow() || allocated > 2*vast || len(text) > 8000 || !utf8.ValidString(text) || strings.ContainsAny(text, "\x1b\x00\u202e") {
				t.Errorf("%s, %s: %v, %d MiB, %d bytes:\n%.2000s", name, when, took, allocated>>20, len(text), text)
			}
			if len(data) < 20_000 {
				checkExplanation(t, m, ev)
			}
		}
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\"key%d\": %d, ", i, i)
	}
	return b.String()
}

// TestExplainUnknownRule: a rule that there is not is an error with a hint, and
// not an explanation of nothing.
func TestExplainUnknownRule(t *testing.T) {
	_, m, _ := LoadSources(Source{"r.yaml", []byte("version: 1\ntargets: {q: {queue: {name: q}}}\nrules: {large-orders: {on: a, to: q}, b: {on: a, to: q}}\n")})
	for name, want := range map[string]string{
		"large-order": `there is no rule "large-order"; did you mean "large-orders"?`,
		"zzz":         `there is no rule "zzz"; the rules are: b, large-orders`,
		"":            `there is no rule ""; the rules are: b, large-orders`,
	} {
		x, err := m.Explain(jsonEvent(`{}`), ExplainOptions{Rules: []string{"b", name}})
		if unknown := (*UnknownRule)(nil); !errors.As(err, &unknown) || unknown.Name != name || err.Error() != want || x != nil {
			t.Errorf("%q: %v", name, err)
		}
		if err := m.Known("b", name); err == nil {
			t.Errorf("%q is known", name)
		}
	}
	x := explanation(t, m, jsonEvent(`{}`), ExplainOptions{Rules: []string{"b", "b"}})
	if len(x.Rules) != 1 || !x.Partial || m.Known("b") != nil {
		t.Errorf("%+v", x)
	}
}

// TestExplainIsSafeForManyAtOnce: a server explains while it matches.
func TestExplainIsSafeForManyAtOnce(t *testing.T) {
	m := nearMisses(t, 300)
	want := written(t, explanation(t, m, orderOfMany, ExplainOptions{}))
	done := make(chan string)
	for range 4 {
		go func() {
			m.Match(orderOfMany, nil)
			done <- written(t, explanation(t, m, orderOfMany, ExplainOptions{}))
		}()
	}
	for range 4 {
		if got := <-done; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// TestExplainWithoutRules: an empty set matches nothing and says so.
func TestExplainWithoutRules(t *testing.T) {
	_, m, problems := LoadSources(Source{"r.yaml", []byte("version: 1\ntargets: {q: {queue: {name: q}}}\n")})
	if m == nil {
		t.Fatal(report(t, problems))
	}
	x := explanation(t, m, &cloudevent.Event{ID: "1", Source: "/", Type: "t"}, ExplainOptions{})
	var b strings.Builder
	if err := x.Write(&b, false); err != nil || !strings.Contains(b.String(), "There are no rules, so it goes nowhere") {
		t.Errorf("%v\n%s", err, &b)
	}
}
