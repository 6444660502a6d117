package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

func newOperationCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "operation",
		Short: "Look at redrives, discards and replays; stop and resume them",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("operation: say list, show, stop or resume")
		},
	}
	c.AddCommand(newOperationListCommand(), newOperationShowCommand(), newOperationStopCommand(), newOperationResumeCommand())
	return c
}

func newOperationListCommand() *cobra.Command {
	var s server
	var output string
	c := &cobra.Command{
		Use:   "list",
		Short: "List operations, the newest first",
		Long:  `Lists the operations that run or were stopped, and the newest 100 that ended.`,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all api.Operations
			if err := s.get(cmd.Context(), "/api/v1/operations", &all); err != nil {
				return err
			}
			if output != "table" {
				return writeData(cmd.OutOrStdout(), output, all)
			}
			return writeOperations(cmd.OutOrStdout(), cmd.ErrOrStderr(), all.Operations)
		},
	}
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

func writeOperations(out, talk io.Writer, all []router.Operation) error {
	if len(all) == 0 {
		fmt.Fprintln(talk, "no operations")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tKIND\tSTATE\tSTARTED\tLOOKED\tDONE\tSKIPPED\tFAILED\tWHICH")
	for _, op := range all {
		state := string(op.State)
		if op.State == router.OperationRunning || op.State == router.OperationStopped {
			state += fmt.Sprintf(" %d%%", percent(op.From, op.Cursor, op.Until))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", op.ID, op.Kind, state, moment(op.Started), grouped(int(op.Looked)),
			grouped(int(op.Done)), grouped(int(op.Skipped)), grouped(int(op.Failed)), plain(whichOf(op), 80))
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	return nil
}

// whichOf is what an operation is about, as the flags say it.
func whichOf(op router.Operation) string {
	var parts []string
	flag := func(name, value string) {
		if value != "" {
			parts = append(parts, "--"+name+" "+value)
		}
	}
	all := false
	if l := op.Letters; l != nil {
		for _, n := range l.Numbers {
			parts = append(parts, fmt.Sprint(n))
		}
		flag("target", l.Target)
		flag("rule", l.Rule)
		flag("reason", l.Reason)
		flag("where", l.Where)
		all = l.All
	}
	if e := op.Events; e != nil {
		parts = append(parts, fmt.Sprintf("--from %d --to %d", op.From, op.Until))
		flag("target", e.Target)
		flag("rule", e.Rule)
		flag("where", e.Where)
		all = e.All
	}
	if all {
		parts = append(parts, "--all")
	}
	if op.Rate > 0 {
		flag("rate", fmt.Sprint(op.Rate))
	}
	return strings.Join(parts, " ")
}

func newOperationShowCommand() *cobra.Command {
	return operationCommand("show ID", "Show one operation", func(ctx context.Context, s server, path string) (op router.Operation, err error) {
		return op, s.get(ctx, path, &op)
	})
}

func newOperationStopCommand() *cobra.Command {
	return operationCommand("stop ID", "Stop an operation; it can be resumed", func(ctx context.Context, s server, path string) (op router.Operation, err error) {
		return op, s.post(ctx, path+"/stop", "application/json", nil, &op)
	})
}

func newOperationResumeCommand() *cobra.Command {
	return operationCommand("resume ID", "Let an operation go on that was stopped or failed, from where it was", func(ctx context.Context, s server, path string) (op router.Operation, err error) {
		return op, s.post(ctx, path+"/resume", "application/json", nil, &op)
	})
}

// operationCommand is a command about one operation, which it shows then.
func operationCommand(use, short string, do func(context.Context, server, string) (router.Operation, error)) *cobra.Command {
	var s server
	var output string
	c := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  oneArg("an operation"),
		RunE: func(cmd *cobra.Command, args []string) error {
			op, err := do(cmd.Context(), s, "/api/v1/operations/"+url.PathEscape(args[0]))
			if r := (*refusal)(nil); errors.As(err, &r) && (r.Status == http.StatusNotFound && strings.Contains(r.Detail, "no operation") || r.Status == http.StatusConflict) {
				return &exitError{exitFindings, r}
			}
			if err != nil {
				return err
			}
			if output != "table" {
				return writeData(cmd.OutOrStdout(), output, op)
			}
			writeOperation(cmd.OutOrStdout(), op)
			return nil
		},
	}
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

// writeOperation writes an operation for a person.
func writeOperation(w io.Writer, op router.Operation) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %-8s %s\n", name, value)
		}
	}
	fmt.Fprintf(w, "%s %s\n", strings.ToUpper(string(op.Kind[:1]))+string(op.Kind[1:]), op.ID)
	line("state", fmt.Sprintf("%s, %d%%", op.State, percent(op.From, op.Cursor, op.Until)))
	line("which", plain(whichOf(op), 1000))
	line("so far", summaryOf(op))
	line("started", moment(op.Started))
	if !op.Ended.IsZero() {
		line("ended", fmt.Sprintf("%s, after %s", moment(op.Ended), briefly(op.Ended.Sub(op.Started).Round(time.Millisecond))))
	}
	if op.WaitingFor != "" {
		line("waits", "until the backlog of "+op.WaitingFor+" has room")
	}
	line("error", plain(op.Error, 1000))
	writeWhy(w, op.Why)
}
