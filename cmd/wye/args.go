package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// oneArg takes one argument, which is a kind of thing such as "a target".
func oneArg(kind string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fmt.Errorf("expected %s, not %d of them: `%s`", kind, len(args), usageLine(c))
		}
		return someArgs(kind)(c, args)
	}
}

// someArgs takes one argument of a kind or more.
func someArgs(kind string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("name %s: `%s`", kind, usageLine(c))
		}
		return nil
	}
}

func usageLine(c *cobra.Command) string { return strings.TrimSuffix(c.UseLine(), " [flags]") }
