package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/wye-events/wye/cmd/wye/sender"
)

// sendTalk tells what becomes of events: receipts as JSON lines on out where
// they are wanted, refusals and progress on err, and a summary at the end.
type sendTalk struct {
	out      io.Writer
	json     *json.Encoder // nil for a summary
	progress *progress
	single   *sender.Receipt // the first receipt, told where there is no other
	started  time.Time
}

func newSendTalk(out, talk io.Writer, output string) *sendTalk {
	t := &sendTalk{out: out, progress: newProgress(talk), started: time.Now()}
	if output == "json" {
		t.json = json.NewEncoder(out)
		t.json.SetEscapeHTML(false)
	}
	return t
}

// sendLine is an outcome as a JSON line.
type sendLine struct {
	Place      string `json:"place"`
	ID         string `json:"id"`
	Source     string `json:"source"`
	Sequence   uint64 `json:"sequence,omitempty"`
	Duplicate  *bool  `json:"duplicate,omitempty"`
	Durability string `json:"durability,omitempty"`
	Status     int    `json:"status,omitempty"` // of a refusal, and what follows
	Detail     string `json:"detail,omitempty"`
	Attribute  string `json:"attribute,omitempty"`
}

// report is called for one outcome at a time.
func (t *sendTalk) report(o sender.Outcome, tally sender.Tally) {
	line := sendLine{Place: o.Place, ID: o.Event.ID, Source: o.Event.Source}
	if r := o.Refusal; r != nil {
		line.Status, line.Detail, line.Attribute = r.Status, r.Detail, r.Attribute
		t.progress.say(refusalLine(o))
	} else {
		line.Sequence, line.Duplicate, line.Durability = o.Receipt.Sequence, &o.Receipt.Duplicate, o.Receipt.Durability
		if t.single == nil {
			t.single = o.Receipt
		}
	}
	if t.json != nil {
		t.json.Encode(line)
	}
	t.progress.show(func() string { return progressLine(tally, time.Since(t.started)) })
}

// refusalLine is one refusal for a person: where the event is and what is wrong.
func refusalLine(o sender.Outcome) string {
	r := o.Refusal
	attribute := ""
	// The detail mostly names the attribute itself.
	if r.Attribute != "" && !strings.Contains(r.Detail, strconv.Quote(r.Attribute)) {
		attribute = fmt.Sprintf("attribute %q: ", r.Attribute)
	}
	return plain(fmt.Sprintf("%s: event %s refused: %d %s: %s%s", o.Place, o.Event.ID, r.Status, r.Title, attribute, r.Detail), 1000)
}

// end sums up. Where the receipts are the data the sum is talk.
func (t *sendTalk) end(tally sender.Tally, err error) {
	t.progress.clear()
	if err != nil && tally.Sent() == 0 {
		return
	}
	text := progressLine(tally, time.Since(t.started))
	if tally.Sent() == 1 && t.single != nil {
		text += fmt.Sprintf("; sequence %d", t.single.Sequence)
	}
	if t.single != nil && t.single.Durability != "" {
		text += "; in " + t.single.Durability + " only"
	}
	if t.json != nil {
		t.progress.say(text)
		return
	}
	fmt.Fprintln(t.out, text)
}
