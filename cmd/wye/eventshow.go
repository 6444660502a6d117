package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

// writeEventDoc writes an event of the archive for a person.
func writeEventDoc(out io.Writer, doc *api.EventDoc) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Event %d\n", doc.Sequence)
	line := func(name, value string) { fmt.Fprintf(&b, "  %-8s %s\n", name, value) }
	line("event", eventNames(doc.Event))
	line("stored", moment(doc.Stored))
	line("rules", cmp.Or(plain(doc.Version, 40), plain(doc.VersionNote, 400)))
	if len(doc.Deliveries) == 0 && doc.Version != "" {
		line("outcome", "unmatched: no rule delivers it")
	}
	if len(doc.Shadow) > 0 {
		line("shadow", plain(strings.Join(doc.Shadow, ", "), 400)+": matched, nothing delivered")
	}
	writeOutcomes(&b, "Deliveries", doc.Deliveries)
	writeOutcomes(&b, "Replays", doc.Replays)
	if doc.DeliveriesNote != "" {
		fmt.Fprintf(&b, "\n%s\n", plain(doc.DeliveriesNote, 400))
	}
	writeEvent(&b, router.DeadLetter{Event: doc.Event})
	if _, err := out.Write(b.Bytes()); err != nil {
		return failed(err)
	}
	return nil
}

// eventNames are what an event is known by.
func eventNames(event json.RawMessage) string {
	var ev struct{ Type, ID, Source string }
	_ = json.Unmarshal(event, &ev) // the server's own; what is missing is shown as such
	return fmt.Sprintf("%s, id %s, source %s", dash(ev.Type, 200), dash(ev.ID, 200), dash(ev.Source, 200))
}

func writeOutcomes(w io.Writer, title string, all []router.PastDelivery) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, d := range all {
		text := fmt.Sprintf("  %s to %s: %s", dash(d.Rule, 80), dash(d.Target, 80), dash(outcomeText(d.Outcome), 20))
		if d.Replay != "" {
			text += ", replay " + plain(d.Replay, 80)
		}
		fmt.Fprintln(w, text)
		for _, more := range aboutDelivery(d) {
			fmt.Fprintf(w, "    %s\n", more)
		}
		writeTries(w, d)
	}
}

// aboutDelivery are the lines about a delivery, beside its attempts.
func aboutDelivery(d router.PastDelivery) (lines []string) {
	switch {
	case d.At.IsZero():
	case d.Outcome == "under_way" && !d.First.IsZero():
		lines = append(lines, fmt.Sprintf("since %s, after %s", moment(d.First), count(d.Attempts, "attempt")))
	case d.Outcome == "waiting":
		lines = append(lines, "waits since "+moment(d.At))
	case d.First.IsZero():
		lines = append(lines, fmt.Sprintf("%s, after %s", moment(d.At), count(d.Attempts, "attempt")))
	default:
		lines = append(lines, fmt.Sprintf("%s, after %s in %s", moment(d.At), count(d.Attempts, "attempt"), briefly(d.At.Sub(d.First))))
	}
	if d.Redriven > 0 {
		lines = append(lines, fmt.Sprintf("redriven %s", times(d.Redriven)))
	}
	if !d.Discarded.IsZero() {
		lines = append(lines, "its dead letter was discarded "+moment(d.Discarded))
	}
	if more := moreOf(d); more != "-" {
		lines = append(lines, more)
	}
	return lines
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// writeTries lists the attempts that failed and are kept: the first and the newest.
func writeTries(w io.Writer, d router.PastDelivery) {
	for _, a := range d.Tries {
		status := ""
		if a.Status > 0 {
			status = fmt.Sprintf("%d, ", a.Status)
		}
		fmt.Fprintf(w, "      %s  %stook %s: %s\n", a.At.UTC().Format("2006-01-02 15:04:05.000Z"), status, briefly(a.Took), plain(a.Error, 300))
	}
}
