package main

import "github.com/spf13/cobra"

// commands are the subcommands.
func commands() []*cobra.Command {
	return []*cobra.Command{
		newServeCommand(),
		newCheckCommand(),
		newSendCommand(),
		newTailCommand(),
		newMatchCommand(),
		newExplainCommand(),
		newDeadCommand(),
		newBenchCommand(),
		newVersionCommand(),
	}
}
