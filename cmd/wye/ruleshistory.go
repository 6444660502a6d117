package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

func newRulesHistoryCommand() *cobra.Command {
	var s server
	var output string
	var limit int
	c := &cobra.Command{
		Use:   "history",
		Short: "List the rule sets that were in force, and what brought them there",
		Long: `Lists the rule sets that were in force, the newest first; the first is in force now.
EVENTS are the sequences of those that it decided. BY is one of

  source     the source of the rules had it
  kept       the source could not be used at a start, so the last one went on
  rollback   a person went back to it with ` + "`wye rules rollback`" + `

Where FILES is no, the rule set is too old to go back to: Wye keeps 20, and those
that decided an event that is kept.`,
		Example: `  wye rules history
  wye rules diff previous
  wye rules rollback`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 0 {
				return fmt.Errorf("--limit %d: expected 0 or more", limit)
			}
			var doc api.RulesHistoryDoc
			if err := s.get(cmd.Context(), "/api/v1/rules/history", &doc); err != nil {
				return err
			}
			if limit > 0 && limit < len(doc.History) {
				doc.History = doc.History[:limit]
			}
			if output != "table" {
				return writeData(cmd.OutOrStdout(), output, doc)
			}
			return writeHistoryTable(cmd.OutOrStdout(), doc.History)
		},
	}
	c.Flags().IntVar(&limit, "limit", 20, "how many at most; 0 for all")
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

func writeHistoryTable(out io.Writer, all []router.RulesetEntry) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RULE SET\tIN FORCE FROM\tUNTIL\tBY\tREVISION\tEVENTS\tFILES\tREASON")
	for _, e := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", dash(e.Version, 40), moment(e.At), untilText(e), byText(e),
			dash(shortRevision(e.Revision), 60), decidedText(e), yesNo(e.Kept), dash(e.Reason, 60))
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	return nil
}

func untilText(e router.RulesetEntry) string {
	if e.InForce {
		return "now"
	}
	return momentOrDash(e.Until)
}

func byText(e router.RulesetEntry) string {
	if e.How == router.AppliedLoaded {
		return "source"
	}
	return cmp.Or(plain(e.How, 20), "-")
}

// decidedText is which events a rule set decided: "1-99", "100-".
func decidedText(e router.RulesetEntry) string {
	switch {
	case e.First == 0:
		return "-"
	case e.Last == 0:
		return fmt.Sprintf("%d-", e.First)
	}
	return fmt.Sprintf("%d-%d", e.First, e.Last)
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
