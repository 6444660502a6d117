package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/cases"
	"github.com/wye-events/wye/schemas/eventschema"
)

func newCheckCommand() *cobra.Command {
	var want checking
	var code string
	c := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Find what is wrong with a rule set, without running it",
		Long: `Checks rule sets. Each PATH is one, as ` + "`wye serve --rules PATH`" + ` would load it: a
file, a directory with the rule files in it, DIR/... for the directories below it
too, or - for a rule file on standard input. Without one it is rules.yaml. Files
that end in _test.yaml are not part of a rule set; their tests are checked like
those in rule files, and run by ` + "`wye test`" + `.

Exits with 0 where there is no error (warnings are shown; --strict makes them
count), 1 where there is one, and 3 where a PATH cannot be read.`,
		Example: `  wye check
  wye check rules.yaml examples/order-routing
  wye check teams/...              # the rule files of all directories below, as one rule set
  git show main:rules.yaml | wye check -
  wye check --schemas schemas/events rules.yaml # with what is known of the events' data
  wye check --explain WYE060       # what a finding means, with an example
  wye check --format github rules/ # findings as annotations of a pull request`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if code != "" {
				return explainCode(cmd.OutOrStdout(), code)
			}
			if len(paths) == 0 {
				paths = []string{"rules.yaml"}
			}
			want.paths, want.in, want.out, want.talk = paths, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return want.run()
		},
	}
	addFormat(c, &want.format, checkFormats...)
	c.Flags().StringVar(&want.schemas, "schemas", "", "directory with JSON Schemas of events' data, each named after its event type: com.example.order.placed.json")
	c.Flags().StringVar(&code, "explain", "", "tell the story of a finding by its code, such as WYE012, instead of checking")
	c.Flags().BoolVar(&want.strict, "strict", false, "exit with 1 for warnings too")
	return c
}

// checking is what a check is asked for.
type checking struct {
	format  string
	strict  bool   // warnings fail too
	schemas string // directory of the schemas of events; empty: none
	paths   []string

	known *eventschema.Set

	in        io.Reader
	out, talk io.Writer
}

// run loads each rule set, prints its findings, and says how it went.
func (c *checking) run() error {
	var all []checked
	status := 0
	show := func(one checked, worst int) error {
		all, status = append(all, one), max(status, worst)
		if c.format != "text" {
			return nil
		}
		return one.problems.Write(c.out, colorOn(c.out))
	}
	if c.schemas != "" {
		if err := show(c.readSchemas()); err != nil {
			return failed(err)
		}
	}
	for _, path := range c.paths {
		one := c.one(path)
		if err := show(one, statusOf(path, one.problems, c.fails)); err != nil {
			return failed(err)
		}
	}
	if err := writeFindings(c.out, c.format, all, c.fails); err != nil {
		return failed(err)
	}
	if status != 0 {
		return &exitError{status: status}
	}
	return nil
}

// one checks one rule set.
func (c *checking) one(path string) checked {
	set, report, problems := loadTalking(path, c.in, c.talk)
	if set != nil {
		problems = c.findings(path, set, problems.And(set.Over(time.Now()))).And(cases.Check(path, set))
	}
	fmt.Fprintf(c.talk, "%s: %s\n", path, verdict(set, problems))
	if report.Rules >= manyRules {
		fmt.Fprintf(c.talk, "%s: %s\n", path, compileLine(report))
	}
	one := checked{path: path, problems: problems}
	if set != nil {
		one.files = set.Files
	}
	return one
}

// findings adds to what loading said what is questionable about the set, and
// shows on a terminal how far that is.
func (c *checking) findings(path string, set *rules.Ruleset, loaded rules.Problems) rules.Problems {
	line := newProgress(c.talk)
	defer line.clear()
	return rules.Findings(set, loaded, rules.FindingOptions{Schemas: c.known, Progress: func(p rules.Progress) {
		line.show(func() string {
			return fmt.Sprintf("%s: %s of %s %s checked", path, grouped(p.Done), grouped(p.Total), p.What)
		})
	}})
}

// schemas reads the schemas of events, if any are asked for.
func (c *checking) readSchemas() (checked, int) {
	one := checked{path: c.schemas}
	c.known, one.problems = rules.LoadSchemas(c.schemas)
	if c.known == nil {
		return one, exitFailed
	}
	return one, statusOf(c.schemas, one.problems, c.fails)
}

func isError(p rules.Problem) bool { return p.Severity == rules.Error }

// fails tells whether a problem makes the check fail.
func (c *checking) fails(p rules.Problem) bool {
	return isError(p) || c.strict && p.Severity == rules.Warning
}

func colorOn(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isTerminal(f)
}

// codeUnreadable is the finding that a file or directory cannot be read.
const codeUnreadable = "WYE001"

// statusOf is the exit status for one path, where fails tells what counts. A
// path that cannot be read was not checked; a file in a directory that cannot be
// read is a finding like others.
func statusOf(path string, problems rules.Problems, fails func(rules.Problem) bool) int {
	switch root, _ := rules.Root(path); {
	case !slices.ContainsFunc(problems, fails):
		return 0
	case len(problems) == 1 && problems[0].Code == codeUnreadable && (problems[0].File == path || problems[0].File == root):
		return exitFailed
	}
	return exitFindings
}

// verdict sums up: "2 targets, 3 rules, no findings", or how many of each.
func verdict(set *rules.Ruleset, problems rules.Problems) string {
	var parts []string
	if set != nil {
		parts = append(parts, count(len(set.Targets), "target"), count(len(set.Rules), "rule"))
	}
	of := map[rules.Severity]int{}
	for _, p := range problems {
		of[p.Severity]++
	}
	for _, s := range []rules.Severity{rules.Error, rules.Warning, rules.Note} {
		if of[s] > 0 {
			parts = append(parts, count(of[s], string(s)))
		}
	}
	if len(problems) == 0 {
		parts = append(parts, "no findings")
	}
	return strings.Join(parts, ", ")
}
