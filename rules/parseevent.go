package rules

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

const eventHint = "a file (`events/large.json`), a sample (`{sample: large, with: {data: {total: 5}}}`), or an event itself (`{type: com.example.order.placed, data: {total: 5}}`)"

// testEvent reads where an event comes from.
func (p *parser) testEvent(key string, n *yaml.Node) (*TestEvent, bool) {
	ev := &TestEvent{Place: p.testPlace(n)}
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && n.Value != "":
		ev.File = n.Value
		return ev, p.relative(n)
	case n.Kind != yaml.MappingNode, len(n.Content) == 0:
		p.report(n, codeKind, fmt.Sprintf("%s of %s is %s; it must be an event", key, p.what, kindOf(n)), eventHint)
		return nil, false
	case nodeUnder(n, "sample") != nil || nodeUnder(n, "file") != nil:
		return ev, p.referredEvent(n, ev)
	}
	var ok bool
	ev.Inline, ok = p.members(key, n)
	return ev, ok
}

// referredEvent reads {sample: NAME, with: …} or {file: PATH, with: …}.
func (p *parser) referredEvent(n *yaml.Node, ev *TestEvent) bool {
	outer := p.what
	p.what = "event of " + outer
	defer func() { p.what = outer }()
	entries, _ := p.mapping(n, keysOf(referredShape{}))
	ok := true
	if e, is := entries["sample"]; is {
		ev.Sample, ok = p.text("sample", e.value, "large")
	}
	if e, is := entries["file"]; is {
		if ev.Sample != "" {
			p.report(e.key, codeValue, p.what+" has both `sample` and `file`", "keep one of them")
			return false
		}
		if ev.File, ok = p.text("file", e.value, "events/large.json"); ok {
			ok = p.relative(e.value)
		}
	}
	if e, is := entries["with"]; is {
		var good bool
		ev.With, good = p.members("with", e.value)
		ok = ok && good
	}
	return ok
}

// relative refuses the path of a file that is another one on another machine.
func (p *parser) relative(n *yaml.Node) bool {
	if !strings.HasPrefix(n.Value, "/") && !strings.Contains(n.Value, `\`) {
		return true
	}
	p.report(n, codeEventFile, fmt.Sprintf("the file %s of %s is not where every machine has it", quote(n.Value), p.what),
		"write it relative to this file, with /")
	return false
}

// members reads a mapping as an object of JSON.
func (p *parser) members(key string, n *yaml.Node) (map[string]any, bool) {
	if n.Kind != yaml.MappingNode {
		p.report(n, codeKind, fmt.Sprintf("%s of %s is %s; it must be a mapping of attributes and data", key, p.what, kindOf(n)),
			"for example `"+key+": {data: {total: 5}}`")
		return nil, false
	}
	before := len(p.problems)
	v := p.json(n)
	return v.(map[string]any), len(p.problems) == before
}

// decimalJSON is how JSON writes numbers, of which YAML knows more ways.
var decimalJSON = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// json is a node as JSON, see [TestExpectation] for the types.
func (p *parser) json(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for _, e := range p.entries(n, "") {
			object[e.key.Value] = p.json(e.value)
		}
		return object
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = p.json(c)
		}
		return list
	}
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if decimalJSON.MatchString(n.Value) {
			return json.Number(n.Value)
		}
		p.report(n, codeTestValue, fmt.Sprintf("%s in %s is a number that JSON cannot write", n.Value, p.what),
			fmt.Sprintf("write it in plain decimals, or as a text in quotes: %q", n.Value))
		return nil
	}
	return n.Value
}
