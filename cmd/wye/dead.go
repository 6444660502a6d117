package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"

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
