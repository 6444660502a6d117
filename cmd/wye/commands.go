package main

import "github.com/spf13/cobra"

// commands are the subcommands, in the order in which the README tells them.
func commands() []*cobra.Command {
	return []*cobra.Command{
		newServeCommand(),
		newCheckCommand(),
		newTestCommand(),
		newFmtCommand(),
		newExplainCommand(),
		newMatchCommand(),
		newPlanCommand(),
		newSendCommand(),
		newTailCommand(),
		newStatusCommand(),
		newRulesCommand(),
		newReloadCommand(),
		newSuspendCommand(),
		newResumeCommand(),
		newTargetCommand(),
		newDeadCommand(),
		newReplayCommand(),
		newOperationCommand(),
		newEventCommand(),
		newAuditCommand(), newBenchCommand(),
		newSchemaCommand(),
		newVersionCommand(),
	}
}
