package cases

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wye-events/wye/rules"
)

// reading makes a suite of what was read. It goes on after a problem.
type reading struct {
	loader   *Loader
	set      *rules.Ruleset
	suite    *Suite
	problems rules.Problems
	told     map[string]bool // the places of problems

	rulesTests []*rules.TestFile // of the rule files, whose samples all tests may use
	events     map[string]*fileEvent
	names      *names
}

// ruleFiles reads the tests in the rule files, or only their samples.
func (r *reading) ruleFiles(samplesOnly bool) {
	for i, s := range r.set.Sources() {
		tests, _ := rules.ReadTests(rules.Source{Name: r.set.Files[i], Text: s.Text}) // what is wrong was told when it was loaded
		if tests == nil {
			continue
		}
		r.rulesTests = append(r.rulesTests, tests)
		if !samplesOnly {
			r.suite.tests = append(r.suite.tests, tests)
		}
	}
}

func (r *reading) testFile(name string) {
	r.loader.Files = append(r.loader.Files, name)
	text, err := readFile(name)
	if err != nil {
		r.problems = append(r.problems, rules.Problem{
			Severity: rules.Error, Code: rules.CodeUnreadable, File: name, Message: "the file cannot be read: " + plainCause(err),
		})
		return
	}
	tests, problems := rules.ReadTests(rules.Source{Name: name, Text: text})
	r.problems = append(r.problems, problems...)
	if tests != nil {
		r.suite.tests = append(r.suite.tests, tests)
	}
}

// end makes the cases of all files that were read.
func (r *reading) end() (*Suite, rules.Problems) {
	r.events, r.names, r.told = map[string]*fileEvent{}, newNames(r.set), map[string]bool{}
	for _, file := range r.suite.tests {
		r.samples(file)
		for i := range file.Cases {
			r.addCase(file, &file.Cases[i])
		}
	}
	if r.problems.HasErrors() {
		r.problems.Sort()
		return nil, r.problems
	}
	return r.suite, nil
}

// samples tries the samples of a file, so that what is wrong with one is told
// once, where it is.
func (r *reading) samples(file *rules.TestFile) {
	for _, s := range file.Samples {
		r.event(file, fmt.Sprintf("sample %q", s.Name), s.Event, overlay{})
	}
}

// addCase adds a case, or each of its rows.
func (r *reading) addCase(file *rules.TestFile, c *rules.TestCase) {
	if len(c.Rows) == 0 {
		r.add(file, c.Name, c, nil)
	}
	r.names.check(r, file, fmt.Sprintf("test %q", c.Name), &c.Expect)
	for i := range c.Rows {
		row := &c.Rows[i]
		r.names.check(r, file, fmt.Sprintf("row %q of test %q", row.Name, c.Name), &row.Expect)
		r.add(file, c.Name+"/"+row.Name, row, c)
	}
}

// add adds a case, or a row of one.
func (r *reading) add(file *rules.TestFile, name string, c, of *rules.TestCase) {
	one := &Case{Name: name, Place: c.Place, Now: c.Now, Expect: c.Expect, shared: map[string]bool{}}
	from, headers := c.Event, c.Headers
	if of != nil {
		if from == nil {
			from = of.Event
		}
		if one.Now.IsZero() {
			one.Now = of.Now
		}
		headers = append(of.Headers[:len(of.Headers):len(of.Headers)], headers...)
		one.inherit(&of.Expect)
	}
	if one.Now.IsZero() {
		one.Now = Before
	}
	if from == nil {
		return
	}
	if ev, ok := r.event(file, fmt.Sprintf("test %q", name), *from, overlay{c.Place, c.With, headers}); ok {
		one.Event = ev
		r.suite.Cases = append(r.suite.Cases, one)
	}
}

// inherit takes over what a case expects for all its rows, key by key. A row
// that expects rules of its own, in either way, has not those of its case.
func (c *Case) inherit(of *rules.TestExpectation) {
	own := c.Expect
	places := map[string]rules.Place{}
	for key, at := range of.Places {
		_, replaced := own.Places[key]
		if own.Places["expect"] != (rules.Place{}) && key == "expect_some" || own.Places["expect_some"] != (rules.Place{}) && key == "expect" {
			replaced = true
		}
		if replaced {
			continue
		}
		places[key], c.shared[key] = at, true
		switch key {
		case "expect":
			c.Expect.Rules = of.Rules
		case "expect_some":
			c.Expect.Some = of.Some
		case "expect_targets":
			c.Expect.Targets = of.Targets
		case "not":
			c.Expect.Not = of.Not
		case "error":
			c.Expect.Errors = of.Errors
		case "payload":
			c.Expect.Payload = of.Payload
		}
	}
	for key, at := range own.Places {
		places[key] = at
	}
	c.Expect.Places = places
}

// report adds a problem, once for each place: the rows of a case share its event.
func (r *reading) report(file *rules.TestFile, at rules.Place, code, message, hint string) {
	p := file.Problem(at, code, message, hint)
	key := fmt.Sprintf("%s %s %d %d", code, p.File, p.Line, p.Column)
	if !r.told[key] {
		r.told[key] = true
		r.problems = append(r.problems, p)
	}
}

// fileEvent is a file with an event, read once.
type fileEvent struct {
	text []byte
	err  error
}

// maxEventFile is how large the file of an event may be, far above what a server
// takes.
const maxEventFile = 8 << 20

func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	if info.Size() > maxEventFile {
		return nil, fmt.Errorf("it has %d bytes; at most %d (8 MiB) are read", info.Size(), maxEventFile)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxEventFile))
}

// plainCause is why a file cannot be read, without its name.
func plainCause(err error) string {
	var at *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "its permissions do not allow it"
	case errors.As(err, &at):
		return at.Err.Error()
	}
	return err.Error()
}

// fileOf is the path of a file that is named in another.
func fileOf(in, name string) string {
	return filepath.Join(dirOf(in), filepath.FromSlash(cmp.Or(name, ".")))
}
