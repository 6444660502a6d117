package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/rules"
)

// tailFlags are the flags of `wye tail` as they are written.
type tailFlags struct {
	server              server
	where, output       string
	unmatched, outcomes bool
	limit               int
}

func newTailCommand() *cobra.Command {
	var f tailFlags
	c := &cobra.Command{
		Use:   "tail",
		Short: "Watch events live, with where they go",
		Long: `Shows the events that a running Wye routes from now on: which rules each matches,
and to which targets it goes therefore. What becomes of it there is shown with
--outcomes.

--where takes a condition as a rule's ` + "`when`" + `. Watching never slows the router: where
more comes than can be shown, some is left out, and how much is told.

Ends with Ctrl-C or after --limit events, and then exits with 0; 3 if the server
goes away.`,
		Example: `  wye tail
  wye tail --unmatched
  wye tail --where 'event.data.total > 100 && event.source == "/shop"'
  wye tail --outcomes -o json | jq -c 'select(.outcome.outcome == "dead_lettered")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := c.Flags()
	fs.StringVar(&f.where, "where", "", "only events that meet this condition (CEL)")
	fs.BoolVar(&f.unmatched, "unmatched", false, "only events that no rule matches")
	fs.BoolVar(&f.outcomes, "outcomes", false, "also how deliveries end")
	fs.IntVar(&f.limit, "limit", 0, "end after so many events; 0 for never")
	addServer(c, &f.server)
	addOutput(c, &f.output, "text", "json")
	return c
}

func (f *tailFlags) run(cmd *cobra.Command) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	lines, err := f.server.stream(ctx, f.path())
	if err != nil && ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	defer lines.Close()
	fmt.Fprintf(cmd.ErrOrStderr(), "watching %s; Ctrl-C ends\n", f.server.url)
	return f.show(ctx, cmd, bufio.NewReader(lines))
}

// check looks at the condition here, where its mistakes can be pointed at. The
// server looks at it again.
func (f *tailFlags) check(cmd *cobra.Command) error {
	if f.limit < 0 {
		return fmt.Errorf("--limit %d: expected 0 or more", f.limit)
	}
	if !cmd.Flags().Changed("where") {
		return nil
	}
	_, problems := rules.NewCondition("--where", f.where)
	if !problems.HasErrors() {
		return nil
	}
	talk := cmd.ErrOrStderr()
	if err := problems.Write(talk, colorOn(talk)); err != nil {
		return failed(err)
	}
	return errors.New("--where: this is not a condition that can be used")
}

func (f *tailFlags) path() string {
	v := url.Values{}
	if f.where != "" {
		v.Set("where", f.where)
	}
	if f.unmatched {
		v.Set("unmatched", "true")
	}
	if f.outcomes {
		v.Set("outcomes", "true")
	}
	return "/api/v1/tail?" + v.Encode()
}

// stream asks for a path whose answer has no end.
func (s server) stream(ctx context.Context, path string) (io.ReadCloser, error) {
	return s.streamOf(ctx, http.MethodGet, path, nil)
}

func (s server) streamOf(ctx context.Context, method, path string, body []byte) (io.ReadCloser, error) {
	base, err := s.base()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = serverWithin
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, failed(fmt.Errorf("no Wye answers at %s (%w); start one with `wye serve`, or name another with --server or WYE_SERVER", base, cause(err)))
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	return nil, failedUnlessRefused(base, decodeAnswer(resp, nil))
}

// show writes lines until the limit is reached, ctx ends or the server does.
func (f *tailFlags) show(ctx context.Context, cmd *cobra.Command, lines *bufio.Reader) error {
	out := bufio.NewWriter(cmd.OutOrStdout())
	write := tailJSON(out)
	if f.output == "text" {
		write = newTailText(out, cmd.ErrOrStderr(), colorOn(cmd.OutOrStdout())).line
	}
	for events := 0; f.limit == 0 || events < f.limit; {
		if lines.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return failed(fmt.Errorf("the events cannot be written: %w", err))
			}
		}
		text, err := lines.ReadBytes('\n')
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return failed(gone(f.server.url, err))
		case len(bytes.TrimSpace(text)) == 0:
			continue // it only says that the server is there
		}
		var line router.TailLine
		if err := json.Unmarshal(text, &line); err != nil {
			return failedUnlessRefused(f.server.url, err)
		}
		write(text, line)
		if line.TailEvent != nil {
			events++
		}
	}
	if err := out.Flush(); err != nil {
		return failed(fmt.Errorf("the events cannot be written: %w", err))
	}
	return nil
}

// gone says how the stream of a server ended.
func gone(server string, err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the Wye at %s ended the stream: it stopped, or nothing was taken from it for long", server)
	}
	return fmt.Errorf("the Wye at %s went away (%w)", server, err)
}

// tailJSON passes lines on as the server writes them.
func tailJSON(out io.Writer) func([]byte, router.TailLine) {
	return func(text []byte, _ router.TailLine) { _, _ = out.Write(text) }
}
