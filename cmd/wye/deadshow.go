package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
)

func newDeadShowCommand() *cobra.Command {
	var s server
	var output string
	c := &cobra.Command{
		Use:     "show NUMBER",
		Short:   "Show one dead letter: why, every attempt, and the event",
		Example: `  wye dead show 17`,
		Args:    oneArg("a dead letter by its number"),
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil {
				return notANumber(args[0])
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
	router.ReasonExpired:   "its time is up, by give_up of its target or its own expirytime",
	router.ReasonOrphaned:  "the target is not in the rules any more",
	router.ReasonLoop:      "it has come back through targets too often",
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
	if d.Redriven > 0 {
		line("redriven", fmt.Sprintf("%s; the attempts above count since then", count(d.Redriven, "time")))
	}
	if d.Replay != "" {
		line("replay", plain(d.Replay, 40))
	}
	writeAttempts(w, d)
	writeEvent(w, d)
}

// writeAttempts lists the attempts that are kept: the first and the newest.
func writeAttempts(w io.Writer, d router.DeadLetter) {
	if len(d.Attempts) == 0 {
		return
	}
	fmt.Fprintln(w, "\nAttempts")
	left := max(0, d.Tried-len(d.Attempts))
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
