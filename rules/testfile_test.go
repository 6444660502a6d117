package rules

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// testsGood are lists of tests that are well formed; testsBad some that are not,
// with a part of what is said, and where.
var (
	testsGood = []string{
		"[{name: a, event: e.json, expect: {}}]",
		"[{name: a, event: events/e.json, expect: []}]",
		"[{name: a, event: ../events/e.json, expect: orders}]",
		"[{name: a, event: {type: t}, expect: [orders, audit]}]",
		"[{name: a, event: {type: t}, expect: {orders: packing, audit: [], x: [p, q]}}]",
		"[{name: a, event: {type: t, data: {a: [1, -2.5e3, null, true, x]}, time: 2026-01-02T00:00:00Z}, expect_some: {a: b}}]",
		"[{name: a, event: {sample: s}, expect_targets: []}]",
		"[{name: a, event: {sample: s, with: {data: null}}, not: x}]",
		"[{name: a, event: {file: e.json, with: {}}, not: [x, y]}]",
		"[{name: a, event: e.json, not: {rules: x, targets: [y]}}]",
		"[{name: a, event: e.json, error: x, headers: {x-env: test}, now: 2026-01-31T08:00:00+01:00}]",
		"[{name: a, event: e.json, payload: {data: {x: 1}}}]",
		"[{name: a, event: e.json, payload: [{to: x, type: t}, {to: [x, y], data: 5}]}]",
		"[{name: a, event: e.json, expect: {}, each: [{name: b}, {name: c, with: {data: {x: 1}}, headers: {a: b}}]}]",
		"[{name: a, event: e.json, expect: {}, now: 2026-01-31}]",
		"[{name: a, each: [{name: b, event: e.json, expect: {}}]}]",
		"[{name: a, event: e.json, expect: {}}, {name: b, event: e.json, expect: {}}]",
	}
	testsBad = map[string]string{
		"":   "tests.yaml:2:7: error WYE102: tests of the test file is empty",
		"[]": "tests.yaml:2:8: error WYE102: tests of the test file is empty",
		"{}": "2:8: error WYE013: tests of the test file is a mapping; it must be a list", "5": "WYE013", "[5]": "WYE013: a test is the number 5; it must be a mapping",
		"[{name: a, event: e.json}]":              `2:9: error WYE100: test "a" expects nothing, so it cannot fail`,
		"[{event: e.json, expect: {}}]":           "2:9: error WYE012: a test has no `name`",
		"[{name: '', event: e.json, expect: {}}]": "WYE014", "[{name: 5, event: e.json, expect: {}}]": "WYE013",
		"[{name: a, expect: {}}]":                                "WYE012: test \"a\" has no `event`",
		"[{name: a, event: e.json, expect: {}, exepct_some: x}]": `2:46: error WYE010: test "a" has no key "exepct_some"`,
		"[{name: a, event: e.json, expect: {}, expect: {}}]":     `WYE011: test "a" has the key "expect" twice`,

		"[{name: a, event: '', expect: {}}]": "WYE013", "[{name: a, event: 5, expect: {}}]": "WYE013", "[{name: a, event: {}, expect: {}}]": "WYE013: event of test \"a\" is a mapping; it must be an event",
		"[{name: a, event: [e.json], expect: {}}]": "WYE013", "[{name: a, event: , expect: {}}]": "WYE013: event of test \"a\" is empty",
		"[{name: a, event: {sample: s, file: e.json}, expect: {}}]": "WYE014: event of test \"a\" has both `sample` and `file`",
		"[{name: a, event: {sample: s, data: {}}, expect: {}}]":     `WYE010: event of test "a" has no key "data"`,
		"[{name: a, event: {sample: 5}, expect: {}}]":               "WYE013", "[{name: a, event: {file: e.json, with: 5}, expect: {}}]": "WYE013",
		"[{name: a, event: e.json, expect: }]": "WYE013: expect of test \"a\" is empty", "[{name: a, event: e.json, expect: 5}]": "WYE013",
		"[{name: a, event: e.json, expect: [a, a]}]": "WYE022", "[{name: a, event: e.json, expect: {a: [b, b]}}]": "WYE022: targets of rule \"a\" in expect of test \"a\" has \"b\" twice",
		"[{name: a, event: e.json, expect: {a: }}]": "WYE013", "[{name: a, event: e.json, expect: {a: {b: c}}}]": "WYE013",
		"[{name: a, event: e.json, expect_some: {}}]": "WYE014", "[{name: a, event: e.json, expect_some: []}]": "WYE014",
		"[{name: a, event: e.json, expect_targets: {}}]": "WYE013", "[{name: a, event: e.json, expect_targets: }]": "WYE013",
		"[{name: a, event: e.json, not: []}]": "WYE014", "[{name: a, event: e.json, not: {}}]": "WYE014", "[{name: a, event: e.json, not: {rule: x}}]": `WYE010: not of test "a" has no key "rule"`,
		"[{name: a, event: e.json, error: []}]": "WYE014", "[{name: a, event: e.json, error: }]": "WYE013",
		"[{name: a, event: e.json, payload: {}}]": "WYE100: payload of test \"a\" expects nothing", "[{name: a, event: e.json, payload: []}]": "WYE014", "[{name: a, event: e.json, payload: 5}]": "WYE013",
		"[{name: a, event: e.json, payload: [{}]}]":           "WYE100",
		"[{name: a, event: e.json, expect: {}, headers: []}]": "WYE013", "[{name: a, event: e.json, expect: {}, headers: {a: 5}}]": "WYE013",
		"[{name: a, event: e.json, expect: {}, now: yesterday}]": "WYE014: now of test \"a\" is the text \"yesterday\"; it must be a time with a zone, or a date",
		"[{name: a, event: e.json, expect: {}, each: []}]":       "WYE102", "[{name: a, event: e.json, expect: {}, each: {}}]": "WYE013",
		"[{name: a, event: e.json, expect: {}, each: [{with: {}}]}]":          "WYE012: a row of test \"a\" has no `name`",
		"[{name: a, event: e.json, expect: {}, each: [{name: b, with: 5}]}]":  "WYE013: with of row \"b\" of test \"a\" is the number 5",
		"[{name: a, event: e.json, expect: {}, each: [{name: b, each: []}]}]": `WYE010: row "b" of test "a" has no key "each"`,
	}
	// testsBadToLoader are beyond what a schema of one file can say.
	testsBadToLoader = map[string]string{
		"[{name: a, event: /etc/e.json, expect: {}}]":                                  "WYE106: the file \"/etc/e.json\" of test \"a\" is not where every machine has it",
		`[{name: a, event: 'C:\e.json', expect: {}}]`:                                  "WYE106",
		"[{name: a, event: e.json, expect: {}}, {name: a, event: e.json, expect: {}}]": `2:54: error WYE101: test "a" stands twice: here and in line 2`,
		"[{name: a, event: {type: t, data: 0x10}, expect: {}}]":                        "WYE105: 0x10 in test \"a\" is a number that JSON cannot write",
		"[{name: a, event: {type: t, data: [.inf]}, expect: {}}]":                      "WYE105",
		"[{name: a, event: {type: t, data: {a: 1, a: 2}}, expect: {}}]":                "WYE011",
		"[{name: a, event: e.json, expect: {}, headers: {Authorization: x}}]":          `WYE104: no rule can read a header "Authorization"`,
		"[{name: a, event: e.json, expect: {x: y}, not: x}]":                           `WYE103: test "a" expects the rule "x" to match (line 2), and not to match`,
		"[{name: a, event: e.json, each: [{name: b}]}]":                                `2:41: error WYE100: row "b" of test "a" expects nothing`,
		"[{name: a, expect: {}, each: [{name: b}]}]":                                   "WYE012: row \"b\" of test \"a\" has no `event`",
		"[{name: a, event: e.json, expect: {}, each: [{name: b}, {name: b}]}]":         `WYE101: row "b" of test "a" stands twice`,
		"[{name: a, event: e.json, payload: [{to: x}]}]":                               "WYE100",
	}
)

// TestSchemaAgreesWithTests: of tests too, what an editor marks is what the
// loader refuses; in a test file and in a rule file.
func TestSchemaAgreesWithTests(t *testing.T) {
	ofTests, ofRules := compileSchemaOf(t, TestSchema()), compileSchema(t)
	agree := func(tests string, good bool) {
		t.Helper()
		text := "version: 1\ntests: " + tests
		var document any
		if err := yaml.Unmarshal([]byte(text), &document); err == nil { // keys that stand twice are for the loader
			document = asJSON(document)
			if err := ofTests.Validate(document); (err == nil) != good {
				t.Errorf("%s\nof a test file should be %v, but the schema says: %v", tests, good, err)
			}
			if err := ofRules.Validate(document); (err == nil) != good {
				t.Errorf("%s\nof a rule file should be %v, but the schema says: %v", tests, good, err)
			}
		}
		if _, _, problems := LoadSources(Source{"rules.yaml", []byte(text)}); problems.HasErrors() == good {
			t.Errorf("%s\nof a rule file should be %v, but the loader says: %v", tests, good, problems)
		}
	}
	for _, tests := range testsGood {
		agree(tests, true)
		if _, problems := ReadTests(Source{"a_test.yaml", []byte("version: 1\ntests: " + tests)}); len(problems) > 0 {
			t.Errorf("%s\n%v", tests, problems)
		}
	}
	for tests, said := range testsBad {
		agree(tests, false)
		expectProblem(t, tests, said)
	}
	for tests, said := range testsBadToLoader {
		expectProblem(t, tests, said)
	}
}

func expectProblem(t *testing.T, tests, said string) {
	t.Helper()
	_, problems := ReadTests(Source{"tests_test.yaml", []byte("version: 1\ntests: " + tests)})
	var text strings.Builder
	problems.Write(&text, false)
	if said = strings.ReplaceAll(said, "tests.yaml:", "tests_test.yaml:"); !strings.Contains(text.String(), said) || len(problems) == 0 {
		t.Errorf("%s\nexpected %q, got:\n%s", tests, said, &text)
	}
	_, _, loaded := LoadSources(Source{"rules.yaml", []byte("version: 1\ntests: " + tests)})
	if !loaded.HasErrors() {
		t.Errorf("%s\nis taken by the loader", tests)
	}
}

// TestTestFiles: what a test file may hold besides.
func TestTestFiles(t *testing.T) {
	for text, said := range map[string]string{
		"tests: [{name: a, event: e.json, expect: {}}]": "WYE009",
		"version: 1":                                          "WYE102: the test file has no tests",
		"version: 1\nsamples: {s: {type: t}}":                 "",
		"version: 1\nrules: {}":                               `WYE010: the test file has no key "rules"`,
		"version: 1\nsamples: {S: {type: t}}":                 "WYE015",
		"version: 1\nsamples: {s: 5}":                         "WYE013: sample of sample \"s\" is the number 5",
		"version: 1\nsamples: {s: &a {type: t}}":              "WYE008",
		"version: 1\nsamples:\n  s: e.json\n  s: {type: t}\n": "WYE011",
		"version: 1\ntests: [":                                "WYE005",
		"":                                                    "WYE002",
	} {
		_, problems := ReadTests(Source{"a_test.yaml", []byte(text)})
		var b strings.Builder
		problems.Write(&b, false)
		if (said == "") != (len(problems) == 0) || !strings.Contains(b.String(), said) {
			t.Errorf("%q\nexpected %q, got:\n%s", text, said, &b)
		}
	}
}

// TestTestsAreNoPartOfRouting: a file with tests is read the fast way, its rules
// are the same, and nothing of the tests stays.
func TestTestsAreNoPartOfRouting(t *testing.T) {
	const text = "version: 1\ntargets:\n  q: {queue: {name: q}}\nrules:\n  a:\n    on: t\n    when: event.data.x == 1\n    to: q\n"
	const tests = "tests:\n- name: it\n  event: {type: t, data: {x: 1}}\n  expect: {a: q}\n"
	for _, whole := range []string{text + tests, strings.Replace(text, "rules:", tests+"rules:", 1)} {
		f := newLoadedFile(input{Source: Source{"r.yaml", []byte(whole)}}, nil)
		if !f.parsePlainly() || len(f.rules) != 1 || f.rules[0].When != "event.data.x == 1" {
			t.Errorf("%s\nis not read plainly", whole)
		}
		tests, problems := ReadTests(Source{"r.yaml", []byte(whole)})
		if len(problems) > 0 || len(tests.Cases) != 1 || tests.Cases[0].Expect.Rules[0].Targets[0].Name != "q" {
			t.Errorf("%+v %v", tests, problems)
		}
	}
	_, _, problems := LoadSources(Source{"r.yaml", []byte(text + strings.Replace(tests, "expect", "exepct", 1))})
	if len(problems) != 2 || problems[1].Line != 12 || problems[1].Message != `test "it" has no key "exepct"` {
		t.Errorf("%+v", problems)
	}
}
