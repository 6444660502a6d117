package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
)

func newStatusCommand() *cobra.Command {
	var s server
	var output string
	c := &cobra.Command{
		Use:   "status",
		Short: "Show where the rules come from, what is in force, and what waits",
		Long: `Shows where a running Wye has its rules from, which are in force, and what waits.
READY is one of

  True        what the source has is in force, and changes of it will be
  False       it cannot be used, and MESSAGE says why; the rules in force stay
  Suspended   changes of it do not come into force until ` + "`wye resume`" + `

AGE is since when that is so. A REVISION of Git is what was in force last; of a
path there is none. Exits with 0, and with 1 where READY is False.`,
		Example: `  wye status
  wye status -o json | jq .source.applied.commit`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var o router.Overview
			if err := s.get(cmd.Context(), "/api/v1/status", &o); err != nil {
				return err
			}
			if err := writeOverview(cmd.OutOrStdout(), output, o, time.Now()); err != nil {
				return err
			}
			if !o.Source.Ready && o.Source.Suspended == nil {
				return &exitError{status: exitFindings}
			}
			return nil
		},
	}
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

func writeOverview(out io.Writer, format string, o router.Overview, now time.Time) error {
	if format != "table" {
		return writeData(out, format, o)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	src := o.Source
	fmt.Fprintln(w, "SOURCE\tREVISION\tREADY\tAGE\tMESSAGE")
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n\n", dash(placeOf(src), 120), dash(shortRevision(src.Applied.Revision), 80), readyWord(src), age(now, src.Since), dash(src.Message, 400))
	fmt.Fprintln(w, "RULE SET\tIN FORCE\tHOW\tRULES\tTARGETS\tCHECKED")
	fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\n\n", dash(o.Version, 40), age(now, src.Applied.At), dash(src.Applied.How, 40), o.Rules, o.Targets, checkedText(src, now))
	fmt.Fprintln(w, "ACCEPTED UP TO\tSETTLED UP TO\tWAITING\tDEAD\tDISK")
	fmt.Fprintf(w, "%d\t%d\t%d\t%s\t%s\n", o.Head, o.Floor, o.Waiting, deadCount(o.Dead), diskText(o.Disk))
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	l := &lines{to: out}
	for _, text := range remarks(o) {
		l.line("\n%s", text)
	}
	return l.err
}

// remarks are what does not fit into a column.
func remarks(o router.Overview) (all []string) {
	src := o.Source
	if a := src.Attempted; a != nil && a.Revision != "" && a.Revision != src.Applied.Revision && !src.Ready {
		all = append(all, "Tried and not in force: "+plain(a.Revision, 120))
	}
	if src.Note != "" {
		all = append(all, "Note: "+plain(src.Note, 400))
	}
	if o.Error != "" {
		all = append(all, "Error: "+plain(o.Error, 400))
	}
	return all
}

// placeOf is the source as it would be given to --rules.
func placeOf(src router.SourceStatus) string {
	if src.Kind != "git" {
		return src.Path
	}
	text := src.Repository
	in := strings.TrimPrefix(src.Path, "/")
	if src.Branch != "" || in != "" {
		text += "#" + src.Branch
	}
	if in != "" {
		text += ":" + in
	}
	return text
}

// shortRevision is a revision with as much of its commit as people read.
func shortRevision(text string) string {
	name, commit, is := strings.Cut(text, "@sha1:")
	if !is {
		return text
	}
	return name + "@sha1:" + commit[:min(12, len(commit))]
}

func readyWord(src router.SourceStatus) string {
	switch {
	case src.Suspended != nil:
		return "Suspended"
	case src.Ready:
		return "True"
	}
	return "False"
}

// age is how long ago something was, in one unit or two.
func age(now, at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	d := max(now.Sub(at), 0)
	days, hours := int(d.Hours())/24, int(d.Hours())%24
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", int(d.Minutes()), int(d.Seconds())%60)
	case days == 0:
		return fmt.Sprintf("%dh%dm", hours, int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%dh", days, hours)
}

// checkedText is when the source was looked at last, and how often it is.
func checkedText(src router.SourceStatus, now time.Time) string {
	text := "-"
	if !src.Checked.IsZero() {
		text = age(now, src.Checked) + " ago"
	}
	if src.Poll != "" {
		text += ", every " + src.Poll
	}
	return text
}

func deadCount(n *uint64) string {
	if n == nil {
		return "?"
	}
	return fmt.Sprint(*n)
}

func diskText(d *router.DiskStatus) string {
	if d == nil {
		return "-"
	}
	text := fmt.Sprintf("%.0f%% used, %.1f GiB free", d.Used, float64(d.Free)/(1<<30))
	switch {
	case !d.Wedged.IsZero():
		text += ", nothing can be written"
	case !d.Refusing.IsZero():
		text += ", nothing is accepted"
	}
	return text
}

// inForce says what came of a look at the source.
func inForce(src router.SourceStatus) string {
	return fmt.Sprintf("rule set %s is in force", cmp.Or(src.Applied.Version, "?")) + ofRevision(src.Applied.Revision)
}

func ofRevision(revision string) string {
	if revision == "" {
		return ""
	}
	return " (" + shortRevision(revision) + ")"
}
