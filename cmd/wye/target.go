package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

func newTargetCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "target",
		Short: "Look at targets, pause and resume them, and try one",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("target: say list, show, pause, resume or test")
		},
	}
	c.AddCommand(newTargetListCommand(), newTargetShowCommand(), newTargetPauseCommand(), newTargetResumeCommand(), newTargetTestCommand())
	return c
}

func newTargetListCommand() *cobra.Command {
	var s server
	var output string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the targets, how they are and what waits for them",
		Long: `Lists the targets, how they are and what waits for them. DELIVERED, DEAD and RETRIED
count since the server started. RATE is the most that a target gets, by its rate or
because it answered 429. STATE is one of

  straight   deliveries go straight through
  aside      deliveries wait in its backlog until it is worked off
  held       it failed or asked for a pause, and is left alone for a while
  paused     it gets nothing until a person resumes it
  orphaned   it is not in the rules any more, and something waits for it still`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []router.TargetStatus
			if err := s.get(cmd.Context(), "/api/v1/targets", &all); err != nil {
				return err
			}
			if output != "table" {
				return writeData(cmd.OutOrStdout(), output, all)
			}
			return writeTargetTable(cmd.OutOrStdout(), cmd.ErrOrStderr(), all)
		},
	}
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

func writeTargetTable(out, talk io.Writer, all []router.TargetStatus) error {
	if len(all) == 0 {
		fmt.Fprintln(talk, "no targets")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TARGET\tKIND\tSTATE\tWHEN\tUNDER WAY\tWAITING\tDELIVERED\tDEAD\tRETRIED\tRATE")
	for _, t := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\n", dash(t.Name, 60), cmp.Or(t.Kind, "-"), t.State, when(t),
			t.Active, t.Waiting, t.Delivered, t.Dead, t.Retried, rate(t))
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	for _, t := range all {
		if t.Paused != nil {
			fmt.Fprintf(talk, "%s was paused %s; `wye target resume %s` ends that\n", t.Name, byWhom(t.Paused), t.Name)
		}
	}
	return nil
}

// when is since when, or until when, a target is in its state.
func when(t router.TargetStatus) string {
	switch {
	case t.Paused != nil:
		return "since " + moment(t.Paused.Since)
	case !t.Until.IsZero():
		return "until " + moment(t.Until)
	}
	return "-"
}

// rate is the most that the target's policy allows.
func rate(t router.TargetStatus) string {
	if t.Rate == 0 {
		return "-"
	}
	return strconv.FormatFloat(t.Rate, 'g', -1, 64) + "/s"
}

// byWhom is who paused a target, and why.
func byWhom(p *router.Pause) string {
	who := "by a person"
	if p.By == router.ByReceiver {
		who = "because its receiver says that it is gone"
	}
	if p.Reason == "" {
		return who
	}
	return who + ": " + plain(p.Reason, 300)
}

func newTargetShowCommand() *cobra.Command {
	var s server
	var output string
	c := &cobra.Command{
		Use:     "show TARGET",
		Short:   "Show one target",
		Example: `  wye target show billing`,
		Args:    oneArg("a target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var t router.TargetStatus
			if err := noSuchTarget(s.get(cmd.Context(), targetPath(args[0], ""), &t)); err != nil {
				return err
			}
			if output != "table" {
				return writeData(cmd.OutOrStdout(), output, t)
			}
			return writeTarget(cmd.OutOrStdout(), t)
		},
	}
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

func writeTarget(out io.Writer, t router.TargetStatus) error {
	w := &lines{to: out}
	w.line("Target %s", dash(t.Name, 200))
	w.line("  kind       %s", cmp.Or(t.Kind, "-"))
	state := t.State + states[t.State]
	if !t.Until.IsZero() {
		state += ", until " + moment(t.Until)
	}
	w.line("  state      %s", state)
	if t.Paused != nil {
		w.line("  paused     %s, %s", moment(t.Paused.Since), byWhom(t.Paused))
	}
	w.line("  under way  %s", grouped(t.Active))
	w.line("  waiting    %s", grouped(t.Waiting))
	w.line("  delivered  %s since the start", grouped(int(t.Delivered)))
	w.line("  dead       %s since the start", grouped(int(t.Dead)))
	w.line("  retried    %s since the start", grouped(int(t.Retried)))
	if t.Rate > 0 {
		w.line("  rate       at most %s", rate(t))
	}
	return w.err
}

// states say what the states of targets mean.
var states = map[string]string{
	"straight": ": deliveries go straight through",
	"aside":    ": deliveries wait in its backlog until it is worked off",
	"held":     ": it failed or asked for a pause, and is left alone",
	"paused":   ": it gets nothing until a person resumes it",
	"orphaned": ": it is not in the rules any more",
}

// lines writes lines until one cannot be written.
type lines struct {
	to  io.Writer
	err error
}

func (l *lines) line(format string, a ...any) {
	if l.err == nil {
		if _, err := fmt.Fprintf(l.to, format+"\n", a...); err != nil {
			l.err = failed(err)
		}
	}
}

func targetPath(name, verb string) string {
	path := "/api/v1/targets/" + url.PathEscape(name)
	if verb != "" {
		path += "/" + verb
	}
	return path
}

// noSuchTarget makes a mistake of usage of a name that no target has.
func noSuchTarget(err error) error {
	if r := (*refusal)(nil); errors.As(err, &r) && r.Reason == api.NoSuchTarget {
		return r
	}
	return err
}

// changeTarget has the server pause or resume a target, and gives how it is then.
func changeTarget(ctx context.Context, s server, name, verb string, body []byte) (t router.TargetStatus, err error) {
	err = noSuchTarget(s.post(ctx, targetPath(name, verb), "application/json", body, &t))
	return t, err
}
