package rules

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// parsed is a [Ruleset] with its places: what a file says, checked for shape
// and for nothing that needs another file.
type parsed struct {
	targets []parsedTarget
	rules   []parsedRule
	tests   TestFile // checked, and kept only by who runs them
}

type parsedTarget struct {
	Target
	file    *file
	key     *yaml.Node
	format  *yaml.Node // of http; nil where it is not written
	headers []entry    // of http, as they are written
	by      *yaml.Node // of order; nil where there is none
}

type parsedRule struct {
	Rule
	file *file
	key  *yaml.Node
	on   *yaml.Node   // nil where it is not written
	when *yaml.Node   // nil where there is none
	to   []*yaml.Node // one for each of Rule.To

	until *yaml.Node // nil where there is none
}

// parser reads one file. It goes on after a problem, so that all of them are
// reported at once.
type parser struct {
	file     *file
	problems Problems
	rule     string // the rule that is being read
	what     string // what is being read, for messages: `rule "orders"`
	out      parsed
}

func parseFile(f *file) (parsed, Problems) {
	root, problems := f.document()
	if root == nil {
		return parsed{}, problems
	}
	p := &parser{file: f, what: "the rule file"}
	p.root(root)
	return p.out, p.problems
}

func (p *parser) root(n *yaml.Node) {
	entries, ok := p.mapping(n, keysOf(fileShape{}))
	if !ok {
		return
	}
	p.version(n, entries)
	if e, ok := entries["targets"]; ok {
		p.named(e.value, "target", p.target)
	}
	if e, ok := entries["rules"]; ok {
		p.named(e.value, "rule", p.ruleEntry)
	}
	p.samplesAndTests(entries)
}

func (p *parser) version(root *yaml.Node, entries map[string]entry) {
	const hint = "write `version: 1` at the top of the file"
	e, ok := entries["version"]
	switch {
	case !ok:
		p.report(root, codeVersion, "the file does not say which version of the rule language it is written in", hint)
	case e.value.Kind != yaml.ScalarNode || e.value.ShortTag() != "!!int" || e.value.Value != "1":
		p.report(e.value, codeVersion, fmt.Sprintf("version is %s; this Wye knows version 1", kindOf(e.value)), "write `version: 1`")
	}
}

// named reads a mapping from names to targets or rules.
func (p *parser) named(n *yaml.Node, noun string, read func(key, value *yaml.Node)) {
	outer := p.what
	if isNull(n) {
		p.report(n, codeKind, fmt.Sprintf("%ss is empty", noun), fmt.Sprintf("leave the key out, or put a %s under it", noun))
		return
	}
	p.what = noun + "s"
	for _, e := range p.entries(n, fmt.Sprintf("a mapping from the name of each %s to what it is", noun)) {
		name := e.key.Value
		p.what = fmt.Sprintf("%s %q", noun, name)
		if noun == "rule" {
			p.rule = name
		}
		p.name(e.key, noun)
		read(e.key, e.value)
		p.rule = ""
	}
	p.what = outer
}

func (p *parser) name(n *yaml.Node, noun string) {
	if nameExpr.MatchString(n.Value) {
		return
	}
	hint := ""
	if s := suggestName(n.Value); s != "" {
		hint = fmt.Sprintf("call it %q", s)
	}
	p.report(n, codeName, fmt.Sprintf("%s cannot be the name of a %s: names are %s", quote(n.Value), noun, nameRule), hint)
}

// report adds an error at a node.
func (p *parser) report(n *yaml.Node, code, message, hint string) {
	if len(p.problems) > maxReport { // enough to know that there are too many
		return
	}
	p.add(p.file.problem(placeOf(n), code, message, hint))
}

func (p *parser) add(problem Problem) {
	problem.Rule = p.rule
	p.problems = append(p.problems, problem)
}

// entry is a key of a mapping with its value.
type entry struct{ key, value *yaml.Node }

// mapping reads a mapping with known keys. Unknown and repeated keys are
// reported and left out; ok is false where it is no mapping.
func (p *parser) mapping(n *yaml.Node, known []string) (found map[string]entry, ok bool) {
	if n.Kind != yaml.MappingNode {
		p.report(n, codeKind, fmt.Sprintf("%s is %s; it must be a mapping", p.what, kindOf(n)), hintList(known, "its keys are"))
		return nil, false
	}
	found = map[string]entry{}
	for _, e := range p.entries(n, "") {
		if !contained(known, e.key.Value) {
			p.report(e.key, codeUnknownKey, fmt.Sprintf("%s has no key %s", p.what, quote(e.key.Value)),
				hintNearest(e.key.Value, known, "its keys are"))
			continue
		}
		found[e.key.Value] = e
	}
	return found, true
}

// entries are the keys and values of a mapping, each key once.
func (p *parser) entries(n *yaml.Node, expected string) []entry {
	if n.Kind != yaml.MappingNode {
		p.report(n, codeKind, fmt.Sprintf("%s is %s; it must be %s", p.what, kindOf(n), expected), "")
		return nil
	}
	var all []entry
	first := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch earlier := first[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			p.report(key, codeKind, fmt.Sprintf("a key of %s is %s; a key is a text", p.what, kindOf(key)), "")
		case key.ShortTag() == "!!merge":
			p.report(key, codeYAMLExtra, "<< is a merge key; merge keys are not used in rule files", "write the keys out")
		case earlier != nil:
			p.report(key, codeDuplicate, fmt.Sprintf("%s has the key %s twice: here and in line %d", p.what, quote(key.Value), earlier.Line),
				"remove one of them")
		default:
			first[key.Value] = key
			all = append(all, entry{key, value})
		}
	}
	return all
}

func contained(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// kindOf says what a node is, for messages.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!str":
		if secretURL.MatchString(n.Value) {
			return "a text"
		}
		return "the text " + quote(n.Value)
	case "!!bool":
		return strings.ToLower(n.Value) + " (yes or no)"
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!timestamp":
		return "the date " + n.Value
	}
	return quote(n.Value)
}
