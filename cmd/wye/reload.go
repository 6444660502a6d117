package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

// lookWithin is how long a look at the source may take, Git's own time and more.
const lookWithin = 110 * time.Second

func newReloadCommand() *cobra.Command {
	var s server
	c := &cobra.Command{
		Use:   "reload",
		Short: "Let a running Wye look at its rules now, and say what came of it",
		Long: `Lets a running Wye look at the source of its rules now, and waits for what comes of it.
Where they cannot be used, those in force stay, and the problems are shown.

Exits with 0 where what the source has is in force, 1 where it was refused or the
source is suspended, and 3 where the source, or Wye, does not answer.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var o router.Overview
			if err := s.look(cmd.Context(), "/-/reload", &o); err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), inForce(o.Source))
			return nil
		},
	}
	addServer(c, &s)
	return c
}

func newSuspendCommand() *cobra.Command {
	var s server
	var ask api.PauseRequest
	c := &cobra.Command{
		Use:   "suspend",
		Short: "Keep the rules in force as they are, whatever their source says, until `wye resume`",
		Long: `Keeps the rules in force as they are, whatever their source says, until ` + "`wye resume`" + `,
over restarts too. The source is not polled, and changes of files are not loaded.`,
		Example: `  wye suspend --reason "incident 1234"
  wye resume`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			body, err := json.Marshal(ask)
			if err != nil {
				return err
			}
			var src router.SourceStatus
			if err := s.post(cmd.Context(), "/api/v1/source/suspend", "application/json", body, &src); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "suspended: %s until `wye resume`\n", inForce(src))
			return nil
		},
	}
	c.Flags().StringVar(&ask.Reason, "reason", "", "why, for those who look at it later")
	addServer(c, &s)
	return c
}

func newResumeCommand() *cobra.Command {
	var s server
	c := &cobra.Command{
		Use:   "resume",
		Short: "End a suspension, and load what the source of the rules has now",
		Long: `Ends a suspension, and lets Wye look at the source of its rules at once. Exit statuses are
those of ` + "`wye reload`" + `: the suspension is over also where the rules were refused.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var src router.SourceStatus
			if err := s.look(cmd.Context(), "/api/v1/source/resume", &src); err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "resumed: "+inForce(src))
			return nil
		},
	}
	addServer(c, &s)
	return c
}

// look asks for a look at the source, and shows the problems of rules that were
// refused.
func (s server) look(ctx context.Context, path string, v any) error {
	err := s.askWithin(ctx, lookWithin, http.MethodPost, path, "", nil, v)
	var r *refusal
	if !errors.As(err, &r) {
		return err
	}
	r.Problems.Write(os.Stderr, isTerminal(os.Stderr))
	switch r.Status {
	case http.StatusUnprocessableEntity, http.StatusConflict:
		return &exitError{exitFindings, fmt.Errorf("%s: %s", r.Title, plain(r.Detail, 1000))}
	case http.StatusBadGateway:
		return failed(fmt.Errorf("%s: %s", r.Title, plain(r.Detail, 1000)))
	}
	return err
}
