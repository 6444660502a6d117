package rules

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says whether a problem stops a rule set from being used.
type Severity string

const (
	// Error is a problem that stops the whole rule set from being loaded.
	Error Severity = "error"
	// Warning is a problem that does not: the rule set loads, and somebody
	// should look.
	Warning Severity = "warning"
	// Note is nothing wrong, but good to know.
	Note Severity = "note"
)

// rank orders severities, the worst first.
func (s Severity) rank() int { return slices.Index([]Severity{Error, Warning, Note}, s) }

// Problem is one thing that is wrong with a rule set, where it is, and what to
// do about it. It is a value: printing it is the caller's business, see
// [Problems.Write] for the text form.
type Problem struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"` // stable, see [Codes]
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"`   // from 1; 0 where the whole file is meant
	Column   int      `json:"column,omitempty"` // from 1, in characters
	Rule     string   `json:"rule,omitempty"`   // the rule that it is in, where it is in one
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"`
	Source   string   `json:"source,omitempty"` // the text of the line
}

// Problems is everything that is wrong with a rule set.
type Problems []Problem

// HasErrors reports whether any of the problems stops the rule set from being
// used.
func (ps Problems) HasErrors() bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == Error })
}

// And is these problems and others, in order of place.
func (ps Problems) And(more Problems) Problems {
	if len(more) == 0 {
		return ps
	}
	return slices.Concat(ps, more).bounded()
}

// maxReport is how many problems are told at once. More help nobody, and a
// hostile file has a hundred thousand.
const maxReport = 1000

// bounded sorts the problems and keeps the first of them, errors before
// warnings where there are too many.
func (ps Problems) bounded() Problems {
	ps.sort()
	if len(ps) <= maxReport {
		return ps
	}
	errorsFirst := slices.Clone(ps)
	slices.SortStableFunc(errorsFirst, func(a, b Problem) int { return cmp.Compare(a.Severity.rank(), b.Severity.rank()) })
	kept := errorsFirst[:maxReport]
	kept.sort()
	severity := Warning
	if ps.HasErrors() {
		severity = Error
	}
	return append(kept, Problem{
		Severity: severity, Code: codeMore, File: kept[maxReport-1].File,
		Message: fmt.Sprintf("there are more problems than these %d", maxReport),
		Hint:    "mend these and check again",
	})
}

// Sort puts problems of several loads in order: by file, line and column.
func (ps Problems) Sort() { ps.sort() }

// sort orders by file, line, column and then code, so that the same files give
// the same report whatever the order of the work was.
func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
		)
	})
}
