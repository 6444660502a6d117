package rules

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// expectKeys are the keys that say what is expected.
var expectKeys = []string{"expect", "expect_some", "expect_targets", "not", "error", "payload"}

// expectation reads the keys of a case or row that say what is expected.
func (p *parser) expectation(entries map[string]entry, x *TestExpectation) {
	for _, key := range expectKeys {
		e, ok := entries[key]
		if !ok {
			continue
		}
		if x.Places == nil {
			x.Places = map[string]Place{}
		}
		x.Places[key] = p.testPlace(e.key)
		switch key {
		case "expect":
			x.Rules = p.expectedRules(key, e.value, true)
		case "expect_some":
			x.Some = p.expectedRules(key, e.value, false)
		case "expect_targets":
			x.Targets = p.names(key, e.value, "[packing, audit]", true)
		case "not":
			x.Not = p.denied(key, e.value)
		case "error":
			x.Errors = p.names(key, e.value, "large-orders", false)
		case "payload":
			x.Payload = p.payloads(e.value)
		}
	}
	p.contradiction(x)
}

const expectExample = "{large-orders: [packing, audit]}"

// expectedRules reads a mapping from rules to their targets, or rules alone. It
// is nil where something is wrong.
func (p *parser) expectedRules(key string, n *yaml.Node, none bool) []TestRule {
	all := []TestRule{}
	switch {
	case isNull(n):
		p.report(n, codeKind, fmt.Sprintf("%s of %s is empty", key, p.what), "write `expect: {}` to say that no rule matches")
		return nil
	case n.Kind != yaml.MappingNode:
		for _, name := range p.names(key, n, expectExample, none) {
			all = append(all, TestRule{TestName: name, Any: true})
		}
		return all
	case len(n.Content) == 0 && !none:
		p.report(n, codeValue, fmt.Sprintf("%s of %s names no rule", key, p.what), "for example `"+key+": "+expectExample+"`")
		return nil
	}
	outer := p.what
	for _, e := range p.entries(n, "") {
		p.what = fmt.Sprintf("rule %s in %s of %s", quote(e.key.Value), key, outer)
		all = append(all, TestRule{TestName: p.testName(e.key), Targets: p.names("targets", e.value, "[packing, audit]", true)})
	}
	p.what = outer
	return all
}

// names reads one name or a list of them, each once. Without none, the list must
// not be empty.
func (p *parser) names(key string, n *yaml.Node, example string, none bool) []TestName {
	all := []TestName{}
	if none && n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		return all
	}
	_, nodes := p.list(key, n, example)
	for _, node := range nodes {
		all = append(all, p.testName(node))
	}
	return all
}

// denied reads what must not be: rules and targets by name, or apart where a
// name is that of both.
func (p *parser) denied(key string, n *yaml.Node) (all []TestDenied) {
	const example = "[failed-payments, billing]"
	if n.Kind != yaml.MappingNode {
		for _, name := range p.names(key, n, example, false) {
			all = append(all, TestDenied{TestName: name})
		}
		return all
	}
	outer := p.what
	p.what = "not of " + outer
	entries, _ := p.mapping(n, keysOf(notShape{}))
	p.what = outer
	if len(n.Content) == 0 {
		p.report(n, codeValue, fmt.Sprintf("not of %s names nothing", p.what), "for example `not: "+example+"`")
	}
	for _, kind := range []string{"rule", "target"} {
		if e, ok := entries[kind+"s"]; ok {
			for _, name := range p.names(kind+"s under not", e.value, example, false) {
				all = append(all, TestDenied{name, kind})
			}
		}
	}
	return all
}

// payloads reads what targets must get: one mapping for all of them, or a list
// for some each.
func (p *parser) payloads(n *yaml.Node) (all []TestPayload) {
	const hint = "for example `payload: {data: {total: 250}}`, or for one target `payload: [{to: packing, data: {total: 250}}]`"
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	for _, one := range nodes {
		if one.Kind != yaml.MappingNode {
			p.report(one, codeKind, fmt.Sprintf("payload of %s is %s; it must be attributes and data of an event", p.what, kindOf(one)), hint)
			continue
		}
		x := TestPayload{Place: p.testPlace(one)}
		x.Members, _ = p.members("payload", one)
		if to := nodeUnder(one, "to"); to != nil {
			delete(x.Members, "to")
			x.To = p.names("to under payload", to, "packing", false)
		}
		if len(x.Members) == 0 {
			p.report(one, codeExpectsNothing, fmt.Sprintf("payload of %s expects nothing", p.what), hint)
			continue
		}
		all = append(all, x)
	}
	if len(nodes) == 0 {
		p.report(n, codeValue, fmt.Sprintf("payload of %s is an empty list", p.what), hint)
	}
	return all
}

// contradiction reports a rule that is expected to match and not to.
func (p *parser) contradiction(x *TestExpectation) {
	for _, no := range x.Not {
		for _, r := range append(x.Rules[:len(x.Rules):len(x.Rules)], x.Some...) {
			if no.Name == r.Name && no.Kind != "target" {
				p.add(p.file.problem(place{no.Place.Line, no.Place.Column}, codeContradiction,
					fmt.Sprintf("%s expects the rule %s to match (line %d), and not to match", p.what, quote(no.Name), r.Place.Line),
					"remove one of them; where a target has that name too, write `not: {targets: ["+no.Name+"]}`"))
			}
		}
	}
}
