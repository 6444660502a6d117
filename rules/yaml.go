package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Bounds of a rule file.
const (
	maxFileSize  = 1 << 20
	maxFileDepth = 64
)

// file is one rule file with what is needed to point into it.
type file struct {
	name  string
	text  string
	lines []string
}

func newFile(name string, text []byte) *file { return fileOf(name, string(text)) }

func fileOf(name, text string) *file {
	f := &file{name: name, text: text}
	f.lines = strings.Split(f.text, "\n")
	for i, line := range f.lines {
		f.lines[i] = strings.TrimSuffix(line, "\r")
	}
	return f
}

// line is the text of a line, counted from 1.
func (f *file) line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	return f.lines[n-1]
}

// place is a position in a file: line and column from 1, in characters.
type place struct{ line, column int }

func placeOf(n *yaml.Node) place { return place{n.Line, n.Column} }

// problem makes a problem that points at a place of the file.
func (f *file) problem(at place, code, message, hint string) Problem {
	return Problem{
		Severity: Error, Code: code, File: f.name, Line: at.line, Column: at.column,
		Message: message, Hint: hint, Source: withoutSecret(f.line(at.line)),
	}
}

var (
	secretKey = regexp.MustCompile(`(?i)(token|secret|password|passwd|api-?key|authorization|cookie|credential)[\w-]*["']?\s*:\s*["']?(?:(?:bearer|basic|token)\s+)?`)
	secretURL = regexp.MustCompile(`://[^\s/?#@]*@`)
)

// withoutSecret is the line as it may be shown: not at all where a credential
// seems to be written into it. Problems are printed, logged and served.
//
// Nor where it is so long that it was not written to be read, which would make
// a report many times as large as its file.
func withoutSecret(line string) string {
	const longest = 16 << 10
	if len(line) > longest || secretURL.MatchString(line) {
		return ""
	}
	for _, m := range secretKey.FindAllStringIndex(line, -1) {
		if value := line[m[1]:]; value != "" && !strings.HasPrefix(value, "${") {
			return ""
		}
	}
	if withoutTokens(line) != line {
		return ""
	}
	return line
}

// document reads the text as one YAML document and returns its root, or what
// is wrong with it. A root comes only with a tree that is safe to walk.
func (f *file) document() (*yaml.Node, Problems) {
	if p, bad := f.checkText(); bad {
		return nil, Problems{p}
	}
	decoder := yaml.NewDecoder(strings.NewReader(f.text))
	var doc, second yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, Problems{f.empty()}
	case err != nil:
		return nil, Problems{f.syntaxProblem(err)}
	}
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, Problems{f.syntaxProblem(err)}
	default:
		return nil, Problems{f.problem(placeOf(&second), codeDocuments,
			"a second YAML document starts here; a rule file holds one",
			"put it into a file of its own; a directory of rule files is read as one rule set")}
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return nil, Problems{f.empty()}
	}
	if ps := f.checkTree(root, 1); len(ps) > 0 {
		return nil, ps
	}
	if ps := f.checkBareTags(root, &cursor{file: f}); len(ps) > 0 {
		return nil, ps
	}
	return root, nil
}

func (f *file) empty() Problem {
	return Problem{
		Severity: Error, Code: codeEmpty, File: f.name,
		Message: "the file is empty",
		Hint:    "a rule file starts with `version: 1`, then `targets:` and `rules:`",
	}
}

// checkText looks at the bytes, before any parser does.
func (f *file) checkText() (Problem, bool) {
	if len(f.text) > maxFileSize {
		return f.problem(place{}, codeTooLarge,
			fmt.Sprintf("the file has %d bytes; a rule file has %d (1 MiB) at most", len(f.text), maxFileSize),
			"split it: a directory of rule files is read as one rule set"), true
	}
	for i, line := range f.lines {
		column := 1
		for at, r := range line {
			_, size := utf8.DecodeRuneInString(line[at:])
			switch {
			case r == utf8.RuneError && size == 1:
				p := f.problem(place{i + 1, column}, codeEncoding,
					"this byte is not UTF-8 text", "save the file with the encoding UTF-8")
				p.Source = strings.ToValidUTF8(p.Source, "\uFFFD")
				return p, true
			case r < ' ' && r != '\t', r == 0x7f:
				return f.problem(place{i + 1, column}, codeEncoding,
					fmt.Sprintf("a control character (U+%04X) is not allowed in a rule file", r),
					"remove it; in a text write it as an escape, for example \"\\u0007\""), true
			}
			column++
		}
	}
	return Problem{}, false
}

// checkTree refuses what makes a YAML file mean something other than it shows.
func (f *file) checkTree(n *yaml.Node, depth int) (ps Problems) {
	switch {
	case depth > maxFileDepth:
		return Problems{f.tooDeep(placeOf(n))}
	case n.Kind == yaml.AliasNode:
		return Problems{f.problem(placeOf(n), codeYAMLExtra,
			fmt.Sprintf("*%s is an alias; aliases are not used in rule files", n.Value),
			"write the value out; to begin a text with *, put it in quotes")}
	case n.Anchor != "":
		ps = append(ps, f.problem(placeOf(n), codeYAMLExtra,
			fmt.Sprintf("&%s is an anchor; anchors are not used in rule files", n.Anchor),
			"remove it; to begin a text with &, put it in quotes"))
	case n.Style&yaml.TaggedStyle != 0:
		ps = append(ps, f.problem(placeOf(n), codeYAMLExtra,
			fmt.Sprintf("the tag %s has no meaning in rule files", n.Tag),
			"remove it; to begin a text with !, put it in quotes"))
	}
	for _, c := range n.Content {
		if ps = append(ps, f.checkTree(c, depth+1)...); len(ps) > maxProblems {
			break
		}
	}
	return ps
}

// checkBareTags finds the tag ! without a name, which the library ignores.
func (f *file) checkBareTags(n *yaml.Node, at *cursor) (ps Problems) {
	if strings.HasPrefix(at.text(placeOf(n)), "!") {
		ps = append(ps, f.problem(placeOf(n), codeYAMLExtra, "the tag ! has no meaning in rule files",
			"remove it; to begin a text with !, put it in quotes"))
	}
	for _, c := range n.Content {
		if ps = append(ps, f.checkBareTags(c, at)...); len(ps) > maxProblems {
			break
		}
	}
	return ps
}

// cursor finds places in a file, each at the cost of its distance from the one
// before: a file may be one line of 1 MiB.
type cursor struct {
	file *file
	at   place
	rest string // of the line
}

// text is what stands in its line from a place on.
func (c *cursor) text(at place) string {
	if at.line != c.at.line || at.column < c.at.column {
		c.at, c.rest = place{at.line, 1}, c.file.line(at.line)
	}
	for ; c.at.column < at.column && c.rest != ""; c.at.column++ {
		_, size := utf8.DecodeRuneInString(c.rest)
		c.rest = c.rest[size:]
	}
	return c.rest
}

// maxProblems of one kind are enough for a person, and keep a hostile file
// from making a report larger than itself.
const maxProblems = 100

func (f *file) tooDeep(at place) Problem {
	return f.problem(at, codeTooDeep,
		fmt.Sprintf("this is nested more than %d levels deep", maxFileDepth),
		"a rule file needs no more than 6")
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxProblem puts a YAML error into plain words and finds its line. The
// line that the library tells is that of the construct around the error, often
// far above it; the error is where the shortest beginning of the file ends
// that fails in the same way.
func (f *file) syntaxProblem(err error) Problem {
	message := yamlLine.ReplaceAllString(err.Error(), "")
	if strings.Contains(message, "exceeded max depth") {
		return f.tooDeep(f.firstDeep())
	}
	n := 1 + sort.Search(len(f.lines)-1, func(n int) bool {
		return yamlFails(strings.Join(f.lines[:n+1], "\n"), message)
	})
	line := f.line(n)
	at := place{n, 1 + len([]rune(line)) - len([]rune(strings.TrimLeft(line, " \t")))}
	if indent, _, _ := strings.Cut(line, strings.TrimSpace(line)); strings.Contains(indent, "\t") {
		at.column = 1 + strings.Index(line, "\t")
		return f.problem(at, codeSyntax, tabMessage, tabHint)
	}
	for _, s := range yamlErrors {
		if strings.Contains(message, s.text) {
			if s.at != nil {
				at.column = 1 + len([]rune(line[:s.at(line)]))
			}
			return f.problem(at, codeSyntax, s.plain, s.hint)
		}
	}
	return f.problem(at, codeSyntax, "the YAML is broken at or before this line: "+message,
		"compare the indentation and the quotes with the lines above")
}

func yamlFails(text, message string) bool {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var n yaml.Node
		err := decoder.Decode(&n)
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil {
			return yamlLine.ReplaceAllString(err.Error(), "") == message
		}
	}
}

// firstDeep is the first line with an absurd number of opening brackets or
// dashes, or the first line.
func (f *file) firstDeep() place {
	for i, line := range f.lines {
		if strings.Count(line, "[")+strings.Count(line, "{")+strings.Count(line, "- ") > maxFileDepth {
			return place{i + 1, 1}
		}
	}
	return place{1, 1}
}

const (
	tabMessage = "a tab is used for indentation; YAML allows only spaces there"
	tabHint    = "replace the tab with spaces"
)

// yamlErrors translates what the YAML library says. The first that fits counts.
var yamlErrors = []struct {
	text, plain, hint string
	at                func(line string) int // where in the line, in bytes
}{
	{"found character that cannot start any token", "a value cannot begin with this character",
		"put the value in quotes", firstOf("@", "`", "%", "\t")},
	{"mapping values are not allowed", "a colon and a space in the middle of a value look like another key",
		"put the value in quotes, or start a new line for the key", secondColon},
	{"did not find expected alphabetic or numeric character", "a value that begins with * or & is an alias or an anchor in YAML",
		"put the value in quotes, for example \"*.created\"", firstOf("*", "&")},
	{"unknown anchor", "a value that begins with * is an alias in YAML, and aliases are not used in rule files",
		"put the value in quotes, for example \"*.created\"", firstOf("*")},
	{"did not find expected key", "the indentation does not fit the lines above, or a value continues after its closing quote",
		"keys of one mapping begin in the same column; a text with quotes inside is put in single quotes", nil},
	{"did not find expected '-' indicator", "the indentation does not fit the list above",
		"entries of one list begin with - in the same column", nil},
	{"did not find expected ',' or ']'", "a list in [ ] is not closed, or a comma is missing",
		"write it as [a, b]", nil},
	{"did not find expected ',' or '}'", "a mapping in { } is not closed, or a comma is missing",
		"write it as {a: 1, b: 2}", nil},
	{"did not find expected node content", "a value is missing here, or a bracket or comma too many stands here", "", nil},
	{"could not find expected ':'", "a key without a colon, or a text whose quote is not closed",
		"write key: value; a text that continues on the next line is indented more than its key", nil},
	{"found unexpected end of stream", "a quote or bracket is opened and never closed",
		"close it", nil},
	{"found unknown escape character", "a backslash in double quotes begins an escape, and this one does not exist",
		"write \\\\ for a backslash, or use single quotes", firstOf("\\")},
	{"block sequence entries are not allowed", "a list entry cannot begin here",
		"begin the list on a line of its own, indented under its key", nil},
	{"block mapping", "a mapping cannot begin here", "begin it on a line of its own, indented under its key", nil},
	{"found a tab", tabMessage, tabHint, firstOf("\t")},
	{"tab character", tabMessage, tabHint, firstOf("\t")},
	{"control characters", "a control character is not allowed in a rule file", "remove it", nil},
	{"undefined tag handle", "a value that begins with ! is a tag in YAML, and tags are not used in rule files",
		"put the value in quotes", firstOf("!")},
}

// firstOf finds the first place of any of the texts.
func firstOf(texts ...string) func(string) int {
	return func(line string) int {
		best := -1
		for _, t := range texts {
			if i := strings.Index(line, t); i >= 0 && (best < 0 || i < best) {
				best = i
			}
		}
		if best < 0 {
			return len(line) - len(strings.TrimLeft(line, " \t"))
		}
		return best
	}
}

func secondColon(line string) int {
	first := strings.Index(line, ": ")
	if first < 0 {
		return 0
	}
	if second := strings.Index(line[first+1:], ":"); second >= 0 {
		return first + 1 + second
	}
	return first
}

var utf8BOM = []byte("\xef\xbb\xbf")

// withoutBOM drops the mark that some editors put before UTF-8.
func withoutBOM(text []byte) []byte { return bytes.TrimPrefix(text, utf8BOM) }
