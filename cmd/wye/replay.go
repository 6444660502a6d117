package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/rules"
)

func newReplayCommand() *cobra.Command {
	var s starter
	var o api.ReplayOrder
	c := &cobra.Command{
		Use:   "replay --from WHEN",
		Short: "Deliver kept events again",
		Long: `Delivers events of the archive again, from --from up to --to, both included: where
the rules that are in force now send them, only by one --rule and to one --target
if that is said. Each delivery has a new delivery id and the header wye-replay with
the id of the replay; the event itself is as it was.

WHEN is a sequence number, a time such as 2026-03-02T09:00:00Z, a date, or how long
ago, such as 2h or 3d. Without --to the window ends now; what comes later is not
replayed. Without --where, --rule and --target, say --all.

The server does the work, also when nobody watches and over a restart. Ctrl-C only
ends the watching; ` + "`wye operation`" + ` shows, stops and resumes it.

Exits with 0 when all was done, 1 when something was skipped or somebody stopped it,
and 3 when it failed.`,
		Example: `  wye replay --from 2h --target billing --dry-run
  wye replay --from 2026-03-02T09:00:00Z --to 2026-03-02T10:00:00Z --rule large-orders --rate 50
  wye replay --from 1200 --to 1300 --where 'event.data.total > 100'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Rate, o.DryRun = s.rate, s.dryRun
			if err := checkReplay(cmd, &o); err != nil {
				return err
			}
			if s.dryRun {
				return previewReplay(cmd, s, o)
			}
			return s.start(cmd, "/api/v1/replay", o)
		},
	}
	fs := c.Flags()
	fs.StringVar(&o.From, "from", "", "first event: a sequence number, a time, or how long ago")
	fs.StringVar(&o.To, "to", "", "last event, likewise (default the newest)")
	fs.StringVar(&o.Where, "where", "", "only events that meet this condition (CEL)")
	fs.StringVar(&o.Rule, "rule", "", "only what this rule sends")
	fs.StringVar(&o.Target, "target", "", "only to this target")
	fs.BoolVar(&o.All, "all", false, "all events, for all rules and targets")
	s.add(c, true)
	return c
}

// checkReplay looks at the flags before anybody is asked.
func checkReplay(cmd *cobra.Command, o *api.ReplayOrder) error {
	if o.From == "" {
		return errors.New("--from: say from when on events are to be replayed, such as --from 2h")
	}
	if !o.All && o.Where == "" && o.Rule == "" && o.Target == "" {
		return errors.New("say which events with --where, or for which --rule or --target; or --all")
	}
	if o.Rate < 0 {
		return fmt.Errorf("--rate %v: expected a number more than 0", o.Rate)
	}
	now := time.Now()
	for _, end := range []struct {
		flag string
		text *string
	}{{"--from", &o.From}, {"--to", &o.To}} {
		if *end.text == "" {
			continue
		}
		moment, err := whenOrWhich(*end.text, now)
		if err != nil {
			return fmt.Errorf("%s %s: %w", end.flag, plain(*end.text, 80), err)
		}
		*end.text = moment
	}
	if !cmd.Flags().Changed("where") {
		return nil
	}
	_, problems := rules.NewCondition("--where", o.Where)
	return pointAt(cmd, problems)
}

func previewReplay(cmd *cobra.Command, s starter, o api.ReplayOrder) error {
	p, err := s.preview(cmd, "/api/v1/replay", o)
	if err != nil {
		return err
	}
	if s.output != "table" {
		return writeData(cmd.OutOrStdout(), s.output, p)
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "would make %s of %s (%s looked at, sequences %d to %d)\n",
		number(p.Would, "delivery", "deliveries"), count(int(p.Matched), "event"), grouped(int(p.Looked)), p.From, p.Until)
	if err := writeRoutes(out, p.Routes); err != nil {
		return err
	}
	for _, ev := range p.Events {
		fmt.Fprintf(out, "  for example %d: %s, id %s, source %s\n", ev.Sequence, dash(ev.Type, 80), dash(ev.ID, 80), dash(ev.Source, 80))
	}
	writeWhy(out, p.Why)
	return nil
}

// writeRoutes tells how much would go where.
func writeRoutes(out io.Writer, routes []router.PreviewRoute) error {
	if len(routes) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RULE\tTARGET\tCOUNT")
	for _, r := range routes {
		fmt.Fprintf(w, "%s\t%s\t%s\n", dash(r.Rule, 63), dash(r.Target, 63), grouped(int(r.Count)))
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	return nil
}
