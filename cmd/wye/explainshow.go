package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/rules"
)

// explainAnswer is what there is to show: of an event of a file what the rules say
// of it, of one that a server has also what they said then and what became of
// it.
type explainAnswer struct {
	now  *rules.Explanation // where there is no past
	past *api.PastDoc
	raw  json.RawMessage // the past as the server gave it
}

// verdict is the explanation that expectations are held against: that of the
// rules that decided the event.
func (x explainAnswer) verdict() *rules.Explanation {
	switch {
	case x.past == nil:
		return x.now
	case x.past.Then != nil:
		return x.past.Then
	}
	return x.past.Now
}

func (x explainAnswer) write(out io.Writer, f explainFlags) error {
	switch {
	case f.output == "json" && x.past != nil:
		return writeData(out, "json", x.raw)
	case f.output == "json":
		return writeData(out, "json", x.now)
	case x.past != nil:
		return writePast(out, x.past)
	}
	return writeExplanation(out, x.now)
}

// writePast prints an event of the past: what became of it, then what decided
// it, and where the rules have changed since what they would do now.
func writePast(out io.Writer, past *api.PastDoc) error {
	fmt.Fprintf(out, "Event %d, stored %s\n", past.Sequence, moment(past.Stored))
	if err := writeDeliveries(out, past); err != nil {
		return err
	}
	if past.Same {
		return writeEra(out, "The rules that decided it, which are still in force", past.Now, past.NowNote)
	}
	if err := writeEra(out, "The rules that decided it", past.Then, past.ThenNote); err != nil {
		return err
	}
	return writeEra(out, "The rules of now", past.Now, past.NowNote)
}

// writeEra prints what the rules of one time say, or why that is not known.
func writeEra(out io.Writer, title string, x *rules.Explanation, note string) error {
	fmt.Fprintf(out, "\n%s\n", title)
	if x == nil {
		_, err := fmt.Fprintf(out, "  not to be told: %s\n", plain(note, 400))
		return err
	}
	fmt.Fprintln(out)
	return writeExplanation(out, x)
}

func writeDeliveries(out io.Writer, past *api.PastDoc) error {
	if len(past.Deliveries) > 0 {
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "\nRULE\tTARGET\tOUTCOME\tTRIED\tAT\tMORE")
		for _, d := range past.Deliveries {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", dash(d.Rule, 40), dash(d.Target, 40),
				dash(strings.ReplaceAll(d.Outcome, "_", " "), 20), d.Attempts, momentOrDash(d.At), moreOf(d))
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	if past.DeliveriesNote == "" {
		return nil
	}
	_, err := fmt.Fprintf(out, "\n%s\n", plain(past.DeliveriesNote, 400))
	return err
}

func momentOrDash(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return moment(t)
}

func moreOf(d router.PastDelivery) string {
	switch {
	case d.DeadLetter > 0:
		return fmt.Sprintf("wye dead show %d", d.DeadLetter)
	case !d.Due.IsZero():
		return "next try " + moment(d.Due)
	case d.Status > 0:
		return fmt.Sprintf("answered %d before", d.Status)
	}
	return "-"
}

// writeExplanation prints an explanation, and how to see what it leaves out.
func writeExplanation(out io.Writer, x *rules.Explanation) error {
	if err := x.Write(out, colorOn(out)); err != nil {
		return err
	}
	if x.Omitted == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "\n… and %s that did not match; --all shows them\n", count(x.Omitted, "more rule"))
	return err
}

// expectations tells which of them do not hold.
func (f explainFlags) expectations(talk io.Writer, x *rules.Explanation) error {
	broken := 0
	tell := func(name, expected, got string) {
		broken++
		fmt.Fprintf(talk, "expected %s %s; %s\n", plain(name, 80), expected, got)
	}
	for _, name := range f.want {
		if !slices.Contains(x.Matched, name) {
			tell(name, "to match", strings.TrimSuffix("it does not: "+reasonFor(x, name), ": "))
		}
	}
	for _, name := range f.refuse {
		if slices.Contains(x.Matched, name) {
			tell(name, "not to match", "it does")
		}
	}
	if broken > 0 {
		return &exitError{status: exitFindings}
	}
	return nil
}

// reasonFor is why a rule did not match, where the explanation tells it.
func reasonFor(x *rules.Explanation, name string) string {
	for _, r := range x.Rules {
		if r.Name == name {
			return plain(strings.ReplaceAll(r.Message, "`", ""), 200)
		}
	}
	return ""
}
