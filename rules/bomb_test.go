package rules

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// measure runs f and tells how long it took and how much it allocated.
func measure(f func()) (time.Duration, uint64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return took, after.TotalAlloc - before.TotalAlloc
}

// The bounds of the tests are far above what is measured (a few milliseconds),
// so that a busy machine does not fail them, and far below what a bomb does
// (seconds, gigabytes).
const vast = 128 << 20

func slow() time.Duration {
	if raceDetector {
		return 30 * time.Second
	}
	return 3 * time.Second
}

func TestYAMLBombs(t *testing.T) {
	alone(t)
	repeat := strings.Repeat
	laughs := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		laughs += "a" + string(rune('1'+i)) + ": &a" + string(rune('1'+i)) + " [" + repeat("*a"+string(rune('0'+i))+",", 9) + "]\n"
	}
	for name, text := range map[string]string{
		"billion laughs":       laughs,
		"10k open brackets":    repeat("[", 10_000),
		"100k closed brackets": repeat("[", 100_000) + repeat("]", 100_000),
		"1M open brackets":     repeat("[", 1_000_000),
		"100k braces":          repeat("{a: ", 100_000),
		"100k dashes":          repeat("- ", 100_000),
		"100k question marks":  repeat("? ", 100_000),
		"65 levels":            "version: 1\nrules: " + repeat("[", 65) + repeat("]", 65),
		"deep block":           deepBlock(300),
		"own alias":            "a: &a [*a]",
		"duplicate keys":       "version: 1\n" + repeat("a: 1\n", 100_000),
		"unknown keys":         "version: 1\nrules:\n" + repeat("  a: {b: 1}\n", 50_000),
		"too large":            repeat("# a comment\n", 100_000),
		"one long line":        "version: 1\nrules: {a: {on: a, to: '" + repeat("x", 1_000_000) + "'}}",
		"many anchors":         "version: 1\nrules: {" + repeat("&a x: 1, ", 100_000) + "}",
		"many faults":          "version: 1\nrules:\n" + repeat("  \"", 100_000),
	} {
		// A bomb is seen for what it is at once. Files that are only long are read
		// to their end, as every file of a MiB is, to tell all that is wrong.
		memory := uint64(64 << 20)
		switch name {
		case "duplicate keys", "unknown keys", "many anchors", "one long line":
			memory = vast
		}
		var problems Problems
		took, allocated := measure(func() { _, _, problems = LoadSources(Source{"bomb.yaml", []byte(text)}) })
		if !problems.HasErrors() || len(problems) > maxReport+1 {
			t.Errorf("%s is accepted", name)
		}
		if took > slow() || allocated > memory {
			t.Errorf("%s: %v, %d MiB", name, took, allocated>>20)
		}
		t.Logf("%-22s %8v %4d MiB  %d problems", name, took.Round(time.Millisecond), allocated>>20, len(problems))
	}
}

func deepBlock(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestLargeFileIsNotRead(t *testing.T) {
	name := t.TempDir() + "/rules.yaml"
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(1 << 30); err != nil {
		t.Skip(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var problems Problems
	_, allocated := measure(func() { _, _, problems = Load(name) })
	if len(problems) != 1 || problems[0].Code != codeTooLarge || allocated > vast {
		t.Error(problems, allocated)
	}
}

// TestConditionsThatAreRefused: bombs for the parser and the type checker.
func TestConditionsThatAreRefused(t *testing.T) {
	repeat := strings.Repeat
	for name, when := range map[string]string{
		"parentheses":      repeat("(", 249) + "true" + repeat(")", 249),
		"lists":            repeat("[", 245) + repeat("]", 245) + " == []",
		"maps":             repeat("{1:", 200) + "1" + repeat("}", 200) + " == {}",
		"unclosed lists":   repeat("[", 4000),
		"long or":          "true" + repeat(" || true", 11_000),
		"choices":          repeat("true ? true : ", 500) + "true",
		"choices, nested":  repeat("true?", 1000) + "true" + repeat(":true", 1000),
		"fields":           "event.data" + repeat(".b", 4000) + " == 1",
		"indexes":          "event.data" + repeat("[0]", 2500) + " == 1",
		"sums":             "1" + repeat("+1", 4000) + " == 1",
		"loops":            "[1]" + repeat(".map(x,x)", 800) + " == [1]",
		"nested loops":     repeat("[1].exists(x,", 49) + "true" + repeat(")", 49),
		"dynamic pattern":  "event.data.s.matches(event.data.p)",
		"repeated pattern": `event.data.s.matches("((a{0,100}){0,100}){0,100}")`,
		"long pattern":     `event.data.s.matches("` + repeat("a", 1100) + `")`,
		"replace":          `event.data.s.replace("a", event.data.s) == ""`,
		"join":             `event.data.l.map(x, event.data.s).join("") == ""`,
		"format":           `"%s%s".format([event.data.s, event.data.s]) == ""`,
		"range":            `lists.range(100000000).size() > 1`,
	} {
		var faults []fault
		took, allocated := measure(func() { _, faults = compileCondition(when) })
		if len(faults) == 0 {
			t.Errorf("%s is accepted", name)
		}
		if took > slow() || allocated > 32<<20 {
			t.Errorf("%s: %v, %d MiB", name, took, allocated>>20)
		}
		t.Logf("%-18s %8v %4d MiB", name, took.Round(time.Millisecond), allocated>>20)
	}
}

// TestConditionsThatAreStopped: bombs that only go off on an event.
func TestConditionsThatAreStopped(t *testing.T) {
	alone(t)
	ev := jsonEvent(`{"l": [` + strings.Repeat("1,", 999) + `1], "s": "` + strings.Repeat("a", 1<<20) +
		`", "m": [` + strings.Repeat("[1,2],", 50_000) + `1]}`)
	double := strings.Repeat(".map(x, x + x)", 30)
	nest := strings.Repeat(".map(x, [x, x])", 15)
	for _, when := range []string{
		`event.data.l.all(x, event.data.l.all(y, x == y || x < 2))`,
		`event.data.l.all(x, event.data.l.all(y, event.data.l.all(z, x + y + z > 0)))`,
		`event.data.l.all(x, size(event.data.s) > x)`,
		`event.data.l.all(x, bytes(event.data.s).size() > x)`,
		`event.data.l.all(x, event.data.s.contains("b") || x == 1)`,
		`event.data.l.all(x, event.data.s.matches("(a|a)*b") || x == 1)`,
		`event.data.l.all(x, event.data.m == event.data.m)`,
		`event.data.l.all(x, 7 in event.data.m || x == 1)`,
		`event.data.l.all(x, event.data.s == event.data.s)`,
		`event.data.l.all(x, event.data.s + "a" != "")`,
		`[event.data.s]` + double + ` == []`,
		`["a"]` + double + ` != []`,
		`[[1]]` + double + ` == [[1]]`,
		`size([[1]]` + double + `[0]) == 0`,
		`[1]` + nest + ` == [1]` + nest,
		`dyn(1) in [1]` + nest + nest,
		`[1]` + nest + nest + `.all(v, v == v)`,
		`[1]` + nest + nest + `.all(v, v in [v, 1])`,
		`event.data.l.map(x, event.data.l.map(y, event.data.l)).size() > 0`,
		`event.data.s + event.data.s + event.data.s != ""`,
		`[event.data.m] == [event.data.m] && [event.data.m, 1] == [event.data.m, 1]`,
	} {
		c, faults := compileCondition(when)
		if len(faults) > 0 {
			t.Logf("%.60s: refused: %s", when, faults[0].message)
			continue
		}
		e := &eventValue{}
		e.reset(ev)
		if _, err := e.dataValue(); err != nil {
			t.Fatal(err)
		}
		var err error
		before := heap()
		took, allocated := measure(func() { _, err = c.eval(e, newFrame(e)) })
		if took > slow() || allocated > 32<<20 || heap() > before+1<<20 {
			t.Errorf("%.60s: %v, %d MiB", when, took, allocated>>20)
		}
		t.Logf("%-62.60s %8v %4d MiB  %v", when, took.Round(time.Millisecond), allocated>>20, err != nil)
	}
}

// TestCostLimitIsARealError and says so in plain words.
func TestCostLimitIsARealError(t *testing.T) {
	ev := jsonEvent(`{"l": [` + strings.Repeat("1,", 999) + `1]}`)
	got := answer(testMatcher(t, `event.data.l.all(x, event.data.l.all(y, x == y))`), ev)
	want := `error: the condition of rule "r" failed: it takes too long on this event (more than 100000 steps)`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// actualCost is how many steps a condition takes on an event.
func actualCost(t *testing.T, when string, ev *cloudevent.Event) uint64 {
	t.Helper()
	c, faults := compileCondition(when)
	if faults != nil {
		t.Fatal(faults)
	}
	e := &eventValue{}
	e.reset(ev)
	_, details, err := c.compiled().Eval(e)
	if err != nil || details == nil || details.ActualCost() == nil {
		t.Fatal(when, err)
	}
	return *details.ActualCost()
}

// TestPatternsOnLongTexts: no pattern takes long on any text. One that could is a
// real error on that event, the same for Match and one by one.
func TestPatternsOnLongTexts(t *testing.T) {
	alone(t)
	long := strings.Repeat("ab", 1<<19)
	for pattern, want := range map[string]verdict{
		`^order-[0-9]+$`:          no,
		`abc`:                     no,
		`(?i)abb`:                 no,
		`ba$`:                     no,
		`(a|a)*c`:                 no,
		`(ab*)*c`:                 no,
		`[ab]*a[ab]{20}c`:         failed,
		`[ab]*a[ab]{900}c`:        failed,
		`(?:a?){300}a{300}b`:      failed,
		`a{1000}b`:                failed,
		`((a|b|ab|ba)(c|d|cd)?)*`: failed,
	} {
		for name, when := range map[string]string{
			"a term":    fmt.Sprintf("event.data.n == 5 && event.data.s.matches(%q)", pattern),
			"in exists": fmt.Sprintf("event.data.l.exists(i, i.matches(%q))", pattern),
		} {
			s, err := newSubject([]genRule{{name: "r", on: []string{"**"}, when: leaf(when)}}, 0)
			if err != nil {
				t.Fatal(err)
			}
			ev := jsonEvent(`{"s": "` + long + `", "n": 5, "l": ["` + long + `"]}`)
			var got verdict
			took, allocated := measure(func() { got = s.result(s.matcher.Match(ev, nil)).verdicts[0] })
			if got != want && name != "in exists" { // a loop counts its steps, too
				t.Errorf("%s: %s: %s, want %s", pattern, name, got, want)
			}
			if took > slow() || allocated > vast {
				t.Errorf("%s: %s: %v, %d MiB", pattern, name, took, allocated>>20)
			}
			if want != failed {
				continue // as everywhere else
			}
			if differs := s.compare(ev, &counts{}); differs != "" {
				t.Errorf("%s: %s: %s", pattern, name, differs)
			}
		}
	}
	short := jsonEvent(`{"s": "` + strings.Repeat("ab", 5000) + `"}`)
	if got := answer(testMatcher(t, `event.data.s.matches("[ab]*a[ab]{900}c")`), short); got != "no" {
		t.Error("on a text that is not long: ", got)
	}
	want := `error: the condition of rule "r" failed: a text of 1048576 bytes is too long for a pattern of this size, which is held against 13888 at most`
	if got := answer(testMatcher(t, `event.data.s.matches("[ab]*a[ab]{900}c")`), jsonEvent(`{"s": "`+long+`"}`)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
