package rules

import (
	"time"
	"unsafe"
)

// Report is what a load did, and what the rule set takes.
type Report struct {
	Files, Targets, Rules int

	Compiled int // rules of the files that were new or had changed
	Checked  int // conditions of these that were parsed and checked: one or two of each shape
	Shapes   int // of conditions, that are remembered
	Took     time.Duration

	TextBytes  int64 // of the rule files
	RuleBytes  int64 // of what is kept for each rule, beside the text
	IndexBytes int64 // of the matcher's index
}

// Bytes is what the rule set takes in memory, with the text of its files.
func (r Report) Bytes() int64 { return r.TextBytes + r.RuleBytes + r.IndexBytes }

// Report is that of the latest load that gave a rule set.
func (l *Loader) Report() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last != nil {
		l.report.IndexBytes = l.last.matcher.index.Bytes()
	}
	return l.report
}

func (l *loadedSet) report() Report {
	r := Report{Files: len(l.files), Rules: len(l.set.Rules), Targets: len(l.set.Targets)}
	for _, f := range l.files {
		r.TextBytes += int64(len(f.text))
	}
	const pointers = 2 // in the lists of the rule set and the matcher
	const perRule = unsafe.Sizeof(Rule{}) + unsafe.Sizeof(CompiledRule{}) + unsafe.Sizeof(condition{}) + pointers*unsafe.Sizeof(l)
	r.RuleBytes = int64(len(l.set.Rules)) * int64(perRule)
	return r
}
