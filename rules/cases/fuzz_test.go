package cases

import (
	"encoding/json"
	"testing"

	"github.com/wye-events/wye/rules"
)

// FuzzCases: whatever stands under tests, it is either refused with a place, or
// it runs, and an update does what it says or nothing.
func FuzzCases(f *testing.F) {
	for _, text := range []string{
		"- {name: a, event: {type: order.placed, data: {total: 250}}, expect: {large: [review]}}\n",
		"- name: a\n  event: {sample: s, with: {data: {x: [1, {y: null}]}}}\n  headers: {x-env: test}\n  now: 2026-01-01\n  expect_targets: [billing]\n  payload:\n  - to: billing\n    data: {x: 1}\n",
		"- name: a\n  event: {type: order.odd, data: {total: x}}\n  error: [taken]\n  each:\n  - {name: b, with: {type: null}}\n  - {name: c, not: {rules: large}}\n",
		"- name: a\n  event: {type: x}\n  expect:\n    billing: # no\n    - billing\n    large: audit\n",
		"- {name: a, event: e.json, expect: []}", "[]", "{}", "- 5", "- {name: a, event: {type: 'it''s', data: 1e400}, expect_some: [large]}",
	} {
		f.Add(text)
	}
	shop := func() string {
		return "version: 1\ntargets: {audit: {queue: {name: a}}, billing: {queue: {name: b}}, review: {queue: {name: r}}}\n" +
			"rules:\n  large: {on: order.placed, when: event.data.total > 100, to: [review]}\n  billing: {on: order.placed, to: billing}\n" +
			"  taken: {on: order.odd, when: event.data.total > 1, to: audit, on_error: match}\nsamples:\n  s: {type: order.placed}\n"
	}()
	f.Fuzz(func(t *testing.T, tests string) {
		source := rules.Source{Name: "r.yaml", Text: []byte(shop + "tests:\n" + tests)}
		read, problems := rules.ReadTests(source)
		for _, p := range problems {
			if p.Message == "" || p.Code == "" || p.File != "r.yaml" {
				t.Fatalf("%+v", p)
			}
		}
		_, _, loaded := rules.LoadSources(source)
		if read != nil && problems.HasErrors() && !loaded.HasErrors() {
			t.Fatalf("what is wrong is not told when it is loaded: %v", problems)
		}
		suite, problems := new(Loader).LoadSource(source)
		if suite == nil {
			if len(problems) == 0 {
				t.Fatal("neither a suite nor a problem")
			}
			return
		}
		report := suite.Run(suite.Cases, true)
		if _, err := json.Marshal(report.Coverage); err != nil {
			t.Fatal(err)
		}
		if report.Failed == 0 {
			return
		}
		for _, file := range suite.tests { // what an update would write, without a disk
			u := &updater{suite: suite, file: file, editor: newEditor(file.Text())}
			u.dry = true
			var failed []*Result
			for i := range report.Results {
				if !report.Results[i].Passed() {
					failed = append(failed, &report.Results[i])
				}
			}
			u.update(failed)
			for _, c := range u.changes {
				if (c.Written == "") == (c.Refused == "") {
					t.Fatalf("%+v", c)
				}
			}
		}
	})
}
