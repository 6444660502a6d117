package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/cmd/wye/bench/deliverybench"
)

func newBenchDeliveryCommand() *cobra.Command {
	var cfg deliverybench.Config
	var output string
	c := &cobra.Command{
		Use:   "delivery",
		Short: "Measure deliveries: kinds of target, order, batches, many targets, an outage",
		Long: `Measures how events get from Wye to targets, and beside each row, in the same
run, the floor: the same kind of target called directly, without Wye, against
the same receiver. Events a second and processor time are those of as much as
goes, latencies (from accepted to delivered) those of a fixed rate.

Parts: ` + strings.Join(deliverybench.Parts(), ", ") + `.
All of them take about five minutes.`,
		Example: `  wye bench delivery
  wye bench delivery --quick
  wye bench delivery --only kinds,outage -o json > delivery.json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runBenchDelivery(c, cfg, output) },
	}
	f := c.Flags()
	f.DurationVar(&cfg.Duration, "duration", 1500*time.Millisecond, "how long each measurement takes; a row has two for Wye and two for its floor")
	f.Float64Var(&cfg.Rate, "rate", 1000, "events a second for latencies, and in the outage")
	f.IntVar(&cfg.Backlog, "backlog", 200_000, "events that wait when the outage ends")
	f.IntVar(&cfg.Connections, "connections", 256, "HTTP connections of the load")
	f.IntVar(&cfg.Size, "size", 512, "bytes of data of an event")
	f.BoolVar(&cfg.Quick, "quick", false, "little of everything: shows that it works, and means nothing")
	f.StringSliceVar(&cfg.Only, "only", nil, "parts to measure: "+strings.Join(deliverybench.Parts(), ", "))
	f.StringVar(&cfg.Binary, "binary", "", "the wye to measure (default this one)")
	f.StringVar(&cfg.Dir, "dir", os.TempDir(), "where stores are put while they are measured; choose the disk you mean")
	addOutput(c, &output, "table", "json", "markdown")
	c.AddCommand(newBenchDirectCommand())
	return c
}

func runBenchDelivery(c *cobra.Command, cfg deliverybench.Config, output string) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	self, err := os.Executable()
	if err != nil {
		return failed(err)
	}
	if cfg.Binary == "" {
		cfg.Binary = self
	}
	cfg.Self = []string{self, "bench", "delivery", "role"}
	progress, clear := benchProgress(c.ErrOrStderr())
	cfg.Progress = progress
	report, err := deliverybench.Run(ctx, cfg)
	clear()
	if report != nil {
		write := report.WriteTable
		switch output {
		case "json":
			write = report.WriteJSON
		case "markdown":
			write = report.WriteMarkdown
		}
		err = errors.Join(err, write(c.OutOrStdout()))
	}
	if err != nil {
		return failed(err)
	}
	return nil
}

// newBenchDirectCommand runs the part of the benchmark that has a process of
// its own.
func newBenchDirectCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "role",
		Hidden:             true,
		DisableFlagParsing: true,
		SilenceUsage:       true,
		RunE: func(c *cobra.Command, args []string) error {
			return deliverybench.Role(context.WithoutCancel(c.Context()), args, c.InOrStdin(), c.OutOrStdout())
		},
	}
}
