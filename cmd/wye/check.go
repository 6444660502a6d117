package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/rules"
)

var checkFormats = []string{"text", "json", "github"}

func newCheckCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Find what is wrong with a rule set, without running it",
		Long: `Checks rule sets. Each PATH is one, as ` + "`wye serve --rules PATH`" + ` would load it: a
file, a directory with the rule files in it, DIR/... for the directories below it
too, or - for a rule file on standard input. Without one it is rules.yaml. Files
that end in _test.yaml are not part of a rule set.

Exits with 0 where there is no error (warnings are shown), 1 where there is one,
and 3 where a PATH cannot be read.`,
		Example: `  wye check
  wye check rules.yaml examples/order-routing
  wye check teams/...              # the rule files of all directories below, as one rule set
  git show main:rules.yaml | wye check -
  wye check --format github rules/ # findings as annotations of a pull request`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				paths = []string{"rules.yaml"}
			}
			return check(cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr(), format, paths)
		},
	}
	addFormat(c, &format, checkFormats...)
	return c
}

// check loads each rule set, prints its findings to out, and says on talk how
// it went.
func check(in io.Reader, out, talk io.Writer, format string, paths []string) error {
	var all rules.Problems
	status := 0
	for _, path := range paths {
		set, report, problems := loadTalking(path, in, talk)
		all = append(all, problems...)
		status = max(status, statusOf(path, problems))
		if format == "text" {
			if err := problems.Write(out, colorOn(out)); err != nil {
				return failed(err)
			}
		}
		fmt.Fprintf(talk, "%s: %s\n", path, verdict(set, problems))
		if report.Rules >= manyRules {
			fmt.Fprintf(talk, "%s: %s\n", path, compileLine(report))
		}
	}
	if err := writeFindings(out, format, all); err != nil {
		return failed(err)
	}
	if status != 0 {
		return &exitError{status: status}
	}
	return nil
}

func colorOn(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isTerminal(f)
}

// codeUnreadable is the finding that a file or directory cannot be read.
const codeUnreadable = "WYE001"

// statusOf is the exit status for one path. A path that cannot be read was not
// checked; a file in a directory that cannot be read is a finding like others.
func statusOf(path string, problems rules.Problems) int {
	switch {
	case !problems.HasErrors():
		return 0
	case len(problems) == 1 && problems[0].Code == codeUnreadable && problems[0].File == path:
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

// finding is a problem as the JSON form shows it.
type finding struct {
	Code     string         `json:"code"`
	Severity rules.Severity `json:"severity"`
	File     string         `json:"file"`
	Line     int            `json:"line,omitempty"`
	Column   int            `json:"column,omitempty"`
	Rule     string         `json:"rule,omitempty"`
	Message  string         `json:"message"`
	Hint     string         `json:"hint,omitempty"`
}

// writeFindings writes the forms that show all rule sets together.
func writeFindings(out io.Writer, format string, problems rules.Problems) error {
	switch format {
	case "json":
		return writeData(out, "json", struct {
			Findings []finding `json:"findings"`
		}{findingsOf(problems)})
	case "github":
		return writeAnnotations(out, problems)
	}
	return nil
}

func findingsOf(problems rules.Problems) []finding {
	all := make([]finding, len(problems))
	for i, p := range problems {
		all[i] = finding{p.Code, p.Severity, p.File, p.Line, p.Column, p.Rule, p.Message, p.Hint}
	}
	return all
}

// Escapes of GitHub's workflow commands: in the message, and in a property.
var (
	githubText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// writeAnnotations writes workflow commands, which GitHub shows beside the lines
// of a pull request.
func writeAnnotations(out io.Writer, problems rules.Problems) error {
	var errs []error
	for _, p := range problems {
		place := "file=" + githubProperty.Replace(p.File)
		if p.Line > 0 {
			place += fmt.Sprintf(",line=%d,col=%d", p.Line, p.Column)
		}
		text := p.Message
		if p.Hint != "" {
			text += "\nhint: " + p.Hint
		}
		_, err := fmt.Fprintf(out, "::%s %s,title=%s::%s\n", githubLevel(p.Severity), place, p.Code, githubText.Replace(text))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// githubLevel is what GitHub calls a severity.
func githubLevel(s rules.Severity) string {
	if s == rules.Note {
		return "notice"
	}
	return string(s)
}
