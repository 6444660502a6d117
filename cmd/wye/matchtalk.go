package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// matchTalk tells how a run of `wye match` is doing and what it came to.
type matchTalk struct {
	out      io.Writer
	talk     io.Writer
	progress *progress
	size     int64 // of the input; 0 where it is not known
	started  time.Time
}

func newMatchTalk(out, talk io.Writer, size int64) *matchTalk {
	t := &matchTalk{out: out, talk: talk, progress: newProgress(talk), size: size, started: time.Now()}
	if f, ok := out.(*os.File); ok && isTerminal(f) {
		t.progress.live = false // the answers themselves run over the terminal
	}
	return t
}

// show draws the progress.
func (t *matchTalk) show(tally matchTally) {
	t.progress.show(func() string {
		line := t.summary(tally)
		if t.size > 0 {
			line = fmt.Sprintf("%d%% · %s", tally.Read*100/t.size, line)
		}
		return line
	})
}

// end sums up.
func (t *matchTalk) end(tally matchTally) { t.progress.say(t.summary(tally)) }

// summary is how far the run is: "3 events: 1 matched, 1 unmatched, 1 invalid;
// no failed conditions; 12ms, 250/s".
func (t *matchTalk) summary(n matchTally) string {
	took := time.Since(t.started)
	dead := ""
	if n.Buried > 0 {
		dead = grouped(n.Buried) + " to dead letters, "
	}
	return fmt.Sprintf("%s: %s matched, %s unmatched, %s%s invalid; %s; %s, %s/s", count(n.Lines, "event"),
		grouped(n.Matched), grouped(n.Unmatched), dead, grouped(n.Invalid), count(n.Errors, "failed condition"),
		briefly(took), grouped(int(float64(n.Lines)/max(took.Seconds(), 1e-6))))
}

// namesShown bounds the list of rules that matched nothing.
const namesShown = 10

// table writes how many events each rule matched, the most first, and says on
// talk which rules matched none.
func (t *matchTalk) table(all []ruleTally) error {
	var idle []string
	used := all[:0:0]
	for _, r := range all {
		if r.Matched+r.Errors == 0 {
			idle = append(idle, r.Rule.Name)
			continue
		}
		used = append(used, r)
	}
	slices.SortStableFunc(used, func(a, b ruleTally) int { return cmp.Compare(b.Matched, a.Matched) })
	if len(used) > 0 {
		w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "RULE\tMATCHED\tERRORS")
		for _, r := range used {
			name := r.Rule.Name
			if rollout := r.Rule.Rollout(); rollout != "" {
				name += " (" + rollout + ")"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", name, grouped(r.Matched), grouped(r.Errors))
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("the table cannot be written: %w", err)
		}
	}
	if len(idle) > 0 {
		fmt.Fprintln(t.talk, "matched nothing: "+someNames(idle))
	}
	return nil
}

func someNames(names []string) string {
	if more := len(names) - namesShown; more > 0 {
		return fmt.Sprintf("%s and %s", strings.Join(names[:namesShown], ", "), count(more, "other rule"))
	}
	return strings.Join(names, ", ")
}
