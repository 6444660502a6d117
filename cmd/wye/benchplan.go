package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/cmd/wye/bench/planbench"
)

func newBenchPlanCommand() *cobra.Command {
	var cfg planbench.Config
	var output string
	c := &cobra.Command{
		Use:   "plan",
		Short: "Measure how quickly wye plan compares over many events",
		Long: `Makes a rule set of which some rules change, and events of about 900 bytes; runs
wye plan over them from a file, then sends them to a Wye of its own and runs it over
what that keeps; and tells how long each took, beside the goal: a million events in
a minute on two cores.

A million events take about 2 GB on the disk while it runs.`,
		Example: `  wye bench plan
  wye bench plan --count 50000 --size 100 --changed 5
  wye bench plan --size 100000 --changed 1000 -o json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runBenchPlan(c, cfg, output) },
	}
	f := c.Flags()
	f.IntVar(&cfg.Events, "count", 1_000_000, "events")
	f.IntVar(&cfg.Rules, "size", 1000, "rules")
	f.IntVar(&cfg.Changed, "changed", 10, "rules that change")
	f.StringVar(&cfg.Binary, "binary", "", "the wye to measure (default this one)")
	f.StringVar(&cfg.Dir, "dir", os.TempDir(), "where files and the store are put while they are measured; choose the disk you mean")
	addOutput(c, &output, "table", "json")
	return c
}

func runBenchPlan(c *cobra.Command, cfg planbench.Config, output string) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if cfg.Binary == "" {
		self, err := os.Executable()
		if err != nil {
			return failed(err)
		}
		cfg.Binary = self
	}
	progress, clear := benchProgress(c.ErrOrStderr())
	cfg.Progress = progress
	report, err := planbench.Run(ctx, cfg)
	clear()
	if report != nil {
		write := report.WriteTable
		if output == "json" {
			write = report.WriteJSON
		}
		err = errors.Join(err, write(c.OutOrStdout()))
	}
	if err != nil {
		return failed(err)
	}
	return nil
}
