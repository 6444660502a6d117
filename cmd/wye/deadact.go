package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router/api"
)

// deadAct is a redrive or a discard as the command line says it.
type deadAct struct {
	starter
	deadSelection
	path string
	yes  bool
}

const deadActHelp = `

The server does the work, also when nobody watches and over a restart. Ctrl-C only
ends the watching; ` + "`wye operation`" + ` shows, stops and resumes it. Dead letters that
come while it runs are not touched.

Exits with 0 when all was done, 1 when something was skipped or somebody stopped it,
and 3 when it failed.`

func newDeadRedriveCommand() *cobra.Command {
	a := &deadAct{path: "/api/v1/dead/redrive"}
	c := &cobra.Command{
		Use:   "redrive NUMBER... | --where CEL | --target TARGET | --all",
		Short: "Give dead letters back to their targets",
		Long: `Puts the deliveries of dead letters behind what waits for their targets. Each keeps
its delivery id, so that a receiver can tell that it has had it, and has all its
attempts again. One whose target is not in the rules stays where it is.` + deadActHelp,
		Example: `  wye dead redrive 17 18
  wye dead redrive --target billing --where 'status == 401' --dry-run
  wye dead redrive --target billing --rate 50`,
		RunE: func(cmd *cobra.Command, args []string) error {
			order, err := a.order(cmd, args)
			if err != nil {
				return err
			}
			if a.dryRun {
				return a.show(cmd, order, "redrive")
			}
			return a.start(cmd, a.path, order)
		},
	}
	a.deadFlags(c, true)
	return c
}

func newDeadDiscardCommand() *cobra.Command {
	a := &deadAct{path: "/api/v1/dead/discard"}
	c := &cobra.Command{
		Use:   "discard NUMBER... | --where CEL | --target TARGET | --all",
		Short: "Remove dead letters for good",
		Long: `Removes dead letters. That they were discarded is kept with their events, what they
held is gone: ` + "`wye dead export`" + ` writes it down before. On a terminal it asks; anywhere
else it needs --yes.` + deadActHelp,
		Example: `  wye dead discard 17 --yes
  wye dead discard --target old-billing --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			order, err := a.order(cmd, args)
			if err != nil {
				return err
			}
			if a.dryRun {
				return a.show(cmd, order, "discard")
			}
			if sure, err := a.sure(cmd, order); !sure {
				return err
			}
			return a.start(cmd, a.path, order)
		},
	}
	c.Flags().BoolVar(&a.yes, "yes", false, "do not ask")
	a.deadFlags(c, false)
	return c
}

func (a *deadAct) deadFlags(c *cobra.Command, withRate bool) {
	a.flags(c.Flags())
	c.Flags().BoolVar(&a.All, "all", false, "all dead letters")
	a.add(c, withRate)
}

// order looks at the flags before anybody is asked.
func (a *deadAct) order(cmd *cobra.Command, args []string) (o api.DeadOrder, err error) {
	if err := a.take(cmd, args); err != nil {
		return o, err
	}
	some := len(a.Numbers) > 0 || len(a.values()) > 0
	switch {
	case !some && !a.All:
		return o, errors.New("say which dead letters: numbers, --where, --target, --rule or --reason; or --all")
	case some && a.All:
		return o, errors.New("--all: all dead letters, or some; it goes with no numbers and no other flag that picks some out")
	case a.rate < 0:
		return o, fmt.Errorf("--rate %v: expected a number more than 0", a.rate)
	}
	o.LetterSelection, o.Rate, o.DryRun = a.LetterSelection, a.rate, a.dryRun
	return o, nil
}

// show tells what would be done.
func (a *deadAct) show(cmd *cobra.Command, order api.DeadOrder, verb string) error {
	p, err := a.preview(cmd, a.path, order)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if a.output != "table" {
		return writeData(out, a.output, p)
	}
	fmt.Fprintf(out, "would %s %s (%s looked at)\n", verb, count(int(p.Would), "dead letter"), grouped(int(p.Looked)))
	if err := writeRoutes(out, p.Routes); err != nil {
		return err
	}
	for _, d := range p.Letters {
		fmt.Fprintf(out, "  for example %d: %s, id %s, %s: %s\n", d.Number, dash(d.EventType, 80), dash(d.EventID, 80), dash(d.Reason, 40), dash(lastOf(d), 80))
	}
	writeWhy(out, p.Why)
	return nil
}

// sure asks whether so many dead letters are to be removed.
func (a *deadAct) sure(cmd *cobra.Command, order api.DeadOrder) (bool, error) {
	if a.yes {
		return true, nil
	}
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !isTerminal(in) {
		return false, errors.New("discarding cannot be undone: add --yes to do it, or --dry-run to see what it would do")
	}
	order.DryRun = true
	p, err := a.preview(cmd, a.path, order)
	if err != nil {
		return false, err
	}
	talk := cmd.ErrOrStderr()
	if p.Would == 0 {
		fmt.Fprintln(talk, "no dead letters to discard")
		return false, nil
	}
	fmt.Fprintf(talk, "Discard %s? What they hold is gone then. [y/N] ", count(int(p.Would), "dead letter"))
	return saysYes(in), nil
}

func saysYes(in io.Reader) bool {
	answer, _ := bufio.NewReader(in).ReadString('\n') // what is no answer is no yes
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}
