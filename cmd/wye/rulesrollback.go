package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

func newRulesRollbackCommand() *cobra.Command {
	var s server
	var ask api.RollbackRequest
	var output string
	c := &cobra.Command{
		Use:   "rollback [VERSION]",
		Short: "Put a rule set that was in force in force again, at once",
		Long: `Puts a rule set that was in force, by default the previous one, in force again at once,
and suspends the source of the rules, so that no poll and no changed file undoes it.
It stays in force, over restarts too, until ` + "`wye resume`" + ` loads what the source has then.
This is for the minutes before a revert in the source.

` + versionHelp + ` Of two rollbacks without a version, the
second goes further back.

The rule set passes the same checks as any. Where it is refused nothing changes, and
the exit status is 1; it is 3 where Wye does not answer.`,
		Example: `  wye rules rollback --reason "incident 1234"
  wye rules rollback 3f9a
  wye resume               # back to the source`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				ask.Version = args[0]
			}
			body, err := json.Marshal(ask)
			if err != nil {
				return err
			}
			var done router.Rollback
			if err := notRolledBack(s.post(cmd.Context(), "/api/v1/rules/rollback", "application/json", body, &done)); err != nil {
				return err
			}
			sayRolledBack(cmd.ErrOrStderr(), done)
			if output == "text" {
				return nil
			}
			return writeData(cmd.OutOrStdout(), output, done)
		},
	}
	c.Flags().StringVar(&ask.Reason, "reason", "", "why, for those who look at it later")
	addServer(c, &s)
	addOutput(c, &output, "text", "json", "yaml")
	return c
}

// notRolledBack is why nothing was changed, with the problems of the rule set.
func notRolledBack(err error) error {
	var r *refusal
	if !errors.As(err, &r) || r.Status >= http.StatusInternalServerError {
		return err
	}
	r.Problems.Write(os.Stderr, isTerminal(os.Stderr))
	return &exitError{exitFindings, fmt.Errorf("%s: %s", r.Title, plain(r.Detail, 1000))}
}

func sayRolledBack(talk io.Writer, done router.Rollback) {
	fmt.Fprintf(talk, "rule set %s is in force again, in the place of %s\n", plain(done.Version, 60), plain(done.Was.Version, 60))
	fmt.Fprintf(talk, "the source is suspended: it stays so until `wye resume`, which loads what the source has then\n")
	fmt.Fprintf(talk, "to undo just this: wye rules rollback %s\n", plain(done.Was.Version, 60))
}
