package rules

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// What holds where a rule file says nothing.
const (
	defaultTimeout     = 15 * time.Second
	defaultConcurrency = 32

	defaultRetryAfterMax = time.Hour
)

// target reads what stands under the name of a target.
func (p *parser) target(key, n *yaml.Node) {
	entries, ok := p.mapping(n, keysOf(targetShape{}))
	if !ok {
		return
	}
	t := parsedTarget{file: p.file, key: key}
	t.Name = key.Value
	p.targetKind(key, &t, entries)
	p.policy(&t, entries)
	p.out.targets = append(p.out.targets, t)
}

func (p *parser) targetKind(key *yaml.Node, t *parsedTarget, entries map[string]entry) {
	var kinds []entry
	for _, kind := range []string{"http", "queue", "stream"} {
		if e, ok := entries[kind]; ok {
			kinds = append(kinds, e)
		}
	}
	switch {
	case len(kinds) == 0:
		p.report(key, codeTargetKind, fmt.Sprintf("%s does not say what it is", p.what),
			"add one of `http:`, `queue:` and `stream:`, for example `queue: {name: packing}`")
		return
	case len(kinds) > 1:
		p.report(kinds[1].key, codeTargetKind, fmt.Sprintf("%s is two things, %s and %s", p.what, kinds[0].key.Value, kinds[1].key.Value),
			"make two targets of it; a rule may send to both")
	}
	for _, e := range kinds {
		switch e.key.Value {
		case "http":
			t.HTTP, t.format = p.http(e.key, e.value)
			t.headers = headerNodes(e.value)
		case "queue":
			t.Queue = p.queue(e.key, e.value)
		case "stream":
			t.Stream = p.stream(e.key, e.value)
		}
	}
}

// inside reads the mapping under a key, naming it in messages.
func (p *parser) inside(name string, n *yaml.Node, known []string, read func(entries map[string]entry)) {
	outer := p.what
	p.what = name + " of " + outer
	if entries, ok := p.mapping(n, known); ok {
		read(entries)
	}
	p.what = outer
}

func (p *parser) queue(key, n *yaml.Node) *Queue {
	q := &Queue{}
	p.inside("queue", n, keysOf(queueShape{}), func(entries map[string]entry) {
		e, ok := entries["name"]
		if !ok {
			p.missing(key, "name", "name: packing")
			return
		}
		if q.Name, ok = p.text("name", e.value, "packing"); ok {
			p.name(e.value, "queue")
		}
	})
	return q
}

func (p *parser) stream(key, n *yaml.Node) *Stream {
	s := &Stream{}
	p.inside("stream", n, keysOf(streamShape{}), func(entries map[string]entry) {
		e, ok := entries["subject"]
		if !ok {
			p.missing(key, "subject", "subject: audit.orders")
			return
		}
		if s.Subject, ok = p.text("subject", e.value, "audit.orders"); ok {
			p.subject(e.value)
		}
	})
	return s
}

func (p *parser) missing(at *yaml.Node, key, example string) {
	p.report(at, codeMissing, fmt.Sprintf("%s has no %s", p.what, key), fmt.Sprintf("add `%s`", example))
}

// subjectPattern is the form of a subject, for the JSON Schema. The loader
// says more exactly what is wrong.
const subjectPattern = `^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`

// reservedSubject is the form of a subject that belongs to the bus.
const reservedSubject = `^([wW][yY][eE](\.|$)|_)`

var (
	subjectExpr         = regexp.MustCompile(subjectPattern)
	reservedSubjectExpr = regexp.MustCompile(reservedSubject)
)

const maxSubject = 128

func (p *parser) subject(n *yaml.Node) {
	s := n.Value
	tokens := strings.Split(s, ".")
	fault := ""
	switch {
	case len(s) > maxSubject:
		fault = fmt.Sprintf("is longer than %d bytes", maxSubject)
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		fault = "has a space in it"
	case strings.ContainsAny(s, "*>"):
		fault = "has a wildcard in it; events are sent to one subject"
	case contained(tokens, ""):
		fault = "has an empty part (a dot too many)"
	case strings.HasPrefix(s, "$"), reservedSubjectExpr.MatchString(s):
		fault = "begins with a word that is reserved for the bus itself ($…, _…, wye)"
	case !subjectExpr.MatchString(s):
		fault = "has a character that is not allowed; use letters, digits, - and _ between the dots"
	default:
		return
	}
	p.report(n, codeSubject, fmt.Sprintf("subject %s %s", quote(s), fault), "a subject is words separated by dots, for example audit.orders")
}
