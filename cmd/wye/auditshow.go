package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/wye-events/wye/router"
)

// writeAudit writes an account for a person: the sums, the tables, and what
// breaks them.
func writeAudit(out io.Writer, r *router.AuditReport) error {
	var b bytes.Buffer
	writeStretch(&b, r)
	writeSums(&b, r)
	writeRows(&b, "TARGET", r.Targets)
	if len(r.Rules) > 1 {
		writeRows(&b, "RULE", r.Rules)
	}
	for _, note := range auditNotes(r) {
		fmt.Fprintf(&b, "\n%s\n", note)
	}
	writeBreaks(&b, r)
	_, err := out.Write(b.Bytes())
	return err
}

func writeStretch(w io.Writer, r *router.AuditReport) {
	switch {
	case r.To < r.From:
		fmt.Fprint(w, "No events")
	case r.To == r.From:
		fmt.Fprintf(w, "Event %d, stored %s", r.From, moment(r.FromAt))
	default:
		fmt.Fprintf(w, "Events %d to %d, stored %s to %s", r.From, r.To, moment(r.FromAt), moment(r.ToAt))
	}
	fmt.Fprintf(w, ", as of %s\n", moment(r.At))
}

// term is one of the numbers of a sum.
type term struct {
	n    uint64
	name string
	must bool // shown also if it is 0
}

func writeSums(w io.Writer, r *router.AuditReport) {
	e, d := r.Events, r.Deliveries
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	sum := func(total uint64, name string, terms []term) {
		fmt.Fprintf(t, "\n%s\t %s\n", grouped(int(total)), name)
		sign := "="
		for _, x := range terms {
			if x.n == 0 && !x.must {
				continue
			}
			fmt.Fprintf(t, "%s %s\t %s\n", sign, grouped(int(x.n)), x.name)
			sign = "+"
		}
	}
	sum(e.Accepted, "events accepted", []term{
		{e.Unmatched, "unmatched", true}, {e.Matched, "matched", true}, {e.Unreadable, "unreadable", false},
		{e.Undecided, "not decided yet", false}, {e.Unknown, "decided by rules that are not to be had", false},
	})
	sum(d.Expected, "deliveries expected", []term{
		{d.Delivered, "delivered", true}, {d.DeadLettered, "dead-lettered", true}, {d.Expired, "expired", true}, {d.Dropped, "dropped", true},
		{d.Waiting, "waiting", true}, {d.UnderWay, "under way", true}, {d.Unaccounted, "UNACCOUNTED FOR", false},
	})
	t.Flush()
	verdict := "\nThe account balances.\n"
	if !r.Balanced {
		verdict = fmt.Sprintf("\nThe account does NOT balance: %s.\n", count(int(r.Broken), "break"))
	}
	fmt.Fprint(w, verdict)
}

func writeRows(w io.Writer, title string, rows []router.AuditRow) {
	if len(rows) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\n%s\tEXPECTED\tDELIVERED\tDEAD\tEXPIRED\tDROPPED\tWAITING\tUNDER WAY\tUNACCOUNTED\n", title)
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", dash(r.Name, 60), r.Expected, r.Delivered, r.DeadLettered,
			r.Expired, r.Dropped, r.Waiting, r.UnderWay, r.Unaccounted)
	}
	t.Flush()
}

// auditNotes are what lies beside the sums.
func auditNotes(r *router.AuditReport) (notes []string) {
	for _, n := range r.Notes {
		n = plain(n, 400)
		notes = append(notes, strings.ToUpper(n[:1])+n[1:]+".")
	}
	if r.Discarded > 0 {
		notes = append(notes, fmt.Sprintf("The letters of %s were discarded.", ofDeliveries(r.Discarded)))
	}
	if r.Extra > 0 {
		notes = append(notes, fmt.Sprintf("Beside these, %s written down of deliveries that other rules had begun before a crash.", count(int(r.Extra), "outcome")))
	}
	if r.Replayed != (router.AuditReplayed{}) {
		notes = append(notes, fmt.Sprintf("Beside these, %s of replays ended; %s in the backlog.", ofDeliveries(r.Replayed.Ended), grouped(int(r.Replayed.Waiting))))
	}
	return notes
}

func ofDeliveries(n uint64) string {
	if n == 1 {
		return "1 delivery"
	}
	return grouped(int(n)) + " deliveries"
}

func writeBreaks(w io.Writer, r *router.AuditReport) {
	if len(r.Breaks) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nEVENT\tID\tSOURCE\tRULE\tTARGET\tWHY")
	for _, b := range r.Breaks {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\n", b.Sequence, dash(b.ID, 40), dash(b.Source, 40), dash(b.Rule, 40), dash(b.Target, 40), dash(b.Why, 200))
	}
	t.Flush()
	if more := int(r.Broken) - len(r.Breaks); more > 0 {
		fmt.Fprintf(w, "… and %s more; --from and --to show others\n", grouped(more))
	}
	fmt.Fprintf(w, "\n`wye event show %d` tells what is known of an event.\n", r.Breaks[0].Sequence)
}
