package rulestest

import (
	"fmt"
	"strings"
)

// File is a rule file in memory.
type File struct {
	Name string
	Text []byte
}

// fileSize is how long a file becomes: a rule file may have a MiB.
const fileSize = 960 << 10

// targets are what the rules of every set send to; they stand in the first file.
var targets = []string{"audit", "billing", "fulfilment", "risk"}

// Files are the rules as rule files that belong together, as they would stand in
// one directory.
func (s *Set) Files() []File {
	var files []File
	text := firstLines()
	for i := range s.Rules {
		if len(text) > fileSize-longestRule {
			files = append(files, s.file(len(files), text))
			text = []byte("version: 1\nrules:\n")
		}
		text = s.Rules[i].append(text)
	}
	return append(files, s.file(len(files), text))
}

// Split are the rules in that many files that belong together.
func (s *Set) Split(number int) []File {
	part := &Set{Name: s.Name}
	var files []File
	for i := range number {
		part.Rules = s.Rules[i*len(s.Rules)/number : (i+1)*len(s.Rules)/number]
		text := []byte("version: 1\nrules:\n")
		if i == 0 {
			text = firstLines()
		}
		for j := range part.Rules {
			text = part.Rules[j].append(text)
		}
		files = append(files, s.file(i, text))
	}
	return files
}

// firstLines begin the first file.
func firstLines() []byte {
	text := []byte("version: 1\ntargets:\n")
	for _, t := range targets {
		text = fmt.Appendf(text, "  %s: {queue: {name: %s}}\n", t, t)
	}
	return append(text, "rules:\n"...)
}

// longestRule is more than a rule takes in a file.
const longestRule = 4 << 10

func (s *Set) file(n int, text []byte) File {
	return File{Name: fmt.Sprintf("%s-%04d.yaml", s.Name, n), Text: text}
}

// Sources are the files of a set in the type that the caller loads, which is
// rules.Source: LoadSources(rulestest.Sources[rules.Source](set)...).
func Sources[S ~struct {
	Name string
	Text []byte
}](s *Set) []S {
	var sources []S
	for _, f := range s.Files() {
		sources = append(sources, S(f))
	}
	return sources
}

// append writes the rule as people write them.
func (r *Rule) append(text []byte) []byte {
	text = append(text, "  "...)
	text = append(text, r.Name...)
	text = append(text, ":\n    on: "...)
	if len(r.On) == 1 {
		text = append(text, scalar(r.On[0])...)
	} else {
		text = append(text, '[')
		text = append(text, strings.Join(r.On, ", ")...)
		text = append(text, ']')
	}
	if r.When != "" {
		text = append(text, "\n    when: "...)
		text = append(text, scalar(r.When)...)
	}
	text = append(text, "\n    to: "...)
	text = append(text, r.To...)
	return append(text, '\n')
}

// scalar is a text as YAML, in quotes only where it needs them.
func scalar(s string) string {
	if s[0] >= 'a' && s[0] <= 'z' && !strings.Contains(s, ": ") && !strings.Contains(s, " #") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
