package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/rules"
)

type explainFlags struct {
	rules, output      string
	only, want, refuse []string
	all, fromServer    bool
	server             server
}

func newExplainCommand() *cobra.Command {
	var f explainFlags
	c := &cobra.Command{
		Use:   "explain EVENT",
		Short: "Tell where an event goes, and why not elsewhere",
		Long: `Tells for an event which rules it matches, and for each other rule the first thing
that decided that it does not match: the part of the condition, where it stands in
the file, and the values. The rules that came nearest to matching come first.

EVENT is one of
  a file with an event in the CloudEvents JSON format, or - for standard input;
  the sequence number or the id of an event that a running Wye has: that is told
  with the rules that decided it then and with those of now, and with what became
  of each delivery.

A file is explained with the rules of --rules, without a server; with --server it
is explained with the rules that are in force there.

--expect and --expect-not name rules that must match and that must not (a rule that
failed counts as a match if it says on_error: match).

Exits with 0, with 1 where --expect or --expect-not does not hold or the server has
no such event, and with 3 where the event or the rules cannot be read.`,
		Example: `  wye explain examples/order-routing/events/small.json --rules examples/order-routing/rules.yaml
  wye explain event.json --rule large-orders --all
  wye explain event.json --expect large-orders,audit --expect-not billing
  wye explain event.json --server http://127.0.0.1:8081
  wye explain 1234`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.fromServer = cmd.Flags().Changed("server")
			return explainEvent(cmd, args[0], f)
		},
	}
	fs := c.Flags()
	fs.StringVar(&f.rules, "rules", "", "rule file, or a directory of them (rules.yaml where nothing else is said)")
	fs.StringArrayVar(&f.only, "rule", nil, "only this rule; may be given again")
	fs.BoolVar(&f.all, "all", false, "all rules, and every part of their conditions with its value")
	fs.StringSliceVar(&f.want, "expect", nil, "rules that must match, separated by commas")
	fs.StringSliceVar(&f.refuse, "expect-not", nil, "rules that must not match, separated by commas")
	addServer(c, &f.server)
	addOutput(c, &f.output, "text", "json")
	return c
}

func explainEvent(cmd *cobra.Command, event string, f explainFlags) error {
	if f.fromServer && f.rules != "" {
		return errors.New("--rules and --server: say one of them; with --server the rules are those in force there")
	}
	for _, name := range f.want {
		if slices.Contains(f.refuse, name) {
			return fmt.Errorf("--expect and --expect-not both name %s", name)
		}
	}
	x, err := f.answer(cmd, event)
	if err != nil {
		return err
	}
	if err := x.write(cmd.OutOrStdout(), f); err != nil {
		return failed(err)
	}
	return f.expectations(cmd.ErrOrStderr(), x.verdict())
}

// answer finds out where the event is, and has it explained there.
func (f explainFlags) answer(cmd *cobra.Command, event string) (explainAnswer, error) {
	_, err := os.Stat(event)
	isFile := event == sender.Stdin || err == nil
	switch {
	case !isFile && f.rules != "":
		return explainAnswer{}, failed(fmt.Errorf("%s: there is no such file; an event of a running Wye is explained with its rules, without --rules", event))
	case !isFile:
		return f.past(cmd.Context(), event)
	}
	ev, err := oneEvent(event, cmd.InOrStdin())
	if err != nil {
		return explainAnswer{}, failed(err)
	}
	if f.fromServer {
		return f.onServer(cmd.Context(), ev)
	}
	return f.offline(cmd.ErrOrStderr(), ev)
}

// offline explains an event with a rule set of files.
func (f explainFlags) offline(talk talker, ev *event) (explainAnswer, error) {
	path := f.rules
	if path == "" {
		path = "rules.yaml"
	}
	_, matcher, problems := rules.Load(path)
	if problems.HasErrors() {
		if err := problems.Write(talk, colorOn(talk)); err != nil {
			return explainAnswer{}, failed(err)
		}
		return explainAnswer{}, failed(fmt.Errorf("%s: the rules do not load (%s)", path, verdict(nil, problems)))
	}
	for _, names := range [][]string{f.want, f.refuse} {
		if err := knownRules(matcher, names); err != nil {
			return explainAnswer{}, err
		}
	}
	x, err := matcher.Explain(ev, rules.ExplainOptions{Rules: f.only, All: f.all})
	if err != nil {
		return explainAnswer{}, fmt.Errorf("--rule: %w", err)
	}
	return explainAnswer{now: x}, nil
}

// knownRules refuses an expectation of a rule that there is not: it would hold,
// or not, for ever.
func knownRules(m *rules.Matcher, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if err := m.Known(names...); err != nil {
		return fmt.Errorf("--expect: %w", err)
	}
	return nil
}
