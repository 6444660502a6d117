package rules

import (
	"fmt"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// testRoot reads a test file.
func (p *parser) testRoot(n *yaml.Node) {
	entries, ok := p.mapping(n, keysOf(testFileShape{}))
	if !ok {
		return
	}
	p.version(n, entries)
	p.samplesAndTests(entries)
	if _, ok := entries["tests"]; !ok {
		if _, samples := entries["samples"]; !samples {
			p.report(n, codeNoTests, "the test file has no tests", testHint)
		}
	}
}

// testsOfRules reads the tests of a rule file, and nothing else of it.
func (p *parser) testsOfRules(root *yaml.Node) {
	entries := map[string]entry{}
	for _, key := range []string{"samples", "tests"} {
		if n := nodeUnder(root, key); n != nil {
			entries[key] = entry{value: n}
		}
	}
	p.samplesAndTests(entries)
}

func (p *parser) samplesAndTests(entries map[string]entry) {
	if e, ok := entries["samples"]; ok {
		p.named(e.value, "sample", p.testSample)
	}
	if e, ok := entries["tests"]; ok {
		outer := p.what
		p.out.tests.Cases = p.cases(e.value, "tests", p.testCase)
		p.what = outer
	}
}

func (p *parser) testSample(key, n *yaml.Node) {
	if ev, ok := p.testEvent("sample", n); ok {
		p.out.tests.Samples = append(p.out.tests.Samples, TestSample{p.testName(key), *ev})
	}
}

const testHint = "a test is like `- {name: a large order is packed, event: events/large.json, expect: {large-orders: packing}}`"

// cases reads a list of cases or rows, each with a name of its own.
func (p *parser) cases(n *yaml.Node, key string, read func(*yaml.Node, map[string]entry, *TestCase)) (all []TestCase) {
	switch {
	case isNull(n), n.Kind == yaml.SequenceNode && len(n.Content) == 0:
		p.report(n, codeNoTests, fmt.Sprintf("%s of %s is empty", key, p.what), testHint)
		return nil
	case n.Kind != yaml.SequenceNode:
		p.report(n, codeKind, fmt.Sprintf("%s of %s is %s; it must be a list", key, p.what, kindOf(n)), testHint)
		return nil
	}
	outer, noun := p.what, "a test"
	if key == "each" {
		noun = "a row of " + outer
	}
	first := map[string]*yaml.Node{}
	for _, c := range n.Content {
		p.what = noun
		if nameNode := nodeUnder(c, "name"); nameNode != nil && nameNode.Value != "" {
			p.what = fmt.Sprintf("test %s", quote(nameNode.Value))
			if key == "each" {
				p.what = fmt.Sprintf("row %s of %s", quote(nameNode.Value), outer)
			}
		}
		if one, ok := p.oneCase(c, key, first, read); ok {
			all = append(all, one)
		}
	}
	p.what = outer
	return all
}

func (p *parser) oneCase(n *yaml.Node, key string, first map[string]*yaml.Node, read func(*yaml.Node, map[string]entry, *TestCase)) (one TestCase, ok bool) {
	keys := keysOf(caseShape{})
	if key == "each" {
		keys = keysOf(rowShape{})
	}
	entries, ok := p.mapping(n, keys)
	if !ok {
		return one, false
	}
	one.TestName = TestName{Place: p.testPlace(n)}
	if e, ok := entries["name"]; ok {
		one.Name, _ = p.text("name", e.value, "a large order is packed by hand")
		if earlier := first[one.Name]; earlier != nil && one.Name != "" {
			p.report(e.value, codeSameName, fmt.Sprintf("%s stands twice: here and in line %d", p.what, earlier.Line),
				"give each a name of its own, by which it can be told and run")
		}
		first[one.Name] = e.value
	} else {
		p.report(n, codeMissing, p.what+" has no `name`", "add `name:` with what the test shows, for example `name: a large order is packed by hand`")
	}
	p.setting(entries, &one)
	read(n, entries, &one)
	return one, true
}

// setting reads what a case and a row have in common: the event and what is
// expected of it.
func (p *parser) setting(entries map[string]entry, c *TestCase) {
	if e, ok := entries["event"]; ok {
		if ev, ok := p.testEvent("event", e.value); ok {
			c.Event = ev
		} else {
			c.Event = &TestEvent{} // there is one, so that its absence is not reported too
		}
	}
	if e, ok := entries["headers"]; ok {
		c.Headers = p.testHeaders(e.value)
	}
	if e, ok := entries["now"]; ok {
		c.Now = p.moment("now", e.value)
	}
	p.expectation(entries, &c.Expect)
}

// testCase reads what only a case has: its rows.
func (p *parser) testCase(n *yaml.Node, entries map[string]entry, c *TestCase) {
	if e, ok := entries["each"]; ok {
		c.Rows = p.cases(e.value, "each", p.row)
		for i := range c.Rows {
			if !c.Expect.Said() && !c.Rows[i].Expect.Said() {
				p.expectsNothing(c.Rows[i].Place, fmt.Sprintf("row %s of %s", quote(c.Rows[i].Name), p.what))
			}
			if c.Event == nil && c.Rows[i].Event == nil {
				p.noEvent(c.Rows[i].Place, fmt.Sprintf("row %s of %s", quote(c.Rows[i].Name), p.what))
			}
		}
		return
	}
	if c.Event == nil {
		p.noEvent(c.Place, p.what)
	}
	if !c.Expect.Said() {
		p.expectsNothing(c.Place, p.what)
	}
}

// row reads what only a row has: how its event differs.
func (p *parser) row(_ *yaml.Node, entries map[string]entry, c *TestCase) {
	if e, ok := entries["with"]; ok {
		c.With, _ = p.members("with", e.value)
	}
}

func (p *parser) noEvent(at Place, what string) {
	p.add(p.file.problem(place{at.Line, at.Column}, codeMissing, what+" has no `event`",
		"add `event:` with a file, for example `event: events/large.json`, a sample, or an event itself"))
}

func (p *parser) expectsNothing(at Place, what string) {
	p.add(p.file.problem(place{at.Line, at.Column}, codeExpectsNothing, what+" expects nothing, so it cannot fail",
		"add `expect:` with the rules that match; `expect: {}` says that none does"))
}

// testHeaders reads transport headers.
func (p *parser) testHeaders(n *yaml.Node) (all []TestHeader) {
	for _, e := range p.entries(n, "a mapping from the name of each header to its value") {
		name := strings.ToLower(e.key.Value)
		value, ok := p.text(fmt.Sprintf("header %s", quote(e.key.Value)), e.value, "")
		if ok && !cloudevent.Readable(name) {
			p.report(e.key, codeTestHeader, fmt.Sprintf("no rule can read a header %s: Wye leaves it out when the event arrives", quote(e.key.Value)),
				"credentials, attributes (ce-…) and headers of the connection are not given to rules")
			continue
		}
		if ok {
			all = append(all, TestHeader{TestName{name, p.testPlace(e.key)}, value})
		}
	}
	return all
}

// moment reads a time, as `until` does.
func (p *parser) moment(key string, n *yaml.Node) time.Time {
	if n.Kind == yaml.ScalarNode {
		if t, ok := untilOf(n.Value); ok {
			return t
		}
	}
	p.report(n, codeValue, fmt.Sprintf("%s of %s is %s; it must be a time with a zone, or a date", key, p.what, kindOf(n)), untilHint(n))
	return time.Time{}
}

func (p *parser) testName(n *yaml.Node) TestName { return TestName{n.Value, p.testPlace(n)} }

func (p *parser) testPlace(n *yaml.Node) Place {
	return Place{File: p.file.name, Line: n.Line, Column: n.Column}
}
