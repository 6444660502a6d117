package main

import (
	"cmp"
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
// rules that decided the event, or nil where that is not to be told. Where it is
// not known which these were, it is that of the rules of now.
func (x explainAnswer) verdict() *rules.Explanation {
	switch {
	case x.past == nil:
		return x.now
	case x.past.ThenVersion == "":
		return x.past.Now
	}
	return x.past.Then
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
				dash(outcomeText(d.Outcome), 20), d.Attempts, momentOrDash(d.At), moreOf(d))
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

// outcomeText is an outcome in words.
func outcomeText(outcome string) string {
	if outcome == "dead_lettered" {
		return "dead-lettered"
	}
	return strings.ReplaceAll(outcome, "_", " ")
}

func momentOrDash(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return moment(t)
}

// moreOf is why a delivery is not done, and what to do about it.
func moreOf(d router.PastDelivery) string {
	var parts []string
	switch d.Reason {
	case router.ReasonPermanent, router.ReasonRuleError, router.ReasonLoop: // the error tells
	case "target_held":
		parts = append(parts, "its target failed, or asked for a pause, and is left alone for a while")
	case router.ReasonKeyWaits:
		parts = append(parts, "one of its key before it is to be tried again")
	case "target_paused":
		parts = append(parts, "its target is paused")
	case "target_aside":
		parts = append(parts, "others wait for its target before it")
	case "":
	default:
		parts = append(parts, cmp.Or(reasons[d.Reason], d.Reason))
	}
	switch {
	case d.Error != "":
		parts = append(parts, plain(d.Error, 120))
	case d.Status > 0 && d.Outcome == "delivered":
		parts = append(parts, fmt.Sprintf("answered %d before", d.Status))
	case d.Status > 0:
		parts = append(parts, fmt.Sprintf("answered %d", d.Status))
	}
	if !d.Due.IsZero() && d.Reason != "target_paused" {
		parts = append(parts, "next try "+moment(d.Due))
	}
	if d.DeadLetter > 0 && d.Discarded.IsZero() {
		parts = append(parts, fmt.Sprintf("see `wye dead show %d`", d.DeadLetter))
	}
	return cmp.Or(strings.Join(parts, "; "), "-")
}

// writeExplanation prints an explanation, and how to see what it leaves out.
func writeExplanation(out io.Writer, x *rules.Explanation) error {
	if err := x.WriteColumns(out, colorOn(out), columnsOf(out)); err != nil {
		return err
	}
	if x.Omitted == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "\n… and %s that did not match; --rule NAME shows one, --all all of them\n", count(x.Omitted, "more rule"))
	return err
}

// broken says which expectations do not hold. Each rule is asked for by its
// name, for what is shown may leave it out.
func (f explainFlags) broken(x explainAnswer, ask asker) (told []string, err error) {
	tell := func(name, expected, got string) {
		told = append(told, fmt.Sprintf("expected %s %s; %s", plain(name, 80), expected, got))
	}
	for _, name := range f.want {
		if matched, why, err := holds(name, ask); err != nil {
			return nil, about("--expect", err)
		} else if !matched {
			tell(name, "to match", strings.TrimSuffix("it does not: "+why, ": "))
		}
	}
	for _, name := range f.refuse {
		if matched, _, err := holds(name, ask); err != nil {
			return nil, about("--expect-not", err)
		} else if matched {
			tell(name, "not to match", "it does")
		}
	}
	return told, nil
}

// holds tells whether a rule matches the event, and if not, why. What counts of
// an event of the past is what decided it, as far as that is known.
func holds(name string, ask asker) (matched bool, why string, err error) {
	one, err := ask([]string{name}, false)
	if err != nil {
		return false, "", err
	}
	x := one.verdict()
	if x == nil {
		return false, plain(one.past.ThenNote, 200), nil
	}
	if len(x.Rules) == 1 {
		why = plain(strings.ReplaceAll(x.Rules[0].Message, "`", ""), 200)
	}
	return slices.Contains(x.Matched, name), why, nil
}
