package rules

import (
	"time"
	"unsafe"
)

// Report is what a load did, and what the rule set takes.
type Report struct {
	Files, Rules, Targets int

	Compiled int // conditions of rules in files that were new or changed
	Checked  int // of these, how many were parsed and checked; the others have a known shape
	Shapes   int // shapes of conditions that are remembered
	Took     time.Duration

	TextBytes int64 // of the rule files
	RuleBytes int64 // of what is kept for the rules beside the files' text
}

// Report is that of the latest load that gave a rule set.
func (l *Loader) Report() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.report
}

func (l *loadedSet) report() Report {
	r := Report{Files: len(l.files), Rules: len(l.set.Rules), Targets: len(l.set.Targets)}
	for _, f := range l.files {
		r.TextBytes += int64(len(f.text))
	}
	const perRule = unsafe.Sizeof(Rule{}) + unsafe.Sizeof(CompiledRule{}) + unsafe.Sizeof(condition{}) + 2*unsafe.Sizeof(uintptr(0))
	r.RuleBytes = int64(len(l.set.Rules)) * int64(perRule)
	return r
}
