// Command wye is the event router and everything that goes with it. Each
// subcommand is a file of its own; what they do lives in the packages that they
// call.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// Exit statuses.
const (
	exitFindings = 1 // findings or differences
	exitUsage    = 2
	exitFailed   = 3 // could not run
)

// exitError ends the program with a status of its own. Text that was already
// written leaves err nil.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func failed(err error) error { return &exitError{exitFailed, err} }

func main() { os.Exit(run(os.Args[1:])) }

// run runs the command line and gives the exit status.
func run(args []string) int {
	cmd := newCommand()
	cmd.SetArgs(args)
	err := cmd.Execute()
	if err == nil {
		return 0
	}
	status := exitUsage
	var exit *exitError
	if errors.As(err, &exit) {
		status = exit.status
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(os.Stderr, "wye:", text)
	}
	if status == exitUsage {
		fmt.Fprintln(os.Stderr, "Run `wye --help` or `wye COMMAND --help` for what there is.")
	}
	return status
}

func newCommand() *cobra.Command {
	c := &cobra.Command{
		Use:           "wye",
		Short:         "An event router: CloudEvents in, CEL rules decide, targets get them, nothing is lost",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	c.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	c.AddCommand(commands()...)
	addCompletions(c)
	return c
}
