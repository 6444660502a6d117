package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
)

func newDeadCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "dead",
		Short: "Look at dead letters: deliveries that ended without being taken; redrive, export or discard them",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("dead: say list, show, redrive, discard or export")
		},
	}
	c.AddCommand(newDeadListCommand(), newDeadShowCommand(), newDeadRedriveCommand(), newDeadDiscardCommand(), newDeadExportCommand())
	return c
}

// warnUnwritten tells of dead letters that are not in the list because the store
// has not taken them.
func warnUnwritten(talk io.Writer, unwritten map[string]int) {
	for _, target := range slices.Sorted(maps.Keys(unwritten)) {
		fmt.Fprintf(talk, "warning: %s of %s not written yet: the store does not take them; each is tried until it does\n",
			count(unwritten[target], "dead letter"), target)
	}
}

func dash(s string, limit int) string { return cmp.Or(plain(s, limit), "-") }

// lastOf is what the last attempt came to, in short: its status, or its error.
func lastOf(d router.DeadLetter) string {
	if len(d.Attempts) == 0 {
		return d.Error
	}
	last := d.Attempts[len(d.Attempts)-1]
	return lastAnswer(last.Status, last.Error)
}

func lastAnswer(status int, err string) string {
	switch {
	case 200 <= status && status < 300:
		return fmt.Sprintf("%d, but not taken", status)
	case status != 0:
		return fmt.Sprintf("%d %s", status, http.StatusText(status))
	}
	return err
}
