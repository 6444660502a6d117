package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"
)

// text reads a text that is not empty.
func (p *parser) text(key string, n *yaml.Node, example string) (string, bool) {
	hint := ""
	if example != "" {
		hint = "for example `" + key + ": " + example + "`"
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		if n.Kind == yaml.ScalarNode && !isNull(n) {
			hint = fmt.Sprintf("if the text is meant, put it in quotes: %q", n.Value)
		}
		p.report(n, codeKind, fmt.Sprintf("%s of %s is %s; it must be a text", key, p.what, kindOf(n)), hint)
		return "", false
	}
	if n.Value == "" {
		p.report(n, codeValue, fmt.Sprintf("%s of %s is an empty text", key, p.what), hint)
		return "", false
	}
	return n.Value, true
}

// whole reads a whole number within bounds.
func (p *parser) whole(key string, n *yaml.Node, least, most int) (int, bool) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		if v, err := strconv.Atoi(n.Value); err == nil && v >= least && v <= most {
			return v, true
		}
	}
	p.report(n, codeValue, fmt.Sprintf("%s of %s is %s; it must be a whole number from %d to %d", key, p.what, kindOf(n), least, most), "")
	return 0, false
}

// decimalExpr is a number as JSON and YAML both read it.
var decimalExpr = regexp.MustCompile(`^(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)

// decimal reads a number within bounds.
func (p *parser) decimal(key string, n *yaml.Node, least, most float64) (float64, bool) {
	tag := n.ShortTag()
	if n.Kind == yaml.ScalarNode && (tag == "!!int" || tag == "!!float") && decimalExpr.MatchString(n.Value) {
		if v, err := strconv.ParseFloat(n.Value, 64); err == nil && v >= least && v <= most {
			return v, true
		}
	}
	written := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	p.report(n, codeValue, fmt.Sprintf("%s of %s is %s; it must be a number from %s to %s", key, p.what, kindOf(n), written(least), written(most)), "")
	return 0, false
}

// sizePattern is the form of a number of bytes with a unit.
const sizePattern = `^[1-9][0-9]{0,4}(KiB|MiB)$`

var sizeExpr = regexp.MustCompile(sizePattern)

// size reads a number of bytes.
func (p *parser) size(key string, n *yaml.Node, least, most int) (int, bool) {
	size := 0
	switch {
	case n.Kind != yaml.ScalarNode:
	case n.ShortTag() == "!!int":
		size, _ = strconv.Atoi(n.Value)
	case n.ShortTag() == "!!str" && sizeExpr.MatchString(n.Value):
		number, unit := n.Value[:len(n.Value)-3], n.Value[len(n.Value)-3:]
		size, _ = strconv.Atoi(number)
		size <<= map[string]int{"KiB": 10, "MiB": 20}[unit]
	}
	if size >= least && size <= most {
		return size, true
	}
	p.report(n, codeValue, fmt.Sprintf("%s of %s is %s; it must be a size from %d bytes to %dMiB", key, p.what, kindOf(n), least, most>>20),
		"a number of bytes, or one with KiB or MiB: 65536, 256KiB, 1MiB")
	return 0, false
}

// setWhole reads the whole number of a key, if it is there.
func (p *parser) setWhole(entries map[string]entry, key string, into *int, least, most int) {
	if e, ok := entries[key]; ok {
		if v, ok := p.whole(key, e.value, least, most); ok {
			*into = v
		}
	}
}

// setDecimal reads the number of a key, if it is there.
func (p *parser) setDecimal(entries map[string]entry, key string, into *float64, least, most float64) {
	if e, ok := entries[key]; ok {
		if v, ok := p.decimal(key, e.value, least, most); ok {
			*into = v
		}
	}
}

// setDuration reads the duration of a key, if it is there.
func (p *parser) setDuration(entries map[string]entry, key string, into *time.Duration) {
	if e, ok := entries[key]; ok {
		if d, ok := p.duration(key, e.value); ok {
			*into = d
		}
	}
}

// yes reads true or false.
func (p *parser) yes(key string, n *yaml.Node) (value, ok bool) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool" && (n.Value == "true" || n.Value == "false") {
		return n.Value == "true", true
	}
	p.report(n, codeKind, fmt.Sprintf("%s of %s is %s; it must be true or false", key, p.what, kindOf(n)), "")
	return false, false
}

// oneOf reads one of a few words.
func (p *parser) oneOf(key string, n *yaml.Node, words ...string) (string, bool) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && contained(words, n.Value) {
		return n.Value, true
	}
	p.report(n, codeValue, fmt.Sprintf("%s of %s is %s, which it cannot be", key, p.what, kindOf(n)),
		hintNearest(n.Value, words, "it can be"))
	return "", false
}

// durationPattern is the form of a duration. It is more than zero, because the
// first of its numbers is.
const durationPattern = `^[1-9][0-9]{0,5}(ms|s|m|h)([0-9]{1,6}(ms|s|m|h))*$`

var durationExpr = regexp.MustCompile(durationPattern)

const maxDuration = 365 * 24 * time.Hour

// duration reads a duration such as 15s, 5m or 1h30m.
func (p *parser) duration(key string, n *yaml.Node) (time.Duration, bool) {
	const hint = "a number and ms, s, m or h: 250ms, 15s, 5m, 24h, 1h30m"
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || !durationExpr.MatchString(n.Value) {
		p.report(n, codeValue, fmt.Sprintf("%s of %s is %s; it must be a duration above zero", key, p.what, kindOf(n)), hint)
		return 0, false
	}
	d, err := time.ParseDuration(n.Value)
	if err != nil || d > maxDuration {
		p.report(n, codeValue, fmt.Sprintf("%s of %s is %s; the longest is a year (8760h)", key, p.what, kindOf(n)), "")
		return 0, false
	}
	return d, true
}

// list reads one text or a list of texts, each once. The nodes belong to the
// texts.
func (p *parser) list(key string, n *yaml.Node, example string) (texts []string, nodes []*yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		if n.Kind == yaml.MappingNode || isNull(n) {
			p.report(n, codeKind, fmt.Sprintf("%s of %s is %s; it must be a text or a list of texts", key, p.what, kindOf(n)),
				"for example `"+key+": "+example+"`")
			return nil, nil
		}
		if s, ok := p.text(key, n, example); ok {
			return []string{s}, []*yaml.Node{n}
		}
		return nil, nil
	}
	if len(n.Content) == 0 {
		p.report(n, codeValue, fmt.Sprintf("%s of %s is an empty list", key, p.what), "for example `"+key+": "+example+"`")
		return nil, nil
	}
	for _, c := range n.Content {
		s, ok := p.text(key, c, example)
		switch {
		case !ok:
		case contained(texts, s):
			p.report(c, codeRepeated, fmt.Sprintf("%s of %s has %s twice", key, p.what, quote(s)), "remove one of them")
		default:
			texts, nodes = append(texts, s), append(nodes, c)
		}
	}
	return texts, nodes
}
