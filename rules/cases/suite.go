package cases

import (
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// Suite is a rule set with its cases, ready to be run. It is not changed by that.
type Suite struct {
	Path    string
	Set     *rules.Ruleset
	Matcher *rules.Matcher
	// Cases are in the order of their files and, in each, of their places. Rows
	// of a table are cases of their own.
	Cases []*Case

	tests []*rules.TestFile
}

// Case is one case, with its event.
type Case struct {
	Name  string // of a row: the name of its case, a slash, and its own
	Place rules.Place
	Event *cloudevent.Event
	Now   time.Time // when the event is accepted

	Expect rules.TestExpectation

	// shared are the expectations that a row has from its case, and so cannot be
	// changed for it alone.
	shared map[string]bool
}

// Before is when the event of a case without `now` is accepted: before every
// until that anybody writes.
var Before = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Loader loads the tests of rule sets, again and again at the cost of what has
// changed in the rules. The zero value is ready. It is for one goroutine.
type Loader struct {
	// Files are the rule files, test files and events that the latest load looked
	// at, whether they could be read or not.
	Files []string

	rules rules.Loader
}

// Load loads the tests of a path, which is one as of [rules.Files], or a test
// file: then its tests alone, with the rules of its directory. Where there are
// problems there is no suite.
func (l *Loader) Load(path string) (*Suite, rules.Problems) {
	rulePath, names, onlyFiles := testFiles(path)
	set, matcher, loaded := l.rules.Load(rulePath)
	l.Files, _ = rules.Files(rulePath)
	if loaded.HasErrors() {
		return nil, errorsOf(loaded)
	}
	read := &reading{loader: l, set: set, suite: &Suite{Path: path, Set: set, Matcher: matcher}}
	read.ruleFiles(onlyFiles)
	for _, name := range names {
		read.testFile(name)
	}
	return read.end()
}

// LoadSource loads the tests of one rule file that is in memory. Files of events
// are taken from the working directory.
func (l *Loader) LoadSource(s rules.Source) (*Suite, rules.Problems) {
	l.Files = nil
	set, matcher, loaded := l.rules.LoadSources(s)
	if loaded.HasErrors() {
		return nil, errorsOf(loaded)
	}
	read := &reading{loader: l, set: set, suite: &Suite{Path: s.Name, Set: set, Matcher: matcher}}
	read.ruleFiles(false)
	return read.end()
}

// Check tells what is wrong with the tests of a rule set that was loaded from a
// path, beyond what loading it tells: names that do not exist, events that cannot
// be read or are not valid, and everything in its test files. It runs nothing. A
// set that came from no path has only the tests in its rule files.
func Check(path string, set *rules.Ruleset) rules.Problems {
	var l Loader
	read := &reading{loader: &l, set: set, suite: &Suite{Path: path, Set: set}}
	read.ruleFiles(false)
	if _, err := os.Stat(rootOf(path)); err == nil {
		_, names, _ := testFiles(path)
		for _, name := range names {
			read.testFile(name)
		}
	}
	_, problems := read.end()
	return problems
}

func rootOf(path string) string {
	root, _ := rules.Root(path)
	return root
}

// Named are the cases whose name fits; all where fits is nil.
func (s *Suite) Named(fits *regexp.Regexp) []*Case {
	if fits == nil {
		return s.Cases
	}
	var some []*Case
	for _, c := range s.Cases {
		if fits.MatchString(c.Name) {
			some = append(some, c)
		}
	}
	return some
}

func errorsOf(problems rules.Problems) (errors rules.Problems) {
	for _, p := range problems {
		if p.Severity == rules.Error {
			errors = append(errors, p)
		}
	}
	return errors
}

// dirOf is the directory that paths in a file are relative to.
func dirOf(file string) string { return filepath.Dir(file) }
