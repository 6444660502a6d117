package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/schemas/cloudevent"
)

func newTargetTestCommand() *cobra.Command {
	var s server
	var file, output string
	c := &cobra.Command{
		Use:   "test TARGET",
		Short: "Send one event straight to a target, and tell what it says",
		Long: `Sends one event to a target with the settings that are in force, past its queue and
also while it is paused. The event is in no account, is not tried again, and becomes no
dead letter. It has the type ` + router.TestType + ` and an id of its own, unless --event says
what to send. The exit status is 0 if the target took it, else 1.`,
		Example: `  wye target test billing
  wye target test billing --event examples/order-routing/events/small.json`,
		Args: oneArg("a target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var body []byte
			if file != "" {
				items, err := sender.Read([]string{file}, cmd.InOrStdin())
				if err != nil {
					return failed(notOnlyData(file, err))
				}
				if len(items) != 1 {
					return failed(fmt.Errorf("%s has %s; one is sent at a time", file, count(len(items), "event")))
				}
				body = items[0].Event.AppendStructured(nil)
			}
			return testTarget(cmd, s, args[0], body, output)
		},
	}
	c.Flags().StringVar(&file, "event", "", "send the event of this file in the CloudEvents JSON format; - is standard input")
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

func testTarget(cmd *cobra.Command, s server, name string, body []byte, output string) error {
	mediaType := ""
	if body != nil {
		mediaType = cloudevent.MediaTypeStructured
	}
	var res router.TestResult
	err := noSuchTarget(s.post(cmd.Context(), targetPath(name, "test"), mediaType, body, &res))
	if err != nil {
		return err
	}
	if output == "table" {
		err = writeTest(cmd.OutOrStdout(), res)
	} else {
		err = writeData(cmd.OutOrStdout(), output, res)
	}
	if err == nil && res.Means != router.MeansDelivered {
		return &exitError{status: exitFindings}
	}
	return err
}

// meanings say what the answer to a test would mean for an event.
var meanings = map[string]string{
	router.MeansDelivered:  "it is delivered",
	router.MeansRetry:      "it would be tried again, by the target's retry policy",
	router.MeansDeadLetter: "it would be a dead letter: the target will never take it",
	router.MeansPause:      "the target would be paused until a person resumes it, and its events kept",
}

func writeTest(out io.Writer, res router.TestResult) error {
	w := &lines{to: out}
	w.line("Test of target %s (%s)", dash(res.Target, 200), res.Kind)
	w.line("  sent    %s, id %s", dash(res.EventType, 200), dash(res.EventID, 200))
	w.line("  answer  %s", answerOf(res))
	if res.Excerpt != "" && !strings.Contains(res.Error, res.Excerpt) {
		w.line("          | %s", plain(res.Excerpt, 400))
	}
	w.line("  took    %s", briefly(res.Took))
	means := meanings[res.Means]
	if res.RetryAfter > 0 {
		means += fmt.Sprintf(", not before %s", briefly(res.RetryAfter))
		if res.Everyone {
			means += " and nor would the others"
		}
	}
	w.line("  means   %s", means)
	if res.Paused != nil {
		w.line("  paused  since %s, %s; events wait until `wye target resume %s`", moment(res.Paused.Since), byWhom(res.Paused), res.Target)
	}
	return w.err
}

func answerOf(res router.TestResult) string {
	switch {
	case res.Error == "":
		return "taken"
	case res.Status == 0:
		return plain(res.Error, 400)
	}
	return fmt.Sprintf("%d %s: %s", res.Status, http.StatusText(res.Status), plain(res.Error, 400))
}
