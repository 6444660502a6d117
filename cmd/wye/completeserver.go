package main

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/rules"
)

// completeWithin is how long TAB may wait. Where there is no answer in time there is nothing to offer, and nothing is said: the line that is being
// written must stay as it is.
const completeWithin = 500 * time.Millisecond

// askToComplete asks the server of --server, or of WYE_SERVER. It is false where there is no answer.
func askToComplete(cmd *cobra.Command, path string, v any) bool {
	url, err := cmd.Flags().GetString("server")
	if err != nil {
		url = defaultServer()
	}
	ctx, cancel := context.WithTimeout(context.Background(), completeWithin)
	defer cancel()
	return server{url}.get(ctx, path, v) == nil
}

// targetNames are the targets of the running Wye, with their kind and state.
func targetNames(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var all []router.TargetStatus
	var words []cobra.Completion
	if askToComplete(cmd, "/api/v1/targets", &all) {
		for _, t := range all {
			words = append(words, cobra.CompletionWithDesc(t.Name, t.Kind+", "+t.State))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// ruleNames are the rules of the rule files that the command reads, or else those
// of the running Wye.
func ruleNames(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var words []cobra.Completion
	if path := rulesToRead(cmd, args); path != "" {
		return ruleNamesOf(path), cobra.ShellCompDirectiveNoFileComp
	}
	var st router.RulesStatus
	if askToComplete(cmd, "/api/v1/rules", &st) {
		for _, r := range st.Rules {
			words = append(words, cobra.CompletionWithDesc(r.Name, plain(r.Description, 60)))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// versions are the rule sets that were in force.
func versions(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	words := []cobra.Completion{router.VersionPrevious}
	var doc api.RulesHistoryDoc
	if askToComplete(cmd, "/api/v1/rules/history", &doc) {
		for _, e := range doc.History {
			words = append(words, cobra.CompletionWithDesc(e.Version, moment(e.At)+" "+byText(e)))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// rulesToRead is where the command reads rules, or empty where a server has them:
// `wye explain` reads rules.yaml if it is given a file.
func rulesToRead(cmd *cobra.Command, args []string) string {
	flag, asked := cmd.Flags().Lookup("rules"), cmd.Flags().Lookup("server")
	switch {
	case flag == nil, asked != nil && asked.Changed:
		return ""
	case flag.Changed:
		return flag.Value.String()
	case len(args) > 0:
		if _, err := os.Stat(args[0]); err == nil {
			return "rules.yaml"
		}
	}
	return ""
}

// ruleNamesOf loads rules, for as long as TAB may take.
func ruleNamesOf(path string) []cobra.Completion {
	loaded := make(chan []cobra.Completion, 1)
	go func() { // ends with the program where it takes longer
		var words []cobra.Completion
		if set, _, _ := rules.Load(path); set != nil {
			for _, r := range set.Rules {
				words = append(words, cobra.CompletionWithDesc(r.Name, plain(r.Description, 60)))
			}
		}
		loaded <- words
	}()
	select {
	case words := <-loaded:
		return words
	case <-time.After(completeWithin):
		return nil
	}
}

// deadNumbers are the first hundred dead letters, with their targets and events.
func deadNumbers(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var page api.DeadPage
	var words []cobra.Completion
	if askToComplete(cmd, "/api/v1/dead?limit=100", &page) {
		for _, d := range page.Letters {
			words = append(words, cobra.CompletionWithDesc(strconv.FormatUint(d.Number, 10), plain(d.Target+", "+d.Reason+": "+d.EventType, 80)))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// operationIDs are the operations of the running Wye, with what they do.
func operationIDs(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var all api.Operations
	var words []cobra.Completion
	if askToComplete(cmd, "/api/v1/operations", &all) {
		for _, op := range all.Operations {
			words = append(words, cobra.CompletionWithDesc(op.ID, string(op.Kind)+", "+string(op.State)))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
