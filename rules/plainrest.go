package rules

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// parsePlainly reads the text by a plainReader, and what that leaves by way of
// the YAML tree. It reports false where the whole text must go that way.
func (f *loadedFile) parsePlainly() bool {
	p := &plainReader{file: f.name, text: f.text, lists: map[string][]string{}, seen: map[string]bool{}}
	p.rules = make([]Rule, 0, 1+strings.Count(f.text, "\n")/5)
	if !p.read() {
		return false
	}
	var rest parsed
	if p.others {
		var ok bool
		if rest, f.problems, ok = p.rest(); !ok {
			f.problems = nil
			return false
		}
	}
	f.rules = make([]*Rule, 0, len(p.rules)+len(rest.rules))
	for i := range p.rules {
		f.rules = append(f.rules, &p.rules[i])
	}
	f.add(rest)
	for i := 1; i < len(f.rules); i++ {
		if f.rules[i-1].Name == f.rules[i].Name {
			f.targets, f.rules, f.problems = nil, nil, nil
			return false
		}
	}
	return true
}

// rest reads what is left of the file. What was taken out of it leaves its
// lines, so that all places stay right, and a key in the first of them. Those
// keys are looked for in the tree: should the lines have stood inside of
// something else, a text in quotes for one, they are not there. It reports false
// then, and where anything is wrong.
func (p *plainReader) rest() (parsed, Problems, bool) {
	f := fileOf(p.file, p.withoutTaken())
	root, problems := f.document()
	if root == nil || len(problems) > 0 || !p.untake(root) {
		return parsed{}, nil, false
	}
	reader := &parser{file: f, what: "the rule file"}
	reader.root(root)
	for i := range reader.out.rules {
		reader.out.rules[i].Place.text = p.text
	}
	return reader.out, reader.problems, !reader.problems.HasErrors()
}

// takenKey stands for the run of that number in the rest.
func takenKey(number int) string { return fmt.Sprintf("wye taken %d", number) }

func (p *plainReader) withoutTaken() string {
	var b strings.Builder
	b.Grow(len(p.text))
	from := 0
	for i, r := range p.taken {
		b.WriteString(p.text[from:r.from])
		b.WriteString(strings.Repeat(" ", p.indent))
		b.WriteString(takenKey(i))
		b.WriteString(": 0")
		b.WriteString(strings.Repeat("\n", r.lines))
		from = r.to
	}
	b.WriteString(p.text[from:])
	return b.String()
}

// untake removes the keys of what was taken from the tree. It reports false
// where they are not just where they were put.
func (p *plainReader) untake(root *yaml.Node) bool {
	rules := nodeUnder(root, "rules")
	if rules == nil || rules.Kind != yaml.MappingNode {
		return false
	}
	left, number := rules.Content[:0], 0
	for i := 0; i+1 < len(rules.Content); i += 2 {
		key, value := rules.Content[i], rules.Content[i+1]
		if number < len(p.taken) && key.Value == takenKey(number) && value.Value == "0" &&
			key.Line == p.taken[number].line && value.Line == key.Line {
			number++
			continue
		}
		left = append(left, key, value)
	}
	rules.Content = left
	return number == len(p.taken)
}

// nodeUnder is the value of a key of a mapping, nil where it has none.
func nodeUnder(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
