package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/rules"
)

type matchFlags struct{ rules, events, output, at string }

func newMatchCommand() *cobra.Command {
	var f matchFlags
	c := &cobra.Command{
		Use:   "match --events FILE|-",
		Short: "Run a file of events through a rule set, without a server",
		Long: `Tells for each event of a file which rules match it. The file has one event a line
in the CloudEvents JSON format (JSON lines); - is standard input, which is answered
as it comes. Each line that is not blank gets one line, in the same order:

  {"n":1,"id":"A-1","source":"/shop","matched":["large-orders"],"errors":{"judged":"…"}}
  {"n":2,"invalid":"attribute \"id\": is missing; …"}

n counts from 1. matched has the rules whose targets would be given the event, in
order of name. shadow has those that match and deliver nothing because their mode
is shadow, and is left out where there are none. A rule whose sample does not have
the event, or that is over, does not match. errors has the rules whose condition failed on it, and is left out
where there are none; such a rule is among the matched ones if it says
on_error: match. A line that is no valid event is told and the run goes on.

-o table counts instead: how many events each rule matches.

Exits with 0 where the whole file was run, also if some events were not valid (the
summary counts them), and 3 where the rules have an error or something cannot be
read or written.`,
		Example: `  wye match --events events.jsonl
  wye match --rules new.yaml --events events.jsonl > new.ndjson
  wye match --events events.jsonl -o table
  tail -f events.jsonl | wye match --events -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return match(cmd, f) },
	}
	c.Flags().StringVar(&f.rules, "rules", "rules.yaml", "rule file, or a directory of them")
	c.Flags().StringVar(&f.events, "events", "", "file of events, one a line; - for standard input")
	c.Flags().StringVar(&f.at, "at", "", "time at which the events would be accepted, which the rules' until is compared with (now)")
	addOutput(c, &f.output, "ndjson", "table")
	return c
}

func match(cmd *cobra.Command, f matchFlags) error {
	if f.events == "" {
		return errors.New("--events: name a file of events, one a line, or - for standard input")
	}
	at, err := timeOrNow("--at", f.at)
	if err != nil {
		return err
	}
	matcher, err := loadForMatch(cmd.ErrOrStderr(), f.rules)
	if err != nil {
		return err
	}
	from, size, err := openEvents(f.events, cmd.InOrStdin())
	if err != nil {
		return failed(err)
	}
	defer from.Close()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once

	talk := newMatchTalk(cmd.OutOrStdout(), cmd.ErrOrStderr(), size)
	m := &matching{matcher: matcher, at: at, name: shownEvents(f.events), after: talk.show}
	if f.output == "ndjson" {
		m.out = cmd.OutOrStdout()
	}
	tally, err := m.run(ctx, from)
	talk.end(tally)
	if err == nil && f.output == "table" {
		err = talk.table(m.ruleTallies())
	}
	if err != nil {
		return failed(err)
	}
	return nil
}

// loadForMatch loads the rules, and says on talk what is wrong with them in the
// words of `wye check`.
func loadForMatch(talk io.Writer, path string) (*rules.Matcher, error) {
	_, matcher, problems := rules.Load(path)
	if problems.HasErrors() {
		if err := problems.Write(talk, colorOn(talk)); err != nil {
			return nil, failed(err)
		}
		return nil, failed(fmt.Errorf("%s: the rules do not load (%s)", path, verdict(nil, problems)))
	}
	if len(problems) > 0 {
		fmt.Fprintf(talk, "%s: %s; `wye check %s` shows them\n", path, verdict(nil, problems), path)
	}
	return matcher, nil
}

func shownEvents(path string) string {
	if path == sender.Stdin {
		return "stdin"
	}
	return path
}

// openEvents opens a file of events. The size is 0 where it is not known.
func openEvents(path string, stdin io.Reader) (from io.ReadCloser, size int64, err error) {
	if path == sender.Stdin {
		return io.NopCloser(stdin), 0, nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, 0, fmt.Errorf("--events %s: there is no such file", path)
	case err != nil:
		return nil, 0, fmt.Errorf("--events %s: it cannot be read: %w", path, err)
	case info.IsDir():
		return nil, 0, fmt.Errorf("--events %s: it is a directory; name a file with one event a line", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("--events %s: it cannot be read: %w", path, err)
	}
	if info.Mode().IsRegular() {
		size = info.Size()
	}
	return file, size, nil
}
