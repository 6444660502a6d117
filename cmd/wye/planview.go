package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/router/plan"
)

// planView is a report that is to be shown.
type planView struct {
	*plan.Report
	sets  planSets
	flags planFlags
}

// finish adds what only this side knows: where the files are, and the commands that
// show events.
func (v *planView) finish() {
	if v.Partial && v.Events.Compared == 0 {
		v.Notes = append(v.Notes, "it was ended before an event was compared")
	}
	for i := range v.Rules {
		r, set := &v.Rules[i], v.sets.new
		if r.Change == plan.Removed {
			set = v.sets.old
		}
		r.File = set.place(r.File, v.flags.events == "")
		v.openers(r.Examples)
	}
	v.openers(v.Events.Examples)
}

// openers adds the command that shows each event.
func (v *planView) openers(all []plan.Example) {
	for i := range all {
		all[i].Open = v.opener(&all[i])
	}
}

func (v *planView) opener(e *plan.Example) string {
	switch {
	case e.Sequence > 0 && v.flags.serverChanged:
		return fmt.Sprintf("wye explain %d --server %s", e.Sequence, shellWord(v.flags.server.url))
	case e.Sequence > 0:
		return fmt.Sprintf("wye explain %d", e.Sequence)
	case v.flags.events == sender.Stdin:
		return ""
	}
	// Blank lines are not counted.
	pick := fmt.Sprintf("grep '[^[:space:]]' %s | sed -n %dp", shellWord(v.flags.events), e.Line)
	if path := v.sets.new.path; path != "" && path != stdinPath {
		return fmt.Sprintf("%s | wye explain - --rules %s", pick, shellWord(path))
	}
	return pick
}

// shellWord is a text as one word of a shell.
func shellWord(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,=", r))
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func (v *planView) write(out io.Writer) error {
	switch v.flags.format {
	case "json":
		return writeData(out, "json", v.Report)
	case "markdown":
		return v.writeMarkdown(out)
	case "github":
		return v.writeGithub(out)
	}
	return v.writeText(out)
}

// exit says what keeps the report from being the whole truth, and gives the exit
// status.
func (v *planView) exit(talk io.Writer) error {
	if v.Events.Compared == 0 && !v.Partial {
		fmt.Fprintln(talk, "wye: there were no events to compare over: only what is set differently is told"+v.noEventsHint())
	}
	switch {
	case v.Differs:
		return &exitError{status: exitFindings}
	case v.Partial:
		return failed(errors.New("it was ended before its end, and nothing differs up to there"))
	}
	return nil
}

func (v *planView) noEventsHint() string {
	if v.flags.events != "" {
		return ""
	}
	return " (--since says from when on events are compared)"
}

// headline is the whole in a sentence.
func (v *planView) headline() string {
	e := &v.Events
	about := ""
	if v.Traffic.Scaled {
		about = "about "
	}
	switch {
	case !v.Differs:
		return "Nothing differs over " + count(int(e.Compared), "event")
	case e.Compared == 0:
		return "The rules differ; there were no events to compare over"
	case e.Differing == 0:
		return fmt.Sprintf("The rules differ, and none of %s fares otherwise", count(int(e.Compared), "event"))
	}
	fare := "fare"
	if e.Differing == 1 {
		fare = "fares"
	}
	return fmt.Sprintf("%s%s of %s %s otherwise", about, grouped(int(e.Differing)), count(int(e.Compared), "event"), fare)
}

// eventWords tell of events as a whole.
func (v *planView) eventWords() string {
	var parts []string
	if n := v.Events.NewlyUnmatched; n > 0 {
		parts = append(parts, grouped(int(n))+" matched by no rule any more")
	}
	if n := v.Events.NewlyMatched; n > 0 {
		parts = append(parts, grouped(int(n))+" matched by no rule before")
	}
	return strings.Join(parts, ", ")
}

// sides tells which rule sets are compared.
func (v *planView) sides() string {
	return fmt.Sprintf("%s (%s) against %s (%s)", v.sets.new.name, v.New.Version, v.oldName(), v.Old.Version)
}

func (v *planView) oldName() string {
	if v.sets.old == nil {
		return "the rules in force"
	}
	return v.sets.old.name
}

// traffic tells which events were compared.
func (v *planView) traffic() string {
	t := &v.Traffic
	if t.First == 0 {
		return "no events"
	}
	text := fmt.Sprintf("events %s to %s", grouped(int(t.First)), grouped(int(t.Last)))
	if t.From == plan.FromFile {
		text = fmt.Sprintf("lines %s to %s of %s", grouped(int(t.First)), grouped(int(t.Last)), shownEvents(v.flags.events))
	}
	if !t.FirstAt.IsZero() {
		text += fmt.Sprintf(", %s to %s", moment(t.FirstAt), moment(t.LastAt))
	}
	if t.Scaled {
		text += fmt.Sprintf("; counts are scaled from a sample of %s %%, %s", strconv.FormatFloat(100*t.Sample, 'g', -1, 64), count(int(t.Compared), "event"))
	}
	if t.Unreadable > 0 {
		text += fmt.Sprintf("; %s cannot be read", count(int(t.Unreadable), "event"))
	}
	return text
}

// partialWords say how far a plan came that was broken off.
func (v *planView) partialWords() string {
	if !v.Partial {
		return ""
	}
	if v.Traffic.Of > v.Traffic.Looked {
		return fmt.Sprintf("Partial: %s of %s were looked at", grouped(int(v.Traffic.Looked)), count(int(v.Traffic.Of), "event"))
	}
	return fmt.Sprintf("Partial: %s were looked at", count(int(v.Traffic.Looked), "event"))
}

// ruleWords tell what differs at a rule, with counts: "1,200 no longer matched, 3
// newly in error".
func ruleWords(r *plan.Rule) string {
	parts := countWords(&r.Counts)
	if r.OtherTargets > 0 {
		parts = append(parts, grouped(int(r.OtherTargets))+" to other targets")
	}
	if len(parts) == 0 {
		return "no event fares otherwise"
	}
	return strings.Join(parts, ", ")
}

func countWords(c *plan.Counts) (parts []string) {
	add := func(n uint64, what string) {
		if n > 0 {
			parts = append(parts, grouped(int(n))+" "+what)
		}
	}
	change := func(before, after uint64, what string) {
		if before != after {
			parts = append(parts, fmt.Sprintf("%s %s → %s", what, grouped(int(before)), grouped(int(after))))
		}
	}
	add(c.NoLongerMatched, "no longer matched")
	add(c.NewlyMatched, "newly matched")
	add(c.PayloadChanged, "in another form")
	add(c.NewlyInError, "newly in error")
	add(c.NoLongerInError, "no longer in error")
	change(c.DeadBefore, c.DeadAfter, "dead letters")
	change(c.ShadowBefore, c.ShadowAfter, "would deliver if live (mode: shadow)")
	return parts
}

// differences in words, as titles of examples.
var differences = map[plan.Difference]string{
	plan.NewlyMatched: "newly matched", plan.NoLongerMatched: "no longer matched", plan.OtherTargets: "to other targets",
	plan.PayloadChanged: "in another form", plan.NewlyInError: "newly in error", plan.NoLongerInError: "no longer in error",
	plan.NewlyDead: "now a dead letter", plan.NoLongerDead: "no longer a dead letter",
	plan.NewlyShadowed: "newly watched (mode: shadow)", plan.NoLongerShadowed: "no longer watched",
	plan.NewlyUnmatched: "matched by no rule any more",
}

// settingWords tell of a setting that differs, in a line.
func settingWords(s plan.Setting) string {
	switch {
	case s.Before == "" && s.After == "":
		return s.Name + " " + s.How
	case s.How == "added":
		return fmt.Sprintf("%s: %s (was not set)", s.Name, s.After)
	case s.How == "removed":
		return fmt.Sprintf("%s: not set (was %s)", s.Name, s.Before)
	}
	return fmt.Sprintf("%s: %s → %s", s.Name, s.Before, s.After)
}

// loadWords tell the load of a target: "1.2/s → 3.4/s (+183.3 %), busiest minute
// 120 → 300", or where it is not known when events came, "12 → 34".
func loadWords(t *plan.Target, timed bool) string {
	change := ""
	if p := t.Load.Percent; p != nil && *p != 0 {
		change = fmt.Sprintf(" (%+g %%)", *p)
	}
	if !timed {
		return fmt.Sprintf("%s → %s%s", grouped(int(t.Before)), grouped(int(t.After)), change)
	}
	return fmt.Sprintf("%s/s → %s/s%s, busiest minute %s → %s", perSecond(t.Load.BeforePerSecond), perSecond(t.Load.AfterPerSecond), change,
		grouped(int(t.Load.BeforePeakMinute)), grouped(int(t.Load.AfterPeakMinute)))
}

func perSecond(rate float64) string {
	if rate >= 1000 {
		return grouped(int(rate))
	}
	return strconv.FormatFloat(rate, 'g', 3, 64)
}

// signs of what became of a rule or a target.
var planSigns = map[plan.Kind]string{plan.Added: "+", plan.Removed: "-", plan.Changed: "~", plan.Renamed: "→", plan.Unchanged: "="}

// isCondition tells whether a setting is a condition, which is shown as a difference of
// lines.
func isCondition(s plan.Setting) bool { return s.Name == "when" }
