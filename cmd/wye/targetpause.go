package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router/api"
)

func newTargetPauseCommand() *cobra.Command {
	var s server
	var ask api.PauseRequest
	c := &cobra.Command{
		Use:   "pause TARGET...",
		Short: "Send a target nothing more until it is resumed; what is meant for it waits on disk",
		Example: `  wye target pause billing --reason "maintenance until noon"
  wye target resume billing`,
		Args: someArgs("a target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := json.Marshal(ask)
			if err != nil {
				return err
			}
			for _, name := range args {
				t, err := changeTarget(cmd.Context(), s, name, "pause", body)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "%s is paused; %s under way, %s waiting\n", t.Name, grouped(t.Active), grouped(t.Waiting))
			}
			return nil
		},
	}
	c.Flags().StringVar(&ask.Reason, "reason", "", "why, for those who look at it later")
	addServer(c, &s)
	return c
}

func newTargetResumeCommand() *cobra.Command {
	var s server
	c := &cobra.Command{
		Use:   "resume TARGET...",
		Short: "End a target's pause; what has waited is delivered, oldest first",
		Args:  someArgs("a target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range args {
				t, err := changeTarget(cmd.Context(), s, name, "resume", nil)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "%s is resumed; %s waiting\n", t.Name, grouped(t.Waiting))
			}
			return nil
		},
	}
	addServer(c, &s)
	return c
}
