package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/rules"
)

type explainFlags struct {
	rules, output, at  string
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
  wye explain event.json --at 2027-01-31T12:00:00Z
  wye explain event.json --server http://127.0.0.1:8081
  wye explain 1234`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("expected one EVENT, not %d: %s", len(args), oneOfEvents)
			}
			return nil
		},
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
	fs.StringVar(&f.at, "at", "", "time at which the event of a file would be accepted, which the rules' until is compared with (now)")
	addServer(c, &f.server)
	addOutput(c, &f.output, "text", "json")
	return c
}

// oneOfEvents is what EVENT can be.
const oneOfEvents = "a file, - for standard input, or the sequence number or id of an event of a running Wye"

func explainEvent(cmd *cobra.Command, event string, f explainFlags) error {
	if err := f.check(cmd, event); err != nil {
		return err
	}
	ask, err := f.asking(cmd, event)
	if err != nil {
		return err
	}
	x, err := ask(f.only, f.all)
	if err != nil {
		return about("--rule", err)
	}
	broken, err := f.broken(x, ask)
	if err != nil {
		return err
	}
	if err := x.write(cmd.OutOrStdout(), f); err != nil {
		return failed(err)
	}
	if len(broken) == 0 {
		return nil
	}
	fmt.Fprintln(cmd.ErrOrStderr(), strings.Join(broken, "\n"))
	return &exitError{status: exitFindings}
}

func (f explainFlags) check(cmd *cobra.Command, event string) error {
	if event == "" {
		return errors.New("EVENT is empty: expected " + oneOfEvents)
	}
	if f.fromServer && f.rules != "" {
		return errors.New("--rules and --server: say one of them; with --server the rules are those in force there")
	}
	if _, err := f.accepted(); err != nil {
		return err
	}
	for _, flag := range []struct {
		name  string
		names []string
	}{{"rule", f.only}, {"expect", f.want}, {"expect-not", f.refuse}} {
		if cmd.Flags().Changed(flag.name) && (len(flag.names) == 0 || slices.Contains(flag.names, "")) {
			return fmt.Errorf("--%s: a name is empty; name rules", flag.name)
		}
	}
	for _, name := range f.want {
		if slices.Contains(f.refuse, name) {
			return fmt.Errorf("--expect and --expect-not both name %s", name)
		}
	}
	return nil
}

// accepted is when the event of a file would be accepted.
func (f explainFlags) accepted() (time.Time, error) { return timeOrNow("--at", f.at) }

// timeOrNow is a time that a flag gives, or now.
func timeOrNow(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, fmt.Errorf("%s %s: expected a time with a zone, such as 2027-01-31T12:00:00Z", flag, plain(text, 80))
	}
	return at, nil
}

// asker has the event explained by these rules; by all where there are none.
type asker func(only []string, all bool) (explainAnswer, error)

// noRule says that a rule was asked for that there is not.
type noRule struct{ text string }

func (e *noRule) Error() string { return e.text }

// about says which flag names a rule that there is not, which is a mistake of
// usage wherever the rules are.
func about(flag string, err error) error {
	if none := (*noRule)(nil); errors.As(err, &none) {
		return fmt.Errorf("%s: %w", flag, none)
	}
	return err
}

// asking finds out where the event is, and so who explains it.
func (f explainFlags) asking(cmd *cobra.Command, event string) (asker, error) {
	_, err := os.Stat(event)
	isFile := event == sender.Stdin || err == nil
	switch {
	case !isFile && f.rules != "":
		return nil, failed(fmt.Errorf("%s: there is no such file; an event of a running Wye is explained with its rules, without --rules", event))
	case !isFile && f.at != "":
		return nil, errors.New("--at is for the event of a file; an event of a running Wye has the time at which it was accepted")
	case !isFile:
		return f.askPast(cmd.Context(), event), nil
	}
	ev, err := oneEvent(event, cmd.InOrStdin())
	if err != nil {
		return nil, failed(err)
	}
	if f.fromServer {
		return f.askServer(cmd.Context(), ev), nil
	}
	return f.askFiles(cmd.ErrOrStderr(), ev)
}

// askFiles explains an event with a rule set of files.
func (f explainFlags) askFiles(talk talker, ev *event) (asker, error) {
	path := f.rules
	if path == "" {
		path = "rules.yaml"
	}
	_, matcher, problems := rules.Load(path)
	if problems.HasErrors() {
		if err := problems.Write(talk, colorOn(talk)); err != nil {
			return nil, failed(err)
		}
		return nil, failed(fmt.Errorf("%s: the rules do not load (%s)", path, verdict(nil, problems)))
	}
	at, err := f.accepted()
	if err != nil {
		return nil, err
	}
	return func(only []string, all bool) (explainAnswer, error) {
		x, err := matcher.Explain(ev, rules.ExplainOptions{Rules: only, All: all, Accepted: at})
		if err != nil {
			return explainAnswer{}, &noRule{err.Error()}
		}
		return explainAnswer{now: x}, nil
	}, nil
}
