package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/schemas/eventschema"
)

// findingsOf are the findings of a rule file, without the notes about what
// matching costs.
func findingsOf(t *testing.T, o FindingOptions, files ...Source) Problems {
	t.Helper()
	set, _, loaded := LoadSources(files...)
	if set == nil {
		t.Fatalf("it does not load:\n%s", report(t, loaded))
	}
	return slices.DeleteFunc(Findings(set, loaded, o), func(p Problem) bool { return p.Code == codeUnindexed })
}

// conditionFile is a file with one rule, whose condition begins in column 9.
func conditionFile(when string) Source {
	return Source{"r.yaml", []byte("version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  r:\n    on: com.example.order.placed\n    to: q\n    when: |\n      " + when + "\n")}
}

// mark stands in the conditions of tables before what is to be found.
const mark = "§"

// checkFound looks for findings of a code at the marks of a condition, and for
// no others.
func checkFound(t *testing.T, o FindingOptions, condition string, codes ...string) {
	t.Helper()
	when := strings.ReplaceAll(condition, mark, "")
	var want, got []string
	for i, before := range strings.SplitAfter(condition, mark)[:strings.Count(condition, mark)] {
		column := 0
		for _, earlier := range strings.SplitAfter(condition, mark)[:i] {
			column += len([]rune(earlier)) - 1
		}
		column += len([]rune(strings.TrimSuffix(before, mark)))
		want = append(want, fmt.Sprintf("%s at %q", codes[min(i, len(codes)-1)], string([]rune(when)[column:])))
	}
	problems := findingsOf(t, o, conditionFile(when))
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s at %q", p.Code, string([]rune(when)[max(p.Column-7, 0):])))
		if libraryWords.MatchString(p.Message + p.Hint) {
			t.Errorf("words of a library: %s (%s)", p.Message, p.Hint)
		}
		if p.Line != 8 && p.Code != codeUnreached || p.Rule != "r" || p.Hint == "" {
			t.Errorf("place, rule or hint: %+v", p)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s\n%s", condition, diff, report(t, problems))
	}
}

func TestNeverTrue(t *testing.T) {
	for _, condition := range []string{
		`event.data.total > 100 && §event.data.total < 50`,
		`event.data.total > 100 && §event.data.total <= 100`,
		`event.data.total > 100 && event.data.x == 1 && §event.data["total"] == 50.0`,
		`event.data.x == "a" && §event.data.x == "b"`,
		`event.data.x in ["a", "b"] && §event.data.x in ["c", "d"]`,
		`event.data.x in ["a", "b"] && event.data.y == 1 && §event.data.x == "c"`,
		`event.data.x == "a" && §event.data.x > 5`,
		`event.data.x == null && §event.data.x > 5`,
		`event.data.x.startsWith("a") && §event.data.x.startsWith("b")`,
		`event.data.x.startsWith("a") && §event.data.x == "b"`,
		`event.data.x.startsWith("abc") && §!event.data.x.startsWith("ab")`,
		`event.data.x.endsWith(".eu") && §event.data.x.endsWith(".us")`,
		`event.data.x.contains("abc") && §!event.data.x.contains("b")`,
		`event.data.x.matches("^a+$") && §event.data.x == "b"`,
		`event.data.x.matches("^a+$") && §!event.data.x.matches("^a+$")`,
		`event.data.x > "m" && §event.data.x < "c"`,
		`event.data.x > "m" && §event.data.x.startsWith("a")`,
		`has(event.data.x) && §!has(event.data.x)`,
		`!has(event.data.x) && §event.data.x == 1`,
		`event.data.x && §!event.data.x`,
		`event.data.x == true && §event.data.x == false`,
		`type(event.data.x) == string && §event.data.x > 5`,
		`type(event.data.x) == string && §type(event.data.x) == int`,
		`event.data.x == event.data.y && §!(event.data.x == event.data.y)`,
		`size(event.data.items) > 3 && §size(event.data.items) == 0`,
		`§size(event.data.items) < 0`,
		`§event.subject == ""`,
		`§event.specversion == "0.3"`,
		`§event.type == "com.example.order.paid"`,
		`§event.type.startsWith("com.other.")`,
		`§event.time.getMonth() == 12`,
		`§event.data.at > timestamp("2026-01-01T00:00:00Z")`,
		`event.time > timestamp("2026-02-01T00:00:00Z") && §event.time < timestamp("2026-01-01T00:00:00Z")`,
		`"x-env" in headers && §!("x-env" in headers)`,
		`headers["x-env"] == "a" && §headers["x-env"] == "b"`,
		`§1 == 2`,
		`§false`,
		`!(event.data.x == "a" || event.data.x == "b") && §event.data.x == "b"`,
		`event.data.x == 9007199254740993 && §event.data.x == 9007199254740992`,
		// a part only
		`event.data.y == 1 || event.data.x == "a" && §event.data.x == "b"`,
		`has(event.data.x) && (event.data.y == 1 || §!has(event.data.x))`,
		`event.data.x == "a" && (§event.data.x == "b" || event.data.y == 1)`,
		`event.data.l.exists(i, i.x > 5 && §i.x < 3)`,
		`event.data.y == 1 && event.data.l.all(i, i.x == "a" && §i.x == "b")`,
		`event.data.l.filter(i, i.x == "a" && §i.x == "b").size() > 1`,
		`event.data.y == 1 ? event.data.x == 1 : event.data.x == 2 && event.data.y == 2`,
	} {
		checkFound(t, FindingOptions{}, condition, codeNever)
	}
}

func TestAlwaysTrue(t *testing.T) {
	for _, condition := range []string{
		`event.data.status != "a" || §event.data.status != "b"`,
		`!(event.data.x == "a") || §!(event.data.x == "b")`,
		`event.data.x >= 5 || §event.data.x < 5`,
		`event.data.x >= 5 || §event.data.x < 6`,
		`has(event.data.x) || §!has(event.data.x)`,
		`§true`,
		`event.data.x == 1 && §1 == 1`,
		`§"a" in ["a", "b"] && event.data.x == 1`,
		`event.data.x == 1 && §has(event.type)`,
		`event.data.x == 1 || §event.specversion == "1.0"`,
		`event.data.l.exists(i, i.x != 1 || §i.x != 2)`,
		`event.data.y == 1 && (event.data.x != "a" || §event.data.x != "b")`,
	} {
		checkFound(t, FindingOptions{}, condition, codeAlways)
	}
}

// TestNothingToFind: near cases that are right.
func TestNothingToFind(t *testing.T) {
	for _, condition := range []string{
		`event.data.total > 50 && event.data.total < 100`,
		`event.data.total >= 100 && event.data.total <= 100`,
		`event.data.total > 5 && event.data.total < 6`,
		`event.data.total > 100 || event.data.total < 50`,
		`event.data.a == "a" && event.data.b == "b"`,
		`event.data.a.x == 1 && event.data.b.x == 2`,
		`event.data["a.x"] == 1 && event.data.a.x == 2`,
		`event.data.l[0] == 1 && event.data.l[1] == 2`,
		`event.data.x == "a" || event.data.x == "b"`,
		`event.data.x in ["a", "b"] && event.data.x in ["b", "c"]`,
		`event.data.x.startsWith("a") && event.data.x.startsWith("ab") && event.data.x.endsWith("a")`,
		`event.data.x.startsWith("a") && event.data.x.contains("b")`,
		`event.data.x > "a" && event.data.x < "ab"`,
		`event.data.l.exists(i, i == 1) && event.data.l.exists(i, i == 2)`,
		`event.data.l.exists(i, i == 1) && !event.data.l.exists(i, i == 2)`,
		`event.data.l.exists(i, event.data.m.exists(i, i == 2) && i == 1)`,
		`event.data.x == 1 && !(event.data.y == 1 && event.data.x == 2)`,
		`has(event.data.x) && event.data.x > 5`,
		`!has(event.data.x) || event.data.x > 5`,
		`!has(event.data.x) || event.data.x != "a"`,
		`has(event.data.x.y) && event.data.x.y == 1`,
		`event.data.x > 5 || event.data.x <= 4`,
		`type(event.data.x) == string || event.data.x > 5`,
		`type(event.data.x) == int && event.data.x == 5 || type(event.data.x) == string && event.data.x == "5"`,
		`event.data.x == "5" || event.data.x == 5`,
		`event.data.x == "" || event.data.x > 5`,
		`event.data.x in [1, "a"] && event.data.x in ["a", 2]`,
		`event.type == "com.example.order.placed" && event.data.x == 1`,
		`timestamp(event.data.at) > timestamp("2026-01-01T00:00:00Z")`,
		`event.time.getMonth() == 11 && event.time.getHours() > 22`,
		`event.time - timestamp(event.data.at) > duration("1h") && event.time - timestamp(event.data.at) < duration("2h")`,
		`has(event.subject) && event.data.x == 1`,
		`event.data.x == double("NaN") || event.data.x == 1`,
		`event.data.a - event.data.b > 0 && event.data.b - event.data.a < 0`,
		`event.data.x == 9007199254740993 || event.data.x == 9007199254740992`,
		`event.data.n % 2 == 0 ? event.data.x == 1 : event.data.x == 2`,
		`event.data.s.matches("^order-[0-9]+$")`,
		`event.data.s.matches("error|failed")`,
		`event.data.s.matches("^order-[0-9]+")`,
		`event.data.s.matches("(?i)timeout")`,
		`event.data.s.matches("id=[0-9]{1,3};")`,
		`event.data.s.matches(r"^https://api\.example\.com/")`,
		`event.data.s.matches("^v1.0$")`,
		`event.data.s.matches("com.*")`,
		`event.data.s != "failed" && event.data.s.size() > 3`,
		`event.data.s != "failed" && has(event.data.s)`,
		`event.subject != "" && event.data.x == 1`,
		`event.subject != "" && !event.subject.startsWith("logs/")`,
		`size(event.data.items) >= 0 && event.data.x == 1`,
		`!event.data.draft`,
		`event.data.commits.exists(c, c.added.exists(f, f.startsWith("docs/")) || c.removed.exists(f, f.startsWith("docs/")))`,
		`event.type != "a" && event.data.x == 1`,
		`event.data.l.exists(i, i.x != 1)`,
		`event.data.l.all(x, event.data.m.exists(y, x == y))`,
	} {
		checkFound(t, FindingOptions{}, condition, "")
	}
}

func TestMixedKinds(t *testing.T) {
	for _, condition := range []string{
		`event.data.n == "a" || §event.data.n > 100`,
		`event.data.n > 100 || §event.data.n.startsWith("a")`,
		`event.data.n > 100 || event.data.x == 1 || §event.data.n == "a"`,
		`event.data.y == 1 && (event.data.n in [1, 2] || §event.data.n == "three")`,
		`event.data.l.exists(i, event.data.n == 1 || §event.data.n == "x")`,
	} {
		checkFound(t, FindingOptions{}, condition, codeMixed)
	}
}

func TestNegationOfWhatIsAbsent(t *testing.T) {
	for _, condition := range []string{
		`§event.data.status != "failed"`,
		`§!(event.data.status == "failed")`,
		`§!(event.data.status in ["failed", "void"])`,
		`§!event.data.name.startsWith("test-")`,
		`event.data.total > 100 && §headers["x-env"] != "test"`,
		`§event.data.x != "a" && event.data.x != "b"`,
		`§event.subject != "x"`,
		`§event.tenant != "x" || event.data.x == 1`,
	} {
		checkFound(t, FindingOptions{}, condition, codeAbsent)
	}
	problems := findingsOf(t, FindingOptions{}, conditionFile(`event.data.status != "failed"`))
	if want := `to take those too, write (!has(event.data.status) || event.data.status != "failed")`; problems[0].Hint != want || problems[0].Severity != Note {
		t.Error(problems[0])
	}
}

func TestPatterns(t *testing.T) {
	for condition, hint := range map[string]string{
		`event.data.s.matches(§"order-[0-9]+")`:                `for the whole text write "^order-[0-9]+$"`,
		`event.data.s.matches(§"[a-z.]+@x")`:                   `for the whole text write "^[a-z.]+@x$"`,
		`event.data.s.matches(§"[0-9]+")`:                      `for the whole text write "^[0-9]+$"`,
		`event.data.s.matches(§"[A-Z]{3}-[0-9]{4}")`:           `for the whole text write "^[A-Z]{3}-[0-9]{4}$"`,
		`event.data.l.exists(i, i.matches(§"(a|b)-([0-9]+)"))`: `for the whole text write "^(a|b)-([0-9]+)$"`,
		`event.source.matches(§"^https://api.example.com/")`:   `write r'^https://api\.example\.com/'`,
		`event.data.host.matches(§"^[a-z]+\\.example.com$")`:   `write r'^[a-z]+\.example\.com$'`,
		`event.data.s.matches(§"^com.example.order$")`:         `write r'^com\.example.order$'`,
		`event.data.mail.matches(§"@example.com$")`:            `write r'@example\.com$'`,
	} {
		code := codeUnanchored
		if strings.HasPrefix(hint, "write r") {
			code = codeDot
		}
		checkFound(t, FindingOptions{}, condition, code)
		problems := findingsOf(t, FindingOptions{}, conditionFile(strings.ReplaceAll(condition, mark, "")))
		if len(problems) != 1 || problems[0].Hint != hint {
			t.Errorf("%s: %v, want the hint %s", condition, problems, hint)
		}
	}
}

func TestCostIsEstimated(t *testing.T) {
	checkFound(t, FindingOptions{}, `§event.data.a.all(x, event.data.b.all(y, event.data.c.all(z, x + y + z > 0)))`, codeCost)
	checkFound(t, FindingOptions{}, `event.data.a.all(v, §event.data.b.all(w, event.data.a.all(x, event.data.b.all(y, event.data.c.all(z, v + w + x + y + z > 0)))))`, codeCost)
}

// TestEstimateIsNearTheTruth holds the estimate against what is counted.
func TestEstimateIsNearTheTruth(t *testing.T) {
	list := "[" + strings.Repeat("7,", usualElements-1) + "7]"
	texts := `["` + strings.Repeat(strings.Repeat("a", usualText)+`","`, usualElements-1) + strings.Repeat("a", usualText) + `"]`
	ev := jsonEvent(`{"l": ` + list + `, "t": ` + texts + `}`)
	for _, when := range []string{
		`event.data.l.all(x, x > 0)`,
		`event.data.l.all(x, x + x * 2 > 0 && x != 3)`,
		`event.data.l.all(x, event.data.l.all(y, x == y))`,
		`event.data.t.all(x, x.contains("a"))`,
		`event.data.t.all(x, x.matches("^a+$"))`,
		`event.data.l.all(x, x in event.data.l)`,
		`event.data.l.filter(x, x > 0).size() > 5`,
		`event.data.l.map(x, x + 1).all(y, y > 0)`,
		`event.data.l.all(x, x in [1, 2, 3, 4, 5, 6, 7])`,
	} {
		checked, faults := checkCondition(when)
		if faults != nil {
			t.Fatal(faults)
		}
		got, actual := estimate(checked.NativeRep().Expr(), usualElements), actualCost(t, when, ev)
		t.Logf("%-60s %d, counted %d", when, got, actual)
		if got > actual*2 || got < actual/3 {
			t.Errorf("%s: estimated %d, counted %d", when, got, actual)
		}
	}
}

func schemasOf(t *testing.T, files map[string]string) *eventschema.Set {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, dir+"/"+name+".json", text)
	}
	set, problems := LoadSchemas(dir)
	if len(problems) > 0 {
		t.Fatal(report(t, problems))
	}
	return set
}
