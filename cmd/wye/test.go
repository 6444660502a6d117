package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/cases"
)

func newTestCommand() *cobra.Command {
	var t testRun
	c := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Run the tests of a rule set: events, and where they must go",
		Long: `Runs the cases under tests: of rule files, and of the test files beside them
(*_test.yaml). Each PATH is a rule set as for ` + "`wye check`" + `: a file, a directory, DIR/...
or -; without one it is rules.yaml. A PATH that is a test file means its tests alone,
with the rules of its directory. docs/test.md tells how cases are written.

Of a case that fails, each rule that differs is shown with the value of every part
of its condition.

--coverage tells which rules, and which clauses of their conditions, the cases have
seen both true and false; --coverage-threshold fails below a percentage.

--update writes what came out into the cases that fail: into expect, expect_targets
and payload, and nothing else. It says what it wrote, and what it did not; a case
of which all was written counts as passed.

Exits with 0 where all passed, 1 where a case failed, where something is wrong with
the tests or the rules, where there are no tests or too little is covered, and 3
where a PATH cannot be read.`,
		Example: `  wye test
  wye test examples/order-routing -v
  wye test teams/... --run 'refund|payment' --format junit > tests.xml
  wye test --coverage --coverage-threshold 80
  wye test --watch
  wye test --update && git diff`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				paths = []string{"rules.yaml"}
			}
			t.paths, t.in, t.out, t.talk = paths, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			if err := t.check(cmd.Flags().Changed("coverage-threshold")); err != nil {
				return err
			}
			if t.watch {
				return t.keepRunning(cmd.Context())
			}
			return t.run()
		},
	}
	addFormat(c, &t.format, "text", "json", "junit", "github")
	fs := c.Flags()
	fs.StringVar(&t.only, "run", "", "only cases whose name fits this regular expression; a row is CASE/ROW")
	fs.BoolVarP(&t.verbose, "verbose", "v", false, "name the cases that passed too")
	fs.BoolVar(&t.watch, "watch", false, "run again whenever a rule, a test or an event changes")
	fs.BoolVar(&t.update, "update", false, "write what came out into the cases that fail")
	fs.BoolVar(&t.coverage, "coverage", false, "tell which clauses of the conditions were seen both true and false")
	fs.Float64Var(&t.threshold, "coverage-threshold", 0, "fail where fewer percent of the clauses are covered; means --coverage")
	return c
}

// testRun is what a test is asked for.
type testRun struct {
	format                           string
	only                             string
	verbose, watch, update, coverage bool
	threshold                        float64 // percent
	paths                            []string

	in        io.Reader
	out, talk io.Writer

	fits    *regexp.Regexp           // of only; nil: all
	loaders map[string]*cases.Loader // by path
}

// tested is what came out of one rule set.
type tested struct {
	path     string
	suite    *cases.Suite
	report   *cases.Report
	problems rules.Problems
	files    []string // that were looked at
	update   *cases.Update
}

// check looks at the flags.
func (t *testRun) check(threshold bool) (err error) {
	t.loaders = map[string]*cases.Loader{}
	t.coverage = t.coverage || threshold
	if t.threshold < 0 || t.threshold > 100 {
		return fmt.Errorf("--coverage-threshold %g: expected a percentage from 0 to 100", t.threshold)
	}
	stdin := contains(t.paths, stdinPath)
	switch {
	case stdin && t.watch:
		return errors.New("--watch: standard input cannot be watched; name a file or directory")
	case stdin && t.update:
		return errors.New("--update: tests from standard input cannot be written back; name a file or directory")
	case t.watch && t.update:
		return errors.New("--watch and --update: an update is looked at before the next; say one of them")
	case t.watch && t.format != "text":
		return fmt.Errorf("--watch shows text; leave --format %s out", t.format)
	}
	if t.only != "" {
		if t.fits, err = regexp.Compile(t.only); err != nil {
			return fmt.Errorf("--run %s: it is no regular expression: %w", plain(t.only, 80), regexpFault(err))
		}
	}
	return nil
}

// regexpFault is what is wrong with a regular expression, in the words of its
// parser without the repetition.
func regexpFault(err error) error {
	if fault := (*regexpError)(nil); errors.As(err, &fault) {
		return errors.New(fault.Code.String())
	}
	return err
}

// run tests every rule set and shows what came out.
func (t *testRun) run() error {
	all := t.all()
	status, err := t.show(all)
	if err != nil {
		return failed(err)
	}
	if status != 0 {
		return &exitError{status: status}
	}
	return nil
}

func (t *testRun) all() (all []tested) {
	for _, path := range t.paths {
		all = append(all, t.one(path))
	}
	return all
}

// one loads and runs the tests of one rule set.
func (t *testRun) one(path string) tested {
	loader := t.loaders[path]
	if loader == nil {
		loader = &cases.Loader{}
		t.loaders[path] = loader
	}
	one := tested{path: path}
	one.suite, one.problems = t.load(loader, path)
	one.files = loader.Files
	if one.suite == nil {
		return one
	}
	one.report = one.suite.Run(one.suite.Named(t.fits), t.coverage)
	if t.update && one.report.Failed > 0 {
		update := one.suite.Update(one.report)
		one.update = &update
	}
	return one
}

func (t *testRun) load(loader *cases.Loader, path string) (*cases.Suite, rules.Problems) {
	if path != stdinPath {
		return loader.Load(path)
	}
	source, err := rules.ReadSource(stdinName, t.in)
	if err != nil {
		return nil, rules.Problems{{Severity: rules.Error, Code: codeUnreadable, File: stdinPath, Message: "standard input cannot be read"}}
	}
	return loader.LoadSource(source)
}

// status is the exit status for one rule set.
func (t *testRun) status(one tested) int {
	switch {
	case one.suite == nil:
		return statusOf(one.path, one.problems, isError)
	case one.report.Failed > 0 && !updatedAll(one), len(one.report.Results) == 0, t.tooLittle(one):
		return exitFindings
	}
	return 0
}

// updatedAll tells whether all that failed was written into the tests, so that
// they pass now.
func updatedAll(one tested) bool {
	return one.update != nil && one.update.Written() == len(one.update.Changes)
}

// tooLittle tells whether less is covered than was asked for.
func (t *testRun) tooLittle(one tested) bool {
	return one.report.Coverage != nil && one.report.Coverage.Percent < t.threshold
}
