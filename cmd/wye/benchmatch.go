package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/cmd/wye/bench/matchbench"
)

// benchMatchOptions are the flags of `wye bench match`.
type benchMatchOptions struct {
	matchbench.Config
	rules, events, output string
}

func newBenchMatchCommand() *cobra.Command {
	var o benchMatchOptions
	c := &cobra.Command{
		Use:   "match",
		Short: "Measure how quickly events are matched, with many rules or with your own",
		Long: `Measures matching on one core, beside only validating the same JSON (F) and
beside cel-go alone, in the same run; and tells which goals were met. With
--rules and --events it measures your own rules with your own events, given in
the JSON format of CloudEvents, one a line.

Sets: ` + strings.Join(matchbench.Sets(), ", ") + `.
All of them take a few minutes on a quiet machine, and 2.4 GB of memory.`,
		Example: `  wye bench match
  wye bench match --quick
  wye bench match --only mixed-10,mixed-100000 --rounds 100
  wye bench match --rules rules.yaml --events events.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runBenchMatch(c, o) },
	}
	f := c.Flags()
	f.IntVar(&o.Rounds, "rounds", 40, "how often each set is measured; medians are shown")
	f.DurationVar(&o.Slice, "slice", 20*time.Millisecond, "how long each measurement of a round takes")
	f.BoolVar(&o.Quick, "quick", false, "a few short rounds, and no large sets unless --only names them")
	f.StringSliceVar(&o.Only, "only", nil, "sets to measure")
	f.StringVar(&o.rules, "rules", "", "measure this rule file or directory")
	f.StringVar(&o.events, "events", "", "the events to measure --rules with")
	addOutput(c, &o.output, "table", "json")
	checkFormat := c.PreRunE
	c.PreRunE = func(c *cobra.Command, args []string) error { return errors.Join(checkFormat(c, args), o.check()) }
	return c
}

func (o benchMatchOptions) check() error {
	switch {
	case o.rules != "" && o.events == "":
		return errors.New("--rules needs events to be measured with: give --events a file of events in the JSON format, one a line")
	case o.rules == "" && o.events != "":
		return errors.New("--events needs rules to be matched with: give --rules a rule file or a directory")
	case o.rules != "" && len(o.Only) > 0:
		return errors.New("--only chooses among the built-in sets; it does not go with --rules")
	}
	return o.Validate()
}

// benchReport is what either kind of measurement gives.
type benchReport interface {
	WriteTable(io.Writer) error
	WriteJSON(io.Writer) error
}

func runBenchMatch(c *cobra.Command, o benchMatchOptions) error {
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	progress, clear := benchProgress(c.ErrOrStderr())
	o.Progress = progress
	report, err := o.measure(ctx)
	clear()
	if err != nil {
		return noBenchMatch(c.ErrOrStderr(), o.rules, err)
	}
	write := report.WriteTable
	if o.output == "json" {
		write = report.WriteJSON
	}
	if err := write(c.OutOrStdout()); err != nil {
		return failed(err)
	}
	return nil
}

func (o benchMatchOptions) measure(ctx context.Context) (benchReport, error) {
	if o.rules != "" {
		return matchbench.RunOwn(ctx, o.Config, o.rules, o.events)
	}
	return matchbench.Run(ctx, o.Config)
}

// noBenchMatch tells why there are no figures. Rules that are wrong are told as
// `wye check` tells them.
func noBenchMatch(talk io.Writer, path string, err error) error {
	var broken *matchbench.RulesError
	if !errors.As(err, &broken) {
		return failed(err)
	}
	if err := broken.Problems.Write(talk, colorOn(talk)); err != nil {
		return failed(err)
	}
	fmt.Fprintf(talk, "%s: %s\n", path, verdict(nil, broken.Problems))
	return &exitError{status: statusOf(path, broken.Problems, isError)}
}
