package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// sendFlags are the flags of `wye send` as they are written.
type sendFlags struct {
	to, mode, rate, output string
	batch, count           int
	concurrency, retry     int
	newIDs                 bool
	made                   madeEvent
}

var sendModes = map[string]cloudevent.Mode{
	"binary": cloudevent.Binary, "structured": cloudevent.Structured, "batched": cloudevent.Batched,
}

func newSendCommand() *cobra.Command {
	var f sendFlags
	c := &cobra.Command{
		Use:   "send [PATH...|-]",
		Short: "Publish events to a running Wye",
		Long: `Publishes events: those of files, of the *.json, *.jsonl and *.ndjson files of
directories, of standard input (-), or one that is made of flags. A file holds
events in the CloudEvents JSON format: one, an array, or JSON lines. Files are
checked before anything is sent; standard input is sent as it comes.

Exits with 0 where every event was accepted (a duplicate was, before), 1 where one
was refused or a file has a bad one, and 3 where nobody answers.`,
		Example: `  wye send examples/order-routing/events
  wye send --type com.example.order.placed --data '{"total": 250}'
  tail -f events.jsonl | wye send - --mode batched --batch 50
  wye send order.json --count 10000 --rate 500/s --concurrency 8
  wye send order.json --to nats://127.0.0.1:4222`,
		RunE: func(cmd *cobra.Command, paths []string) error { return send(cmd, f, paths) },
	}
	fs := c.Flags()
	def := "http://127.0.0.1:8080/events"
	if env := os.Getenv("WYE_INGEST"); env != "" {
		def = env
	}
	fs.StringVar(&f.to, "to", def, "where to send: http://… or nats://… (or set WYE_INGEST)")
	fs.StringVar(&f.mode, "mode", "binary", "form of the messages: binary, structured or batched")
	fs.IntVar(&f.batch, "batch", 100, "events in a message of batched mode; implies that mode")
	fs.StringVar(&f.rate, "rate", "", "how fast, such as 50/s or 600/m (default as fast as it goes)")
	fs.IntVar(&f.count, "count", 0, "send so many events in all, the given ones again and again; from the second time on their ids get a suffix")
	fs.IntVar(&f.concurrency, "concurrency", 1, "requests at once; with more than 1 events overtake each other")
	fs.IntVar(&f.retry, "retry", 5, "how often a request is repeated after 429, 503 or a lost connection, no sooner than the server asks")
	fs.BoolVar(&f.newIDs, "new-ids", false, "give every event a new id")
	f.made.flags(fs)
	addOutput(c, &f.output, "table", "json")
	return c
}

func send(cmd *cobra.Command, f sendFlags, paths []string) error {
	f.implied(cmd)
	cfg, err := f.config()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	source, err := f.source(ctx, cmd, paths)
	if err != nil {
		return err
	}
	talk := newSendTalk(cmd.OutOrStdout(), cmd.ErrOrStderr(), f.output)
	cfg.Report = talk.report
	tally, err := sender.Run(ctx, cfg, source)
	talk.end(tally, err)
	return sendStatus(ctx, tally, err)
}

// sendStatus is how the command ends.
func sendStatus(ctx context.Context, tally sender.Tally, err error) error {
	var fault sender.Fault
	var unreachable *sender.Unreachable
	switch {
	case ctx.Err() != nil:
		return failed(errors.New("interrupted"))
	case errors.As(err, &fault):
		return &exitError{exitFindings, err}
	case errors.As(err, &unreachable):
		return failed(fmt.Errorf("%w; start one with `wye serve`, or name another with --to or WYE_INGEST", err))
	case err != nil:
		return failed(err)
	case tally.Refused > 0:
		return &exitError{status: exitFindings}
	}
	return nil
}

// implied completes what flags say about each other.
func (f *sendFlags) implied(cmd *cobra.Command) {
	if cmd.Flags().Changed("batch") && !cmd.Flags().Changed("mode") {
		f.mode = "batched"
	}
}

// config reads the flags.
func (f *sendFlags) config() (sender.Config, error) {
	cfg := sender.Config{To: f.to, Batch: f.batch, Concurrency: f.concurrency, Retry: f.retry}
	if !strings.Contains(cfg.To, "://") {
		cfg.To = "http://" + cfg.To
	}
	u, err := url.Parse(cfg.To)
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "nats", "tls"}, u.Scheme) {
		return cfg, fmt.Errorf("--to %s: expected http://HOST:PORT/events or nats://HOST:PORT", f.to)
	}
	mode, ok := sendModes[f.mode]
	if !ok {
		return cfg, fmt.Errorf("--mode %s: expected binary, structured or batched", f.mode)
	}
	if cfg.Mode = mode; mode == cloudevent.Batched && sender.OverNATS(cfg.To) {
		return cfg, errors.New("--mode batched: NATS has no batches; use binary or structured")
	}
	for _, n := range []struct {
		flag        string
		value, from int
	}{{"--batch", f.batch, 1}, {"--concurrency", f.concurrency, 1}, {"--retry", f.retry, 0}, {"--count", f.count, 0}} {
		if n.value < n.from {
			return cfg, fmt.Errorf("%s %d: expected %d or more", n.flag, n.value, n.from)
		}
	}
	cfg.Rate, err = parseRate(f.rate)
	return cfg, err
}

// parseRate reads events a second: "50", "50/s", "600/m" or "9000/h".
func parseRate(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	number, unit, _ := strings.Cut(text, "/")
	seconds, ok := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(n > 0 && n < 1e9) {
		return 0, fmt.Errorf("--rate %s: expected a rate such as 50/s, 600/m or 9000/h", text)
	}
	return n / seconds, nil
}

// source is the events to send.
func (f *sendFlags) source(ctx context.Context, cmd *cobra.Command, paths []string) (sender.Source, error) {
	made := f.made.wanted(cmd.Flags())
	var items []sender.Item
	var err error
	switch {
	case made && len(paths) > 0:
		return nil, errors.New("an event is made of flags such as --type, or events are read from files; not both")
	case made:
		items, err = f.made.items()
	case len(paths) == 0:
		return nil, errors.New("nothing to send: name files, directories or - for standard input, or make an event with --type and --data")
	case slices.Equal(paths, []string{sender.Stdin}) && f.count == 0:
		return f.ids(sender.Interruptible(ctx, sender.Events("stdin", cmd.InOrStdin()))), nil
	default:
		items, err = readEvents(paths, cmd.InOrStdin())
	}
	if err != nil {
		return nil, err
	}
	if f.count > 0 {
		return f.ids(sender.Repeat(items, f.count)), nil
	}
	return f.ids(sender.Of(items)), nil
}

func (f *sendFlags) ids(from sender.Source) sender.Source {
	if f.newIDs {
		return sender.WithNewIDs(from)
	}
	return from
}

// readEvents reads files. Bad events are findings; nothing is sent then.
func readEvents(paths []string, stdin io.Reader) ([]sender.Item, error) {
	items, err := sender.Read(paths, stdin)
	var faults sender.Faults
	switch {
	case errors.As(err, &faults):
		return nil, &exitError{exitFindings, fmt.Errorf("nothing was sent\n%w", faults)}
	case err != nil:
		return nil, failed(err)
	}
	return items, nil
}
