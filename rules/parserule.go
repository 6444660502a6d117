package rules

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// ruleEntry reads what stands under the name of a rule.
func (p *parser) ruleEntry(key, n *yaml.Node) {
	entries, ok := p.mapping(n, keysOf(ruleShape{}))
	if !ok {
		return
	}
	r := parsedRule{file: p.file, key: key}
	r.Name, r.Enabled, r.OnError, r.Place = key.Value, true, OnErrorSkip, newPlace(p.file, key)
	r.Mode, r.Sample = ModeLive, 1
	p.ruleBasics(&r, entries)
	p.rollout(&r, entries)
	if e, ok := entries["on"]; ok {
		r.On, r.on = p.on(e.value), e.value
	} else {
		p.report(key, codeMissing, fmt.Sprintf("%s has no `on`: it does not say which events it looks at", p.what),
			"add `on:` with an event type, for example `on: com.example.order.placed`; `on: \"**\"` means every event")
	}
	if e, ok := entries["when"]; ok {
		if r.When, r.when = p.when(e.value); r.when != nil {
			r.Place = newPlace(p.file, r.when)
		}
	}
	if e, ok := entries["to"]; ok {
		r.To, r.to = p.list("to", e.value, "[packing, audit]")
	} else {
		p.report(key, codeMissing, fmt.Sprintf("%s has no `to`: it does not say where its events go", p.what),
			"add `to:` with the name of a target, or a list of them")
	}
	p.out.rules = append(p.out.rules, r)
}

func (p *parser) ruleBasics(r *parsedRule, entries map[string]entry) {
	if e, ok := entries["description"]; ok {
		r.Description, _ = p.text("description", e.value, "Orders that a person packs.")
	}
	if e, ok := entries["enabled"]; ok {
		if v, ok := p.yes("enabled", e.value); ok {
			r.Enabled = v
		}
	}
	if e, ok := entries["on_error"]; ok {
		if v, ok := p.oneOf("on_error", e.value, string(OnErrorSkip), string(OnErrorMatch), string(OnErrorDeadLetter)); ok {
			r.OnError = OnError(v)
		}
	}
}

func (p *parser) on(n *yaml.Node) []string {
	types, nodes := p.list("on", n, "com.example.order.placed")
	for i, t := range types {
		if err := checkType(t); err != nil {
			p.report(nodes[i], codeOn, err.Error(),
				"an event type is like com.example.order.placed; * stands for any text within one part, a last part ** for the rest")
		}
	}
	return types
}

func (p *parser) when(n *yaml.Node) (string, *yaml.Node) {
	const hint = "leave `when` out to take every event of the type"
	if n.Kind != yaml.ScalarNode {
		p.report(n, codeKind, fmt.Sprintf("when of %s is %s; it must be a condition", p.what, kindOf(n)),
			"for example `when: event.data.total > 100`; a condition that begins with [ or { is put in quotes")
		return "", nil
	}
	if n.ShortTag() == "!!bool" { // `when: true` is a condition
		return n.Value, n
	}
	if isNull(n) || strings.TrimSpace(n.Value) == "" {
		p.report(n, codeValue, fmt.Sprintf("when of %s is empty", p.what), hint)
		return "", nil
	}
	if n.ShortTag() != "!!str" {
		p.report(n, codeKind, fmt.Sprintf("when of %s is %s; it must be a condition", p.what, kindOf(n)),
			"for example `when: event.data.total > 100`")
		return "", nil
	}
	return n.Value, n
}
