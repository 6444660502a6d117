package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

// versionHelp says what a version may be given as.
const versionHelp = `A version is that of ` + "`wye rules history`" + `, its commit, or the first digits of either (4 at
least); previous is the one before the one in force, and current that one.`

func newRulesShowCommand() *cobra.Command {
	var s server
	var output, file string
	c := &cobra.Command{
		Use:   "show [VERSION]",
		Short: "Print the files of a rule set that was in force",
		Long: `Prints the files of a rule set that was in force; by default of the one that is. Where
there are several, each begins with a line that names it.

` + versionHelp,
		Example: `  wye rules show 3f9a
  wye rules show previous --file payments/rules.yaml > payments/rules.yaml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			doc, err := s.ruleset(cmd.Context(), append(args, router.VersionCurrent)[0])
			if err != nil {
				return err
			}
			if file != "" {
				if doc.Files, err = onlyFile(doc, file); err != nil {
					return err
				}
			}
			if output != "text" {
				return writeData(cmd.OutOrStdout(), output, doc)
			}
			warnNotShown(cmd.ErrOrStderr(), doc)
			return writeFiles(cmd.OutOrStdout(), doc.Files)
		},
	}
	c.Flags().StringVar(&file, "file", "", "only the file of that name")
	addServer(c, &s)
	addOutput(c, &output, "text", "json", "yaml")
	return c
}

// ruleset asks for a rule set with its files.
func (s server) ruleset(ctx context.Context, version string) (doc api.RulesFilesDoc, err error) {
	return doc, s.get(ctx, "/api/v1/rules/history/"+url.PathEscape(version), &doc)
}

func onlyFile(doc api.RulesFilesDoc, name string) ([]api.RulesFile, error) {
	i := slices.IndexFunc(doc.Files, func(f api.RulesFile) bool { return f.Name == name })
	if i < 0 {
		var names []string
		for _, f := range doc.Files {
			names = append(names, f.Name)
		}
		return nil, failed(fmt.Errorf("rule set %s has no file %q; it has %q", doc.Version, name, names))
	}
	return doc.Files[i : i+1], nil
}

// warnNotShown says where lines are not shown.
func warnNotShown(talk io.Writer, docs ...api.RulesFilesDoc) {
	for _, doc := range docs {
		for _, f := range doc.Files {
			if f.NotShown > 0 {
				fmt.Fprintf(talk, "%s of rule set %s: what seems to be a credential is not shown, in %s\n", plain(f.Name, 100), plain(doc.Version, 60), count(f.NotShown, "line"))
			}
		}
	}
}

func writeFiles(out io.Writer, files []api.RulesFile) error {
	for _, f := range files {
		text := f.Text
		if len(files) > 1 {
			text = "# " + f.Name + "\n" + text
		}
		if _, err := io.WriteString(out, text); err != nil {
			return failed(err)
		}
	}
	return nil
}

func newRulesDiffCommand() *cobra.Command {
	var s server
	c := &cobra.Command{
		Use:   "diff [A [B]]",
		Short: "Show how the files of two rule sets differ",
		Long: `Shows how the files of two rule sets that were in force differ: what is in B and not in
A begins with +. By default A is the previous one, and B the one in force.

` + versionHelp + `

Exits with 0 where there is no difference, and with 1 where there is one.`,
		Example: `  wye rules diff               # what the last change was
  wye rules diff 3f9a          # from there to what is in force
  wye rules diff 3f9a 81c0`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			versions := append(args, []string{router.VersionPrevious, router.VersionCurrent}[len(args):]...)
			a, err := s.ruleset(cmd.Context(), versions[0])
			if err != nil {
				return err
			}
			b, err := s.ruleset(cmd.Context(), versions[1])
			if err != nil {
				return err
			}
			warnNotShown(cmd.ErrOrStderr(), a, b)
			text := diffFiles(a, b)
			if len(text) == 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "rule sets %s and %s do not differ\n", plain(a.Version, 60), plain(b.Version, 60))
				return nil
			}
			if _, err := cmd.OutOrStdout().Write(text); err != nil {
				return failed(err)
			}
			return &exitError{status: exitFindings}
		},
	}
	addServer(c, &s)
	return c
}

// diffFiles compares the files of two rule sets by their names.
func diffFiles(a, b api.RulesFilesDoc) []byte {
	olds, news := textsOf(a), textsOf(b)
	names := map[string]bool{}
	for _, texts := range []map[string]string{olds, news} {
		for name := range texts {
			names[name] = true
		}
	}
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(names)) {
		out.Write(diff.Diff(a.Version+"/"+name, []byte(olds[name]), b.Version+"/"+name, []byte(news[name])))
	}
	return out.Bytes()
}

func textsOf(doc api.RulesFilesDoc) map[string]string {
	texts := map[string]string{}
	for _, f := range doc.Files {
		texts[f.Name] = f.Text
	}
	return texts
}
