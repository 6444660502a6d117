package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

func newDeadCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "dead",
		Short: "Look at dead letters: deliveries that ended without being taken",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("dead: say list or show")
		},
	}
	c.AddCommand(newDeadListCommand(), newDeadShowCommand())
	return c
}

// deadQuery is which dead letters are asked for.
type deadQuery struct {
	target string
	from   uint64
	limit  int // 0 for all
}

func newDeadListCommand() *cobra.Command {
	var s server
	var q deadQuery
	var output string
	c := &cobra.Command{
		Use:   "list",
		Short: "List dead letters, oldest first",
		Example: `  wye dead list
  wye dead list --target billing --limit 0 -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			page, err := q.fetch(cmd.Context(), s)
			if err != nil {
				return err
			}
			if output != "table" {
				return writeData(cmd.OutOrStdout(), output, page)
			}
			return writeDeadTable(cmd.OutOrStdout(), cmd.ErrOrStderr(), page)
		},
	}
	fs := c.Flags()
	fs.StringVar(&q.target, "target", "", "only those of this target")
	fs.Uint64Var(&q.from, "from", 1, "begin at this number")
	fs.IntVar(&q.limit, "limit", 100, "how many at most; 0 for all")
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

// deadPage is how many dead letters are asked for at once.
const deadPage = 500

// fetch asks for page after page.
func (q deadQuery) fetch(ctx context.Context, s server) (api.DeadPage, error) {
	if q.limit < 0 {
		return api.DeadPage{}, fmt.Errorf("--limit %d: expected 0 or more", q.limit)
	}
	all := api.DeadPage{Letters: []router.DeadLetter{}, Next: q.from}
	for all.Next > 0 {
		want := deadPage
		if q.limit > 0 {
			want = min(want, q.limit-len(all.Letters))
		}
		if want == 0 {
			break
		}
		var page api.DeadPage
		if err := s.get(ctx, q.path(all.Next, want), &page); err != nil {
			return all, err
		}
		all.Letters, all.Next = append(all.Letters, page.Letters...), page.Next
	}
	return all, nil
}

func (q deadQuery) path(from uint64, limit int) string {
	v := url.Values{"from": {strconv.FormatUint(from, 10)}, "limit": {strconv.Itoa(limit)}}
	if q.target != "" {
		v.Set("target", q.target)
	}
	return "/api/v1/dead?" + v.Encode()
}

func writeDeadTable(out, talk io.Writer, page api.DeadPage) error {
	if len(page.Letters) == 0 {
		fmt.Fprintln(talk, "no dead letters")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NUMBER\tAT\tTARGET\tRULE\tREASON\tTRIED\tLAST\tEVENT TYPE\tEVENT ID")
	for _, d := range page.Letters {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", d.Number, moment(d.At), dash(d.Target, 40), dash(d.Rule, 40),
			dash(d.Reason, 20), d.Tried, dash(lastOf(d), 40), dash(d.EventType, 60), dash(d.EventID, 40))
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	if page.Next > 0 {
		fmt.Fprintf(talk, "there may be more: --from %d goes on, --limit 0 shows all\n", page.Next)
	}
	return nil
}

func dash(s string, limit int) string { return cmp.Or(plain(s, limit), "-") }

// lastOf is what the last attempt came to, in short: its status, or its error.
func lastOf(d router.DeadLetter) string {
	if len(d.Attempts) == 0 {
		return d.Error
	}
	last := d.Attempts[len(d.Attempts)-1]
	if last.Status != 0 {
		return fmt.Sprintf("%d %s", last.Status, http.StatusText(last.Status))
	}
	return last.Error
}

func newDeadShowCommand() *cobra.Command {
	var s server
	var output string
	c := &cobra.Command{
		Use:     "show NUMBER",
		Short:   "Show one dead letter: why, every attempt, and the event",
		Example: `  wye dead show 17`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil {
				return fmt.Errorf("%s is not the number of a dead letter; `wye dead list` shows them", strconv.Quote(args[0]))
			}
			return showDead(cmd, s, number, output)
		},
	}
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

func showDead(cmd *cobra.Command, s server, number uint64, output string) error {
	var d router.DeadLetter
	err := s.get(cmd.Context(), "/api/v1/dead/"+strconv.FormatUint(number, 10), &d)
	if r := (*refusal)(nil); errors.As(err, &r) && r.Status == http.StatusNotFound {
		return &exitError{exitFindings, err}
	}
	if err != nil {
		return err
	}
	if output != "table" {
		return writeData(cmd.OutOrStdout(), output, d)
	}
	var b bytes.Buffer
	writeDead(&b, d)
	if _, err := cmd.OutOrStdout().Write(b.Bytes()); err != nil {
		return failed(err)
	}
	return nil
}

// reasons say what the reasons of dead letters mean.
var reasons = map[string]string{
	router.ReasonPermanent: "the receiver will never take it",
	router.ReasonAttempts:  "the attempts of its retry policy are spent",
	router.ReasonGaveUp:    "the time of its retry policy is spent",
	router.ReasonOrphaned:  "the target is not in the rules any more",
	router.ReasonRuleError: "the rule's condition failed, and the rule says on_error: dead_letter",
}

// writeDead writes a dead letter for a person.
func writeDead(w io.Writer, d router.DeadLetter) {
	fmt.Fprintf(w, "Dead letter %d\n", d.Number)
	line := func(name, value string) { fmt.Fprintf(w, "  %-8s %s\n", name, value) }
	line("event", fmt.Sprintf("%s, id %s, source %s (sequence %d)", dash(d.EventType, 200), dash(d.EventID, 200), dash(d.EventSource, 200), d.Sequence))
	line("rule", fmt.Sprintf("%s (rule set %s)", dash(d.Rule, 200), dash(d.Version, 40)))
	line("target", dash(d.Target, 200))
	why := dash(d.Reason, 40)
	if meaning := reasons[d.Reason]; meaning != "" {
		why += ": " + meaning
	}
	line("why", why)
	if d.Error != "" {
		line("", plain(d.Error, 1000))
	}
	line("died", fmt.Sprintf("%s, after %s in %s", moment(d.At), count(d.Tried, "attempt"), briefly(d.At.Sub(d.First))))
	writeAttempts(w, d)
	writeEvent(w, d)
}

// writeAttempts lists the attempts that are kept: the first and the newest.
func writeAttempts(w io.Writer, d router.DeadLetter) {
	if len(d.Attempts) == 0 {
		return
	}
	fmt.Fprintln(w, "\nAttempts")
	left := d.Tried - len(d.Attempts)
	for i, a := range d.Attempts {
		number := i + 1
		if i > 0 {
			number += left
		}
		if i == 1 && left > 0 {
			fmt.Fprintf(w, "  … %s not kept\n", count(left, "attempt"))
		}
		fmt.Fprintf(w, "  %d. %s, took %s: %s\n", number, a.At.UTC().Format("2006-01-02 15:04:05.000Z"), briefly(a.Took), plain(a.Error, 400))
		if !strings.Contains(a.Error, a.Excerpt) { // it mostly does
			fmt.Fprintf(w, "     | %s\n", plain(a.Excerpt, 400))
		}
	}
}

func writeEvent(w io.Writer, d router.DeadLetter) {
	if len(d.Event) == 0 {
		return
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, d.Event, "  ", "  ") != nil {
		pretty.Write(d.Event)
	}
	fmt.Fprintf(w, "\nEvent\n  %s\n", escaped(pretty.String()))
}

// briefly is a duration with as much precision as a person reads.
func briefly(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
