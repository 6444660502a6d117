package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Tree is the YAML of a rule file, for the rooms below this one that work on the
// text itself. It holds no aliases, anchors and tags, is at most 64 levels deep,
// and its keys are texts. Its places are those of the text without a byte order
// mark.
//
// What it means is not looked at. Where there are problems, there is no tree.
func Tree(f Source) (*yaml.Node, Problems) {
	in := newFile(f.Name, withoutBOM(f.Text))
	root, problems := in.document()
	if len(problems) == 0 {
		problems = append(in.checkBreaks(), in.checkKeys(root)...).bounded()
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return root, nil
}

// checkBreaks finds characters that end a line for a YAML parser and for nobody
// else: the file does not say what it seems to say.
func (f *file) checkBreaks() (ps Problems) {
	for i, line := range f.lines {
		at := strings.IndexAny(line, "\u0085\u2028\u2029")
		if at < 0 {
			continue
		}
		r := []rune(line[at:])[0]
		ps = append(ps, f.problem(place{i + 1, 1 + len([]rune(line[:at]))}, codeEncoding,
			fmt.Sprintf("the character U+%04X ends a line for YAML, and for no editor", r),
			fmt.Sprintf("remove it; in a text in double quotes write it as an escape: \"\\u%04x\"", r)))
	}
	return ps
}

// checkKeys finds keys that are no texts in a line.
func (f *file) checkKeys(n *yaml.Node) (ps Problems) {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			ps = append(ps, f.checkKey(c)...)
		}
		if ps = append(ps, f.checkKeys(c)...); len(ps) > maxProblems {
			break
		}
	}
	return ps
}

func (f *file) checkKey(n *yaml.Node) Problems {
	const longest = 1000 // a key without `?` has 1024 characters at most, quotes included
	const hint = "a key is a text in a line, with a colon behind it"
	at := placeOf(n)
	switch {
	case n.Kind != yaml.ScalarNode:
		return Problems{f.problem(at, codeKind, fmt.Sprintf("a key is %s; a key is a text", kindOf(n)), "")}
	case n.Value == "" && n.Style == 0:
		return Problems{f.problem(at, codeKind, "a key is missing before this colon", hint)}
	case len(n.Value) > longest:
		return Problems{f.problem(at, codeKind, fmt.Sprintf("a key has %d characters; it may have %d", utf8.RuneCountInString(n.Value), longest), hint)}
	}
	return nil
}
