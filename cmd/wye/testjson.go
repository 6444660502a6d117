package main

import (
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/cases"
)

// data writes the forms that show all rule sets together.
func (t *testRun) data(all []tested) error {
	switch t.format {
	case "junit":
		return t.junit(all)
	case "github":
		return t.github(all)
	}
	doc := testDoc{Passed: true, Sets: []setDoc{}}
	for _, one := range all {
		doc.Passed = doc.Passed && t.status(one) == 0
		doc.Sets = append(doc.Sets, setDocOf(one))
	}
	return writeData(t.out, "json", doc)
}

// testDoc is what came out, as the JSON form shows it.
type testDoc struct {
	Passed bool     `json:"passed"` // all of it: the exit status is 0
	Sets   []setDoc `json:"sets"`   // one for each PATH
}

type setDoc struct {
	Path     string          `json:"path"`
	Version  string          `json:"version,omitempty"` // of the rule set
	Passed   int             `json:"passed"`
	Failed   int             `json:"failed"`
	Seconds  float64         `json:"seconds"`
	Findings []finding       `json:"findings"` // what is wrong with the rules or tests; then nothing was run
	Tests    []caseDoc       `json:"tests"`
	Coverage *rules.Coverage `json:"coverage,omitempty"`
	Updated  []updateDoc     `json:"updated,omitempty"`
}

type caseDoc struct {
	Name    string                `json:"name"`
	File    string                `json:"file"`
	Line    int                   `json:"line"`
	Column  int                   `json:"column"`
	Passed  bool                  `json:"passed"`
	Seconds float64               `json:"seconds"`
	Event   eventDoc              `json:"event"`
	Faults  []cases.Fault         `json:"faults,omitempty"`
	Rules   []rules.ExplainedRule `json:"rules,omitempty"` // those that the faults are about, explained
}

type eventDoc struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Type   string `json:"type"`
}

type updateDoc struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Test    string `json:"test"`
	Key     string `json:"key"`
	Written string `json:"written,omitempty"` // what stands there now
	Refused string `json:"refused,omitempty"` // why it was not written
}

func setDocOf(one tested) setDoc {
	doc := setDoc{Path: one.path, Findings: findingsOf([]checked{{one.path, nil, one.problems}}), Tests: []caseDoc{}}
	if one.suite == nil {
		return doc
	}
	r := one.report
	doc.Version, doc.Passed, doc.Failed, doc.Seconds, doc.Coverage = one.suite.Set.Version, r.Passed, r.Failed, r.Took.Seconds(), r.Coverage
	for i := range r.Results {
		result := &r.Results[i]
		at, ev := result.Case.Place, result.Case.Event
		doc.Tests = append(doc.Tests, caseDoc{
			Name: result.Case.Name, File: at.File, Line: at.Line, Column: at.Column, Passed: result.Passed(), Seconds: result.Took.Seconds(),
			Event: eventDoc{ev.ID, ev.Source, ev.Type}, Faults: result.Faults, Rules: result.Explained,
		})
	}
	if one.update != nil {
		for _, c := range one.update.Changes {
			doc.Updated = append(doc.Updated, updateDoc{c.Place.File, c.Place.Line, c.Test, c.Key, c.Written, c.Refused})
		}
	}
	return doc
}
