package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

// deadQuery is which dead letters are listed.
type deadQuery struct {
	deadSelection
	server server
	each   bool
	from   uint64
	limit  int // 0 for all
	output string
}

func newDeadListCommand() *cobra.Command {
	var q deadQuery
	c := &cobra.Command{
		Use:   "list",
		Short: "List dead letters by what they died of, or each",
		Long: `Groups dead letters by what they died of: target, reason, and the last answer or
error. EXAMPLE is the number of the newest of a group; ` + "`wye dead show NUMBER`" + ` shows it.
--each lists them one by one, oldest first; --from and --limit do so too.

--where takes a condition as a rule's ` + "`when`" + `, over event and headers and over what
became of the delivery: rule, target, reason, error (texts), status and attempts
(numbers) and at (when it died).`,
		Example: `  wye dead list
  wye dead list --target billing --each --limit 0 -o json
  wye dead list --where 'status == 401 && event.type.startsWith("com.example.order")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.limit < 0 {
				return fmt.Errorf("--limit %d: expected 0 or more", q.limit)
			}
			if err := q.take(cmd, nil); err != nil {
				return err
			}
			if q.each || cmd.Flags().Changed("from") || cmd.Flags().Changed("limit") {
				return q.listEach(cmd)
			}
			return q.listCauses(cmd)
		},
	}
	fs := c.Flags()
	q.flags(fs)
	fs.BoolVar(&q.each, "each", false, "list them one by one")
	fs.Uint64Var(&q.from, "from", 1, "begin at this number")
	fs.IntVar(&q.limit, "limit", 100, "how many at most; 0 for all")
	addServer(c, &q.server)
	addOutput(c, &q.output, "table", "json", "yaml")
	return c
}

func (q *deadQuery) listEach(cmd *cobra.Command) error {
	page, err := q.fetch(cmd.Context())
	if err != nil {
		return err
	}
	warnUnwritten(cmd.ErrOrStderr(), page.Unwritten)
	if q.output != "table" {
		return writeData(cmd.OutOrStdout(), q.output, page)
	}
	return writeDeadTable(cmd.OutOrStdout(), cmd.ErrOrStderr(), page)
}

// deadPage is how many dead letters are asked for at once.
const deadPage = 500

// fetch asks for page after page.
func (q *deadQuery) fetch(ctx context.Context) (api.DeadPage, error) {
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
		v := q.values()
		v.Set("from", strconv.FormatUint(all.Next, 10))
		v.Set("limit", strconv.Itoa(want))
		if err := q.server.get(ctx, "/api/v1/dead?"+v.Encode(), &page); err != nil {
			return all, err
		}
		all.Letters, all.Next, all.Unwritten = append(all.Letters, page.Letters...), page.Next, page.Unwritten
	}
	return all, nil
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

// listCauses lists what dead letters died of. The server looks through a part of
// them at a time.
func (q *deadQuery) listCauses(cmd *cobra.Command) error {
	var part api.DeadCauses
	groups := map[string]*router.DeadCause{}
	line := newProgress(cmd.ErrOrStderr())
	for next := uint64(1); next > 0; next = part.Next {
		v := q.values()
		v.Set("from", strconv.FormatUint(next, 10))
		part = api.DeadCauses{}
		if err := q.server.get(cmd.Context(), "/api/v1/dead/causes?"+v.Encode(), &part); err != nil {
			return err
		}
		router.MergeDeadCauses(groups, part.Causes)
		line.show(func() string { return fmt.Sprintf("looked through the dead letters up to %d…", part.Next) })
	}
	line.clear()
	part.Causes = router.SortDeadCauses(groups)
	warnUnwritten(cmd.ErrOrStderr(), part.Unwritten)
	if q.output != "table" {
		return writeData(cmd.OutOrStdout(), q.output, part)
	}
	return writeCauses(cmd.OutOrStdout(), cmd.ErrOrStderr(), part.Causes)
}

func writeCauses(out, talk io.Writer, causes []router.DeadCause) error {
	if len(causes) == 0 {
		fmt.Fprintln(talk, "no dead letters")
		return nil
	}
	total := 0
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "COUNT\tTARGET\tREASON\tLAST\tSINCE\tUNTIL\tEXAMPLE")
	for _, c := range causes {
		total += int(c.Count)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", grouped(int(c.Count)), dash(c.Target, 40), dash(c.Reason, 20),
			dash(lastAnswer(c.Status, c.Error), 60), moment(c.First), moment(c.Last), c.Example)
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	fmt.Fprintf(talk, "%s; `wye dead list --each` lists each, `wye dead show NUMBER` shows one\n", count(total, "dead letter"))
	return nil
}
