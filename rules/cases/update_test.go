package cases

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUpdate: only what a case expects changes, and only where it failed.
func TestUpdate(t *testing.T) {
	const order = "event: {type: order.placed, data: {total: 250, items: [{fragile: true}]}}"
	for name, c := range map[string]struct{ before, after string }{
		"flow mapping": {
			"- {name: a, " + order + ", expect: {billing: [audit]}} # why\n",
			"- {name: a, " + order + ", expect: {billing: [billing], large: [packing, review], next: []}} # why\n",
		},
		"as it was written where it is right": {
			"- {name: a, " + order + ", expect: {off: [], large: [review, packing], billing: billing}}\n",
			"- {name: a, " + order + ", expect: {large: [review, packing], billing: billing, next: []}}\n",
		},
		"one target for one": {
			"- {name: a, event: {type: order.placed}, expect: {billing: audit}}\n",
			"- {name: a, event: {type: order.placed}, expect: {billing: billing}}\n",
		},
		"block mapping": {`- name: a   # the first
  ` + order + `
  # what must be
  expect:      # all of it
    # people
    off: [audit]  # never

    billing: [audit] # money
    # between
    next: []
  # the end
- name: b
  event: {type: other}
  expect: {}
`, `- name: a   # the first
  ` + order + `
  # what must be
  expect:      # all of it
    # people

    billing: [billing] # money
    # between
    next: []
    large: [packing, review]
  # the end
- name: b
  event: {type: other}
  expect: {}
`},
		"targets in lines": {`- name: a
  ` + order + `
  expect:
    billing: billing
    large:
      - packing   # by hand
      - audit
    next: []
`, `- name: a
  ` + order + `
  expect:
    billing: billing
    large:
      - packing   # by hand
      - review
    next: []
`},
		"nothing is left": {"- name: a\n  event: {type: x}\n  expect: # all\n    billing: billing\n    large: review\n- {name: b, event: {type: x}, expect: []}\n",
			"- name: a\n  event: {type: x}\n  expect: {} # all\n- {name: b, event: {type: x}, expect: []}\n"},
		"nothing was there":       {"- name: a\n  event: {type: order.placed}\n  expect: {}\n", "- name: a\n  event: {type: order.placed}\n  expect: {billing: [billing]}\n"},
		"no end of the last line": {"- name: a\n  event: {type: order.placed}\n  expect:\n    off: audit", "- name: a\n  event: {type: order.placed}\n  expect:\n    billing: [billing]"},
		"names alone":             {"- {name: a, event: {type: order.placed}, expect: large}\n", "- {name: a, event: {type: order.placed}, expect: billing}\n"},
		"list of names":           {"- {name: a, " + order + ", expect: [large, off]}\n", "- {name: a, " + order + ", expect: [billing, large, next]}\n"},
		"list in lines":           {"- name: a\n  event: {type: order.placed}\n  expect_targets:\n  - review # no\n  - audit\n  not: off\n", "- name: a\n  event: {type: order.placed}\n  expect_targets:\n  - billing\n  not: off\n"},
		"no target is left":       {"- name: a\n  event: {type: x}\n  expect_targets:\n  - review\n", "- name: a\n  event: {type: x}\n  expect_targets: []\n"},
		"targets":                 {"- {name: a, " + order + ", expect_targets: review}\n", "- {name: a, " + order + ", expect_targets: [billing, packing, review]}\n"},
		"rows": {`- name: a
  each:
  - {name: one, event: {type: order.placed}, expect: {}}   # 1
  - name: "two # not a comment"
    event: {type: 'x', data: {a: "}"}}
    expect: {billing: [billing]}
`, `- name: a
  each:
  - {name: one, event: {type: order.placed}, expect: {billing: [billing]}}   # 1
  - name: "two # not a comment"
    event: {type: 'x', data: {a: "}"}}
    expect: {}
`},
		"payload": {`- name: a
  event: {type: order.placed, subject: s, data: {total: 250, items: [{sku: "a"}, {sku: b}], note: "x: y"}}
  payload:
    subject: "t" # the subject
    data:
      total: 25      # euros
      items:
      - sku: c
      - {sku: 'b'}
      note: no
`, `- name: a
  event: {type: order.placed, subject: s, data: {total: 250, items: [{sku: "a"}, {sku: b}], note: "x: y"}}
  payload:
    subject: "s" # the subject
    data:
      total: 250      # euros
      items:
      - sku: "a"
      - {sku: 'b'}
      note: "x: y"
`},
		"payload of a target": {
			"- {name: a, event: {type: order.placed, data: [1, 2]}, payload: [{to: billing, data: [1]}, {to: billing, type: x}]}\n",
			"- {name: a, event: {type: order.placed, data: [1, 2]}, payload: [{to: billing, data: [1,2]}, {to: billing, type: \"order.placed\"}]}\n",
		},
		"letters of two bytes": {"- {name: größe, event: {type: order.placed}, expect: {off: [audit]}} # für\n", "- {name: größe, event: {type: order.placed}, expect: {billing: [billing]}} # für\n"},
	} {
		t.Run(name, func(t *testing.T) {
			after, update := updated(t, c.before)
			for _, change := range update.Changes {
				if change.Refused != "" || change.Written == "" {
					t.Errorf("%+v", change)
				}
			}
			if diff := cmp.Diff(c.after, after); diff != "" {
				t.Error(diff)
			}
			again, _ := updated(t, after)
			if again != after {
				t.Error("a second update changes it again")
			}
		})
		t.Run(name+" with CRLF", func(t *testing.T) {
			after, _ := updated(t, strings.ReplaceAll(c.before, "\n", "\r\n"))
			if diff := cmp.Diff(strings.ReplaceAll(c.after, "\n", "\r\n"), after); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// updated is what an update makes of tests.
func updated(t *testing.T, tests string) (string, Update) {
	t.Helper()
	newline := "\n"
	if strings.Contains(tests, "\r\n") {
		newline = "\r\n"
	}
	head := "version: 1" + newline + "tests:" + newline
	dir := placed(t, "-- rules.yaml --\n"+shop(t))
	name := filepath.Join(dir, "rules_test.yaml")
	if err := os.WriteFile(name, []byte(head+tests), 0o640); err != nil {
		t.Fatal(err)
	}
	suite, problems := new(Loader).Load(name)
	if len(problems) > 0 {
		t.Fatal(written(problems))
	}
	update := suite.Update(suite.Run(suite.Cases, false))
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(name); info.Mode().Perm() != 0o640 {
		t.Error("the file has other permissions")
	}
	return strings.TrimPrefix(string(text), head), update
}

// TestUpdateRefuses: what is not written is said, with the reason, and stays.
func TestUpdateRefuses(t *testing.T) {
	for tests, why := range map[string]string{
		"- {name: a, event: {type: order.placed}, not: large, expect_some: large}\n":                                              "", // contradicts itself: not loaded
		"- {name: a, event: {type: order.placed}, not: {rules: billing}}\n":                                                       "`not` says that it must not happen",
		"- {name: a, event: {type: order.placed}, expect_some: large}\n":                                                          "`expect_some` says only what matters",
		"- {name: a, event: {type: order.placed}, expect: [billing], error: large}\n":                                             "change `error` by hand",
		"- {name: a, event: {type: order.odd, data: {total: x}}, expect: {}}\n":                                                   "the condition of rule buried fails on the event: mend it, or write `error: buried`",
		"- {name: a, event: {type: x}, expect: {billing: billing}, each: [{name: b}]}\n":                                          "`expect` stands at the test, for all its rows",
		"- name: a\n  event: {type: x}\n  expect: {billing: billing, # money\n    large: review}\n":                               "it is written in a way that is not rewritten",
		"- {name: a, event: {type: order.placed, data: {}}, payload: {data: {x: 1}}}\n":                                           "data.x is not there",
		"- {name: a, event: {type: order.placed, data: {x: b}}, payload: [{to: review, type: x}]}\n":                              "target review should get a payload",
		"- name: a\n  event: {type: order.placed, data: {x: b}}\n  payload:\n    data:\n      x: |\n        long\n        text\n": "data.x is written over several lines",
	} {
		if why == "" {
			continue
		}
		after, update := updated(t, tests)
		if after != tests || update.Written() != 0 || len(update.Changes) == 0 || !strings.Contains(update.Changes[0].Refused, why) {
			t.Errorf("%s\nexpected %q, got %+v\n%s", tests, why, update, after)
		}
	}
}

// TestUpdateInRuleFiles: the rules around the tests stay as they are, and so does
// a file that has changed meanwhile.
func TestUpdateInRuleFiles(t *testing.T) {
	const mark = "\xef\xbb\xbf"
	before := mark + shop(t) + "tests: # of all\n- {name: a, event: {type: order.placed}, expect: {}}\n"
	dir := t.TempDir()
	name := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(name, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	suite, problems := new(Loader).Load(name)
	if len(problems) > 0 {
		t.Fatal(written(problems))
	}
	report := suite.Run(suite.Cases, false)
	if u := suite.Update(report); u.Written() != 1 {
		t.Errorf("%+v", u)
	}
	text, _ := os.ReadFile(name)
	if want := strings.Replace(before, "expect: {}", "expect: {billing: [billing]}", 1); string(text) != want {
		t.Error(cmp.Diff(want, string(text)))
	}
	if u := suite.Update(report); u.Written() != 0 || u.Changes[0].Refused != "the file has changed meanwhile; run the tests again" {
		t.Errorf("%+v", u)
	}
}

// TestUpdateThroughLinks: a link stays one.
func TestUpdateThroughLinks(t *testing.T) {
	dir := placed(t, "-- rules.yaml --\n"+shop(t)+"-- real/tests.txt --\nversion: 1\ntests: [{name: a, event: {type: order.placed}, expect: {}}]\n")
	link := filepath.Join(dir, "rules_test.yaml")
	if err := os.Symlink("real/tests.txt", link); err != nil {
		t.Skip(err)
	}
	suite, problems := new(Loader).Load(filepath.Join(dir, "rules.yaml"))
	if len(problems) > 0 {
		t.Fatal(written(problems))
	}
	suite.Update(suite.Run(suite.Cases, false))
	text, _ := os.ReadFile(filepath.Join(dir, "real/tests.txt"))
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 || !strings.Contains(string(text), "{billing: [billing]}") {
		t.Errorf("%v %s", err, text)
	}
}
