package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
)

// starter is what commands have in common that start an operation.
type starter struct {
	server         server
	output         string
	rate           float64
	dryRun, detach bool
}

func (s *starter) add(c *cobra.Command, withRate bool) {
	fs := c.Flags()
	if withRate {
		fs.Float64Var(&s.rate, "rate", 0, "at most so many a second; 0 for no bound")
	}
	fs.BoolVar(&s.dryRun, "dry-run", false, "tell what would be done, and do nothing")
	fs.BoolVar(&s.detach, "detach", false, "do not wait for the end")
	addServer(c, &s.server)
	addOutput(c, &s.output, "table", "json", "yaml")
}

// start starts an operation and follows it, unless that is not wanted.
func (s *starter) start(cmd *cobra.Command, path string, order any) error {
	var op router.Operation
	if err := s.server.post(cmd.Context(), path, "application/json", body(order), &op); err != nil {
		return usageOf(err)
	}
	if s.detach {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s %s is running; %s\n", op.Kind, op.ID, howToLook(op))
		if s.output != "table" {
			return writeData(cmd.OutOrStdout(), s.output, op)
		}
		fmt.Fprintln(cmd.OutOrStdout(), op.ID)
		return nil
	}
	return s.follow(cmd, op)
}

// usageOf gives an answer that the order is wrong the exit status of that.
func usageOf(err error) error {
	if r := (*refusal)(nil); errors.As(err, &r) && r.Status == http.StatusBadRequest {
		return &exitError{exitUsage, r}
	}
	return err
}

func howToLook(op router.Operation) string {
	return fmt.Sprintf("look at it with `wye operation show %s`, stop it with `wye operation stop %s`, let it go on then with `wye operation resume %s`", op.ID, op.ID, op.ID)
}

const followEvery = 100 * time.Millisecond

// follow shows how an operation is doing until it ends. Ctrl-C ends only that.
func (s *starter) follow(cmd *cobra.Command, op router.Operation) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	line := newProgress(cmd.ErrOrStderr())
	defer line.clear()
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for began := time.Now(); op.State == router.OperationRunning; {
		select {
		case <-ctx.Done():
			line.say(fmt.Sprintf("%s %s goes on; %s", op.Kind, op.ID, howToLook(op)))
			return nil
		case <-tick.C:
		}
		id := op.ID
		if err := s.server.get(ctx, "/api/v1/operations/"+id, &op); err != nil {
			if ctx.Err() != nil {
				continue
			}
			line.say(fmt.Sprintf("%s %s goes on where it was when the server is back; %s", op.Kind, id, howToLook(op)))
			return err
		}
		line.show(func() string { return progressOf(op, time.Since(began)) })
	}
	line.clear()
	return endOf(cmd, s.output, op)
}

// endOf tells how an operation ended.
func endOf(cmd *cobra.Command, output string, op router.Operation) error {
	if output != "table" {
		if err := writeData(cmd.OutOrStdout(), output, op); err != nil {
			return err
		}
	} else {
		writeSummary(cmd.OutOrStdout(), op)
	}
	if n := unknownNumbers(op); n > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s of those named %s not there (any more)\n", grouped(n), areOrIs(n))
	}
	switch {
	case op.State == router.OperationFailed:
		return failed(fmt.Errorf("%s %s failed: %s; `wye operation resume %s` tries again from where it was", op.Kind, op.ID, plain(op.Error, 400), op.ID))
	case op.State == router.OperationStopped:
		return &exitError{exitFindings, fmt.Errorf("%s %s was stopped; `wye operation resume %s` lets it go on", op.Kind, op.ID, op.ID)}
	case op.Skipped+op.Failed > 0:
		return &exitError{status: exitFindings}
	}
	return nil
}

// unknownNumbers counts those of the numbers named that no dead letter has.
func unknownNumbers(op router.Operation) int {
	if op.Letters == nil || op.State != router.OperationDone || op.Matched == 0 {
		return 0
	}
	named := len(slices.Compact(slices.Sorted(slices.Values(op.Letters.Numbers))))
	return max(0, named-int(op.Looked))
}

func areOrIs(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// doneWords are what was done, and to what.
var doneWords = map[router.OperationKind]struct{ done, thing string }{
	router.OperationRedrive: {"redriven", "dead letter"},
	router.OperationDiscard: {"discarded", "dead letter"},
	router.OperationReplay:  {"made again", "event"},
}

// writeSummary is an operation in a line, and why something was left in others.
func writeSummary(w io.Writer, op router.Operation) {
	fmt.Fprintln(w, summaryOf(op))
	writeWhy(w, op.Why)
}

func writeWhy(w io.Writer, why map[string]uint64) {
	for _, reason := range slices.Sorted(maps.Keys(why)) {
		fmt.Fprintf(w, "  %s × %s\n", grouped(int(why[reason])), plain(reason, 200))
	}
}

// summaryOf is what came of an operation: "redriven 3 of 5 dead letters, 2 skipped".
func summaryOf(op router.Operation) string {
	words := doneWords[op.Kind]
	if op.Matched == 0 && op.State != router.OperationRunning {
		return "nothing is meant by that: no " + words.thing + " was touched"
	}
	text := ""
	if op.Kind == router.OperationReplay {
		text = fmt.Sprintf("%s of %s %s", number(op.Done, "delivery", "deliveries"), count(int(op.Matched), words.thing), words.done)
	} else {
		text = fmt.Sprintf("%s %s of %s", words.done, grouped(int(op.Done)), count(int(op.Matched), words.thing))
	}
	if op.Skipped > 0 {
		text += fmt.Sprintf(", %s skipped", grouped(int(op.Skipped)))
	}
	if op.Failed > 0 {
		text += fmt.Sprintf(", %s not to be judged", grouped(int(op.Failed)))
	}
	return text
}

func number(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(int(n)) + " " + many
}

// progressOf is how far an operation is.
func progressOf(op router.Operation, took time.Duration) string {
	text := fmt.Sprintf("%s %s: %d%% · %s; %s", op.Kind, op.ID, percent(op.From, op.Cursor, op.Until), summaryOf(op), briefly(took))
	if op.WaitingFor != "" {
		text += fmt.Sprintf("; waits until the backlog of %s has room", op.WaitingFor)
	}
	if op.Error != "" {
		text += "; " + plain(op.Error, 200)
	}
	return text
}

func percent(from, cursor, until uint64) uint64 {
	switch {
	case cursor >= until:
		return 100
	case cursor < from:
		return 0
	}
	return (cursor - from + 1) * 100 / (until - from + 1)
}

// preview asks what would be done, and tells how far the looking is.
func (s *starter) preview(cmd *cobra.Command, path string, order any) (p router.Preview, err error) {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	answer, err := s.server.streamPost(ctx, path, body(order))
	if err != nil {
		return p, usageOf(err)
	}
	defer answer.Close()
	line := newProgress(cmd.ErrOrStderr())
	defer line.clear()
	for in := bufio.NewReader(answer); ; {
		text, err := in.ReadBytes('\n')
		if err != nil && len(text) == 0 {
			break
		}
		p = router.Preview{}
		if err := json.Unmarshal(text, &p); err != nil {
			return p, failedUnlessRefused(s.server.url, err)
		}
		line.show(func() string {
			return fmt.Sprintf("%d%% · looked at %s", percent(p.From, p.Cursor, p.Until), count(int(p.Looked), doneWords[p.Kind].thing))
		})
	}
	if !p.End {
		why := "the server ended the look early"
		if ctx.Err() != nil {
			why = "interrupted"
		}
		return p, failed(fmt.Errorf("not all was looked at (%d%%): %s", percent(p.From, p.Cursor, p.Until), why))
	}
	return p, nil
}

// streamPost is stream with a body.
func (s server) streamPost(ctx context.Context, path string, text []byte) (io.ReadCloser, error) {
	return s.streamOf(ctx, http.MethodPost, path, text)
}
