package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router/api"
)

func newEventCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "event",
		Short: "Look at an event and what became of its deliveries",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("event: say show")
		},
	}
	c.AddCommand(newEventShowCommand())
	return c
}

func newEventShowCommand() *cobra.Command {
	var s server
	var source, output string
	c := &cobra.Command{
		Use:   "show SEQUENCE|ID",
		Short: "Show one event: what became of each delivery, every attempt, and the event",
		Long: `Shows an event that a running Wye keeps: when it was stored, which rule set decided
it, what became of each of its deliveries and when, the attempts that failed, its
replays, and the event itself. ` + "`wye explain`" + ` tells why it goes where it goes.

Digits are a sequence number; with --source they are an id. Of several events with
one id the newest is shown.

Exits with 0, with 1 where there is no such event, and with 3 where that could not
be found out.`,
		Example: `  wye event show 1234
  wye event show order-1001-placed --source /shop/eu -o json`,
		Args: oneArg("an event by its sequence number or id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			v := url.Values{"event": {args[0]}}
			if source != "" {
				v.Set("source", source)
			}
			var doc api.EventDoc
			if err := s.get(cmd.Context(), "/api/v1/events?"+v.Encode(), &doc); err != nil {
				return noEvent(err)
			}
			if output != "table" {
				return writeData(cmd.OutOrStdout(), output, doc)
			}
			return writeEventDoc(cmd.OutOrStdout(), &doc)
		},
	}
	c.Flags().StringVar(&source, "source", "", "source of the event, where an id is given")
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

// noEvent says that there is no such event, which is an answer.
func noEvent(err error) error {
	if r := (*refusal)(nil); errors.As(err, &r) && r.Reason != "" && (r.Status == http.StatusNotFound || r.Status == http.StatusGone) {
		return &exitError{exitFindings, r}
	}
	return err
}
