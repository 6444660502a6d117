package cases

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/rules"
)

const oneRule = `-- rules.yaml --
version: 1
targets: {q: {queue: {name: q}}, both: {queue: {name: b}}}
rules:
  r: {on: t, to: q}
  both: {on: u, to: both}
samples:
  shared: {type: t}
`

const goodEvent = `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"x":1.50}}`

// TestBadTests: each fault with its place, its code and what to do.
func TestBadTests(t *testing.T) {
	for name, c := range map[string]struct{ more, tests, said string }{
		"unknown rule":            {"", "event: {type: t}, expect: {rr: q}", `rules_test.yaml:2:46: error WYE107: test "a" names the rule "rr", which does not exist`},
		"nearest rule":            {"", "event: {type: t}, error: bote", `hint: did you mean "both"?`},
		"unknown target":          {"", "event: {type: t}, expect: {r: [q, qq]}", `WYE108: test "a" names the target "qq", which does not exist`},
		"targets that there are":  {"", "event: {type: t}, expect_targets: nowhere", "hint: the targets are: both, q"},
		"target of a payload":     {"", "event: {type: t}, payload: [{to: x, type: t}]", "WYE108"},
		"neither":                 {"", "event: {type: t}, not: x", `WYE107: test "a" names "x", which is neither a rule nor a target`},
		"both":                    {"", "event: {type: t}, not: both", `WYE109: test "a" denies "both", which is the name of a rule and of a target`},
		"both, way out":           {"", "event: {type: t}, not: both", "hint: say which: `not: {rules: [both]}` or `not: {targets: [both]}`"},
		"denied rule":             {"", "event: {type: t}, not: {rules: q}", `names the rule "q"`},
		"denied target":           {"", "event: {type: t}, not: {targets: r}", `names the target "r"`},
		"of a row":                {"", "event: {type: t}, each: [{name: b, expect: x}]", `WYE107: row "b" of test "a" names the rule "x"`},
		"no type":                 {"", "event: {data: 5}, expect: {}", `rules_test.yaml:2:26: error WYE110: the event of test "a" is not valid: attribute "type": is missing`},
		"bad attribute":           {"", "event: {type: t, Subject: x}, expect: {}", `attribute "Subject"`},
		"bad time":                {"", "event: {type: t, time: noon}, expect: {}", `attribute "time"`},
		"row takes the type away": {"", "event: {type: t}, expect: {}, each: [{name: b, with: {type: null}}]", `the event of test "a/b" is not valid: attribute "type": is missing`},
		"no file":                 {"", "event: e.json, expect: {}", `WYE106: the file DIR/e.json of test "a" cannot be read: there is no such file`},
		"directory":               {"-- d/x --\n", "event: d, expect: {}", "cannot be read: it is not a file"},
		"file with data only":     {"-- e.json --\n{\"total\": 5}\n", "event: e.json, expect: {}", "WYE110: the file DIR/e.json of test \"a\" is no event: it has no specversion. Is it only the data of one?"},
		"file with two":           {"-- e.json --\n" + goodEvent + "\n" + goodEvent + "\n", "event: e.json, expect: {}", "has several events; a test has one"},
		"file with a batch":       {"-- e.json --\n[" + goodEvent + "]\n", "event: e.json, expect: {}", "has several events"},
		"file without a source":   {"-- e.json --\n{\"specversion\":\"1.0\",\"id\":\"1\",\"type\":\"t\"}\n", "event: e.json, expect: {}", `is no valid event: attribute "source": is missing`},
		"file that is no JSON":    {"-- e.json --\nhello\n", "event: {file: e.json, with: {id: x}}, expect: {}", "is no valid event"},
		"unknown sample":          {"", "event: {sample: shred}, expect: {}", `WYE111: test "a" uses the sample "shred", which does not exist`},
		"nearest sample":          {"", "event: {sample: shred}, expect: {}", `hint: did you mean "shared"?`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := placed(t, oneRule+"-- rules_test.yaml --\nversion: 1\ntests: [{name: a, "+c.tests+"}]\n"+c.more)
			suite, problems := new(Loader).Load(filepath.Join(dir, "rules.yaml"))
			got := strings.ReplaceAll(written(problems), dir, "DIR")
			if suite != nil || !strings.Contains(got, strings.ReplaceAll(c.said, "rules_test.yaml:", "DIR/rules_test.yaml:")) {
				t.Errorf("expected %q, got:\n%s", c.said, got)
			}
			set, _, loaded := rules.Load(filepath.Join(dir, "rules.yaml"))
			if loaded.HasErrors() {
				t.Fatal("the rules do not load because of it:", loaded)
			}
			if diff := cmp.Diff(problems, Check(filepath.Join(dir, "rules.yaml"), set)); diff != "" {
				t.Error("a check says something else:", diff)
			}
		})
	}
}

// TestSamples: those of the file and of the rule files, made of each other.
func TestSamples(t *testing.T) {
	for name, c := range map[string]struct{ samples, event, said string }{
		"own":            {"s: {type: t, subject: own}", "{sample: s}", "subject=own"},
		"of a rule file": {"s: {type: t}", "{sample: shared}", "subject="},
		"own first":      {"shared: {type: t, subject: own}", "{sample: shared}", "subject=own"},
		"of a sample":    {"s: {sample: shared, with: {subject: a, data: {x: 1, y: 2}}}", "{sample: s, with: {subject: b, data: {x: 3}}}", "subject=b data=map[x:3 y:2]"},
		"of a file":      {"s: {file: e.json, with: {data: {y: 2}}}", "{sample: s}", "data=map[x:1.50 y:2]"},
		"of itself":      {"s: {sample: s}", "{sample: s}", `WYE111: sample "s" leads back to itself`},
		"round about":    {"s: {sample: r}\n  r: {sample: s}", "{type: t}", `leads back to itself: the sample "r" is made of itself`},
		"missing":        {"s: {sample: none}", "{type: t}", `sample "s" uses the sample "none", which does not exist`},
		"twice":          {"s: {type: t}", "{sample: common}", `is in two rule files: DIR/rules/a.yaml and DIR/rules/b.yaml`},
		"bad":            {"s: {data: 5}", "{type: t}", `the event of sample "s" is not valid: attribute "type"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := placed(t, strings.Replace(oneRule, "rules.yaml", "rules/rules.yaml", 1)+
				"-- rules/a.yaml --\nversion: 1\nsamples: {common: {type: t}}\n-- rules/b.yaml --\nversion: 1\nsamples: {common: {type: t}}\n"+
				"-- rules/e.json --\n"+goodEvent+"\n-- rules/rules_test.yaml --\nversion: 1\nsamples:\n  "+c.samples+"\ntests:\n- {name: a, event: "+c.event+", expect_some: r}\n")
			suite, problems := new(Loader).Load(filepath.Join(dir, "rules"))
			got := strings.ReplaceAll(written(problems), dir, "DIR")
			if suite != nil {
				ev := suite.Cases[0].Event
				got = "subject=" + ev.Subject
				if members, ok := decode(ev.Data); ok {
					got += " data=" + strings.ReplaceAll(mapText(members), "\n", "")
				}
			}
			if !strings.Contains(got, c.said) {
				t.Errorf("expected %q, got %q", c.said, got)
			}
		})
	}
}

// TestWhichTests: what a path stands for.
func TestWhichTests(t *testing.T) {
	test := func(name string) string {
		return "-- " + name + " --\nversion: 1\ntests: [{name: " + strings.ReplaceAll(name, "/", "-") + ", event: {type: t}, not: nothing}]\n"
	}
	rule := func(name, more string) string {
		return "-- " + name + " --\nversion: 1\n" + more + "tests: [{name: " + strings.ReplaceAll(name, "/", "-") + ", event: {type: t}, not: nothing}]\n"
	}
	const base = "targets: {q: {queue: {name: q}}}\nrules: {nothing: {on: never, to: q}}\n"
	dir := placed(t, rule("a.yaml", base)+rule("sub/b.yaml", "")+rule("two/x.yaml", base)+rule("two/y.yaml", base)+
		test("a_test.yaml")+test("more_test.yml")+test("sub/b_test.yaml")+test("sub/deep/c_test.yaml")+test(".hidden/d_test.yaml")+test(".e_test.yaml")+
		test("two/x_test.yaml")+test("two/y_test.yaml")+test("two/z_test.yaml"))
	for path, want := range map[string]string{
		"a.yaml":          "a.yaml a_test.yaml more_test.yml",
		"":                "a.yaml a_test.yaml more_test.yml",
		"a_test.yaml":     "a_test.yaml",
		"more_test.yml":   "more_test.yml",
		"two/x.yaml":      "two-x.yaml two-x_test.yaml two-z_test.yaml",
		"two/y.yaml":      "two-y.yaml two-y_test.yaml two-z_test.yaml",
		"two":             "WYE020",
		"absent":          "WYE001",
		"absent_test.yml": "WYE001",
	} {
		checkTests(t, dir, path, want)
	}
	two := placed(t, rule("a.yaml", base)+rule("sub/b.yaml", "")+test("sub/b_test.yaml")+test("sub/deep/c_test.yaml")+test("sub/.x/d_test.yaml"))
	checkTests(t, two, "...", "a.yaml sub-b.yaml sub-b_test.yaml sub-deep-c_test.yaml")
}

func checkTests(t *testing.T, dir, path, want string) {
	t.Helper()
	suite, problems := new(Loader).Load(filepath.Join(dir, path))
	var got []string
	for _, p := range problems {
		got = append(got, p.Code)
	}
	if suite != nil {
		for _, c := range suite.Cases {
			got = append(got, c.Name)
		}
	}
	if want == "WYE020" && len(got) > 1 {
		got = got[:1]
	}
	if diff := cmp.Diff(strings.Fields(want), got); diff != "" {
		t.Errorf("%s: %s", path, diff)
	}
}

// TestEventKeepsItsSpelling: an event of a file that nothing is laid over is the
// one in the file, to the byte.
func TestEventKeepsItsSpelling(t *testing.T) {
	dir := placed(t, oneRule+"-- e.json --\n"+goodEvent+"\n-- rules_test.yaml --\nversion: 1\ntests: [{name: a, event: e.json, expect: r}]\n")
	l := new(Loader)
	suite, problems := l.Load(filepath.Join(dir, "rules.yaml"))
	if len(problems) > 0 || string(suite.Cases[0].Event.Data) != `{"x":1.50}` {
		t.Error(problems)
	}
	want := []string{filepath.Join(dir, "rules.yaml"), filepath.Join(dir, "rules_test.yaml"), filepath.Join(dir, "e.json")}
	if diff := cmp.Diff(want, l.Files); diff != "" {
		t.Error(diff)
	}
}
