package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router/plan"
)

// planFlags are the flags of `wye plan`.
type planFlags struct {
	old, path     string
	events        string
	since, until  string
	sample        float64
	limit         uint64
	examples      int
	all           bool
	format        string
	server        server
	serverChanged bool
	windowChanged bool
}

func newPlanCommand() *cobra.Command {
	var f planFlags
	c := &cobra.Command{
		Use:   "plan [NEW]",
		Short: "Tell what a changed rule set would have done to real traffic",
		Long: `Compares a new rule set with the one in force, over the events that a running Wye
keeps, and tells for each rule and each of its targets what would have become of
them: newly matched, no longer matched, given to the target in another form, newly
in error; with the load of each target before and after, and with events that show
it. Nothing is delivered and nothing is changed.

NEW is a rule file, a directory, DIR/... for the directories below it too
(rules.yaml where nothing is said); or a revision of the Git repository here, or
two of them as main..HEAD, with --path for where the rules are in the repository.

What NEW is compared with is the first of
  --old, a path or a revision, as NEW;
  the first revision of main..HEAD;
  the rules in force on the server.

The events are those that the server keeps (--since, --until, --limit; with --sample
a share of them, always the same ones, and counts are scaled to all), or those of a
file (--events): one CloudEvents JSON a line. With a file no server is asked, and the
time attribute of an event is when it came.

Ctrl-C ends the comparison, and what was found so far is shown, marked as partial.

Exits with 0 where nothing differs, 1 where something does, 2 where the command line
is wrong, and 3 where it could not be told.`,
		Example: `  wye plan
  wye plan rules/... --since 2d
  wye plan main..HEAD --path rules/... --format markdown > comment.md
  wye plan new.yaml --old rules.yaml --events events.jsonl
  wye plan --sample 0.05 --examples 10 --all`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.serverChanged = cmd.Flags().Changed("server")
			f.windowChanged = cmd.Flags().Changed("since") || cmd.Flags().Changed("until")
			return runPlan(cmd, f, strings.Join(args, ""))
		},
	}
	fs := c.Flags()
	fs.StringVar(&f.old, "old", "", "rule set to compare with: a path or a revision (the one in force on the server)")
	fs.StringVar(&f.path, "path", "", "where the rules are in a revision, from the repository's root (rules.yaml)")
	fs.StringVar(&f.events, "events", "", "file of events, one a line, instead of a server's; - for standard input")
	fs.StringVar(&f.since, "since", "24h", "first event: a time, a date, how long ago, or a sequence number")
	fs.StringVar(&f.until, "until", "", "last event: the same (the newest)")
	fs.Float64Var(&f.sample, "sample", 1, "share of the events that is compared, more than 0 and at most 1")
	fs.Uint64Var(&f.limit, "limit", 0, "at most so many events: the newest of a server, the first of a file (0: all)")
	fs.IntVar(&f.examples, "examples", 3, "events that are shown of each difference")
	fs.BoolVar(&f.all, "all", false, "show everything, also rules and targets without a difference")
	addServer(c, &f.server)
	addFormat(c, &f.format, "text", "json", "markdown", "github")
	return c
}

func runPlan(cmd *cobra.Command, f planFlags, what string) error {
	if err := f.check(); err != nil {
		return err
	}
	sets, err := f.sets(cmd, what)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	talk := newPlanTalk(cmd.ErrOrStderr())
	var report *plan.Report
	if f.events != "" {
		report, err = f.overFile(ctx, sets, cmd.InOrStdin(), talk)
	} else {
		report, err = f.overArchive(ctx, sets, talk)
	}
	talk.end()
	if err != nil {
		return err
	}
	v := &planView{Report: report, sets: sets, flags: f}
	v.finish()
	if err := v.write(cmd.OutOrStdout()); err != nil {
		return failed(err)
	}
	return v.exit(cmd.ErrOrStderr())
}

// check looks at flags that do not go together.
func (f *planFlags) check() error {
	switch {
	case !(f.sample > 0 && f.sample <= 1):
		return fmt.Errorf("--sample %v: expected a share of the events, more than 0 and at most 1, such as 0.1", f.sample)
	case f.examples < 0 || f.examples > 100:
		return fmt.Errorf("--examples %d: expected a number from 0 to 100", f.examples)
	case f.events != "" && f.serverChanged:
		return errors.New("--events and --server: say one of them; the events of a file are compared without a server")
	case f.events != "" && f.windowChanged:
		return errors.New("--since and --until are for the events that a server keeps; all events of a file are compared (or --limit)")
	}
	return nil
}

// window is --since and --until, as the server takes them.
func (f *planFlags) window(now time.Time) (since, until string, err error) {
	for _, b := range []struct {
		name, text string
		to         *string
	}{{"since", f.since, &since}, {"until", f.until, &until}} {
		if b.text == "" {
			continue
		}
		if *b.to, err = whenOrWhich(b.text, now); err != nil {
			return "", "", fmt.Errorf("--%s %s: %w", b.name, plain(b.text, 80), err)
		}
	}
	return since, until, nil
}
