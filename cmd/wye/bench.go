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

	"github.com/wye-events/wye/cmd/wye/bench"
)

func newBenchCommand() *cobra.Command {
	cfg := bench.Config{}
	var output string
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure Wye on this machine, beside the floors and baselines to read it against",
		Long: `Starts Wye and, one after another, a raw JetStream, a bare HTTP server, a router
that does nothing, and the plain loop that one would write instead; loads each
over loopback; and prints events a second, latencies and processor seconds per
million events, with the ratios that count. Only rows of one run compare.

Rows: ` + strings.Join(bench.Groups(), ", ") + `.`,
		Example: `  wye bench
  wye bench --only null,loop,deliver --rounds 3
  wye bench --duration 2s -o json > bench.json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runBench(c, cfg, output) },
	}
	f := c.Flags()
	f.DurationVar(&cfg.Duration, "duration", 5*time.Second, "how long each row is measured, after a warm-up of at most a second")
	f.IntVar(&cfg.Rounds, "rounds", 1, "how often each row is measured; medians are shown")
	f.IntVar(&cfg.Connections, "connections", 256, "HTTP connections of the load")
	f.IntVar(&cfg.Size, "size", 512, "bytes of data of an event")
	f.StringSliceVar(&cfg.Only, "only", nil, "rows to measure: "+strings.Join(bench.Groups(), ", "))
	f.StringVar(&cfg.Binary, "binary", "", "the wye to measure (default this one)")
	f.StringVar(&cfg.Dir, "dir", os.TempDir(), "where stores are put while they are measured; choose the disk you mean")
	addOutput(c, &output, "table", "json")
	f.StringVar(&cfg.Profile, "profile", "", "directory for CPU profiles of all parts")
	_ = f.MarkHidden("profile")
	c.AddCommand(newBenchRoleCommand(), newBenchMatchCommand(), newBenchDeliveryCommand(), newBenchPlanCommand())
	return c
}

func runBench(c *cobra.Command, cfg bench.Config, output string) error {
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
	cfg.Self = []string{self, "bench", "role"}
	progress, clear := benchProgress(c.ErrOrStderr())
	cfg.Progress = progress
	report, err := bench.Run(ctx, cfg)
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

// newBenchRoleCommand runs one part of a benchmark in a process of its own.
func newBenchRoleCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "role",
		Hidden:             true,
		DisableFlagParsing: true,
		SilenceUsage:       true,
		RunE: func(c *cobra.Command, args []string) error {
			return bench.Role(context.WithoutCancel(c.Context()), args, c.InOrStdin(), c.OutOrStdout())
		},
	}
}

// benchProgress writes each message over the last where somebody looks, and
// nowhere else.
func benchProgress(w io.Writer) (progress io.Writer, clear func()) {
	if f, ok := w.(*os.File); ok && isTerminal(f) {
		return overwriter{w}, func() { fmt.Fprint(w, clearLine) }
	}
	return io.Discard, func() {}
}

type overwriter struct{ io.Writer }

func (o overwriter) Write(p []byte) (int, error) {
	_, err := fmt.Fprintf(o.Writer, "%s%s", clearLine, p)
	return len(p), err
}
