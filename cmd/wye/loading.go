package main

import (
	"fmt"
	"io"

	"github.com/wye-events/wye/rules"
)

// manyRules is from how many rules on it is of interest what loading them took.
const manyRules = 1000

// A path that is a dash means standard input, whose text is shown by a name.
const (
	stdinPath = "-"
	stdinName = "<stdin>"
)

// loadTalking loads a rule set, for "-" from in, and shows on a terminal how far
// it is.
func loadTalking(path string, in io.Reader, talk io.Writer) (*rules.Ruleset, rules.Report, rules.Problems) {
	line := newProgress(talk)
	loader := rules.Loader{Progress: func(p rules.Progress) {
		line.show(func() string { return loadingLine(path, p) })
	}}
	set, _, problems := load(&loader, path, in)
	line.clear()
	return set, loader.Report(), problems
}

func load(loader *rules.Loader, path string, in io.Reader) (*rules.Ruleset, *rules.Matcher, rules.Problems) {
	if path != stdinPath {
		return loader.Load(path)
	}
	source, err := rules.ReadSource(stdinName, in)
	if err != nil {
		return nil, nil, rules.Problems{{Severity: rules.Error, Code: codeUnreadable, File: stdinName, Message: "standard input cannot be read"}}
	}
	return loader.LoadSources(source)
}

// loadingLine is how far a load is: "rules: 1,200 of 5,000 conditions".
func loadingLine(path string, p rules.Progress) string {
	return fmt.Sprintf("%s: %s of %s %s", path, grouped(p.Done), grouped(p.Total), p.What)
}

// compileLine is what loading took: "loaded in 640ms; 14 of 100,000 conditions
// are parsed and checked, the others have their shapes; 14.2 MB of text, 23.2 MB
// for the rules, 5.3 MB for the index".
func compileLine(r rules.Report) string {
	return fmt.Sprintf("loaded in %s; %s of %s conditions are parsed and checked, the others have their shapes; %s of text, %s for the rules, %s for the index",
		briefly(r.Took), grouped(r.Checked), grouped(r.Compiled), megabytes(r.TextBytes), megabytes(r.RuleBytes), megabytes(r.IndexBytes))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
