package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wye-events/wye/rules"
)

// What a shell offers after TAB. Commands and flags cobra knows; their values are
// in the two tables here, and those of a flag made by addOutput or addFormat are
// with it. What is in no table completes to nothing, rather than to any file.

// completeFlags says what the values of flags are, by name. Where commands mean
// different things by one name, the command goes before it.
var completeFlags = map[string]cobra.CompletionFunc{
	"rules":             ruleFiles,
	"schemas":           directories,
	"wye check explain": findingCodes,
	"target":            targetNames,
	"rule":              ruleNames,
	"expect":            listOf(ruleNames),
	"expect-not":        listOf(ruleNames),
	"events":            eventFiles,
	"event":             eventFiles,
	"binary":            anyFile,
	"wye plan old":      ruleFiles,
	"wye plan path":     ruleFiles,
	"data":              directories,
	"wye send data":     cobra.NoFileCompletions,
	"dir":               directories,
	"profile":           directories,
	"git-token-file":    anyFile,
	"git-ssh-key":       anyFile,
	"git-known-hosts":   anyFile,
	"git-verify":        anyFile,
	"mode":              fixed("binary", "structured", "batched"),
	"sync":              fixed("durable\ton disk, group commit", "always\tone fsync an event", "relaxed\tin the operating system's memory"),
	"log-format":        fixed("text", "json"),
	"wye dead reason":   deadReasons,
}

// completeArgs says what the arguments of commands are, by the command's path.
var completeArgs = map[string]cobra.CompletionFunc{
	"wye check":            ruleFiles,
	"wye test":             ruleFiles,
	"wye fmt":              ruleFiles,
	"wye explain":          first(eventFiles),
	"wye plan":             first(ruleFiles),
	"wye send":             eventFiles,
	"wye schema print":     first(fixed(schemaNames()...)),
	"wye rules show":       first(versions),
	"wye rules diff":       versions,
	"wye rules rollback":   first(versions),
	"wye target show":      first(targetNames),
	"wye target pause":     first(targetNames),
	"wye target resume":    first(targetNames),
	"wye target test":      first(targetNames),
	"wye dead show":        first(deadNumbers),
	"wye dead redrive":     deadNumbers,
	"wye dead discard":     deadNumbers,
	"wye dead export":      deadNumbers,
	"wye operation show":   first(operationIDs),
	"wye operation stop":   first(operationIDs),
	"wye operation resume": first(operationIDs),
}

// addCompletions gives the commands below c their completions.
func addCompletions(c *cobra.Command) {
	for _, sub := range c.Commands() {
		addCompletions(sub)
	}
	if c.ValidArgsFunction == nil {
		c.ValidArgsFunction = completeArgs[c.CommandPath()]
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if _, ok := c.GetFlagCompletionFunc(f.Name); ok {
			return
		}
		if complete := completionOf(c, f.Name); complete != nil {
			mustComplete(c, f.Name, complete)
		}
	})
}

// completionOf looks for the flag of the command, of those above it, and of all.
func completionOf(c *cobra.Command, flag string) cobra.CompletionFunc {
	for ; c != nil; c = c.Parent() {
		if complete := completeFlags[c.CommandPath()+" "+flag]; complete != nil {
			return complete
		}
	}
	return completeFlags[flag]
}

func mustComplete(c *cobra.Command, flag string, complete cobra.CompletionFunc) {
	if err := c.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic("wye: " + err.Error()) // the flag is not there, or is completed already
	}
}

// fixed completes to given words, each with what it means after a tab.
func fixed(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// first completes the first argument only.
func first(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, begun)
	}
}

// listOf completes the last of several words that commas separate.
func listOf(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := begun[:strings.LastIndex(begun, ",")+1]
		words, directive := complete(cmd, args, strings.TrimPrefix(begun, before))
		for i := range words {
			words[i] = before + words[i]
		}
		return words, directive | cobra.ShellCompDirectiveNoSpace
	}
}

// ruleFiles are YAML files, and the directories on the way to them.
func ruleFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// eventFiles are files of events, and the directories on the way to them.
func eventFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []string{"json", "jsonl", "ndjson"}, cobra.ShellCompDirectiveFilterFileExt
}

func anyFile(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func directories(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// findingCodes are the codes of findings, each with what it means.
func findingCodes(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var words []cobra.Completion
	for _, code := range rules.Codes() {
		words = append(words, cobra.CompletionWithDesc(code.ID, code.Meaning))
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func deadReasons(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var words []cobra.Completion
	for reason, means := range reasons {
		words = append(words, cobra.CompletionWithDesc(reason, strings.TrimSpace(means)))
	}
	slices.Sort(words)
	return words, cobra.ShellCompDirectiveNoFileComp
}
