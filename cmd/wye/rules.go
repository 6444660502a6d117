package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
)

func newRulesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "Look at the rules in force and those of before, and go back to them",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("rules: say list, history, show, diff or rollback")
		},
	}
	c.AddCommand(newRulesListCommand(), newRulesHistoryCommand(), newRulesShowCommand(), newRulesDiffCommand(), newRulesRollbackCommand())
	return c
}

func newRulesListCommand() *cobra.Command {
	var s server
	var output string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the rules in force, and what they matched",
		Long: `Lists the rules in force. MATCHED and ERRORS count events since the server started; of
a shadow rule those that it would have delivered. STATE is one of

  live       it delivers what it matches
  shadow     it is evaluated and delivers nothing
  over       its until has passed, so it matches nothing
  disabled   it says enabled: false`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var st router.RulesStatus
			if err := s.get(cmd.Context(), "/api/v1/rules", &st); err != nil {
				return err
			}
			if output != "table" {
				return writeData(cmd.OutOrStdout(), output, st)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "rule set %s, %s\n", plain(st.Version, 60), count(len(st.Rules), "rule"))
			return writeRuleTable(cmd.OutOrStdout(), st.Rules)
		},
	}
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

func writeRuleTable(out io.Writer, all []router.RuleStatus) error {
	if len(all) == 0 {
		return nil
	}
	sampled, ending := false, false
	for _, r := range all {
		sampled = sampled || r.Sample != 1
		ending = ending || !r.Until.IsZero()
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, state, sample, until, on, to, matched, errors string) {
		cells := []string{name, state}
		if sampled {
			cells = append(cells, sample)
		}
		if ending {
			cells = append(cells, until)
		}
		fmt.Fprintln(w, strings.Join(append(cells, on, to, matched, errors), "\t"))
	}
	row("RULE", "STATE", "SAMPLE", "UNTIL", "ON", "TO", "MATCHED", "ERRORS")
	for _, r := range all {
		row(dash(r.Name, 63), r.State, fmt.Sprint(r.Sample), momentOrDash(r.Until),
			dash(strings.Join(r.On, ", "), 60), dash(strings.Join(r.To, ", "), 60), fmt.Sprint(r.Matched), fmt.Sprint(r.Errors))
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	return nil
}
