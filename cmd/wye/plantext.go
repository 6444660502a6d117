package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/wye-events/wye/router/plan"
)

// Bounds of the text, unless --all.
const (
	planRulesShown   = 10
	planTargetsShown = 15
)

// planPen writes the text of a plan.
type planPen struct {
	strings.Builder
	colours bool
}

const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
	faint  = "2"
)

func (p *planPen) in(colour, text string) string {
	if !p.colours || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// kindColours are the colours of what became of a rule or a target.
var kindColours = map[plan.Kind]string{plan.Added: green, plan.Removed: red, plan.Changed: yellow, plan.Renamed: yellow, plan.Unchanged: faint}

func (v *planView) writeText(out io.Writer) error {
	p := &planPen{colours: colorOn(out)}
	v.summaryText(p)
	v.rulesText(p)
	v.targetsText(p)
	_, err := io.WriteString(out, p.String())
	return err
}

func (v *planView) summaryText(p *planPen) {
	fmt.Fprintln(p, p.in(bold, capital(v.headline())+"."))
	if words := v.partialWords(); words != "" {
		fmt.Fprintln(p, p.in(red, words+"."))
	}
	if words := v.eventWords(); words != "" {
		fmt.Fprintln(p, "  "+words)
	}
	fmt.Fprintf(p, "  %s\n  over %s\n", plain(v.sides(), 200), plain(v.traffic(), 300))
	for _, note := range v.Notes {
		fmt.Fprintln(p, "  note: "+plain(note, 400))
	}
	v.examplesText(p, v.Events.Examples)
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func (v *planView) rulesText(p *planPen) {
	if len(v.Rules) == 0 {
		return
	}
	fmt.Fprintln(p, "\n"+p.in(bold, "Rules"))
	for i := range v.Rules {
		if i == planRulesShown && !v.flags.all && len(v.Rules) > planRulesShown {
			fmt.Fprintf(p, "\n… and %s with a difference; --all shows them\n", count(len(v.Rules)-i, "more rule"))
			break
		}
		v.ruleText(p, &v.Rules[i])
	}
	if v.UnchangedRules > 0 {
		fmt.Fprintf(p, "\n%s\n", p.in(faint, count(v.UnchangedRules, "other rule")+" without a difference"))
	}
}

func (v *planView) ruleText(p *planPen, r *plan.Rule) {
	name := plain(r.Name, 100)
	if r.Was != "" {
		name = plain(r.Was, 100) + " → " + name
	}
	fmt.Fprintf(p, "\n%s  %s  %s", p.in(kindColours[r.Change], planSigns[r.Change]+" "+name), string(r.Change), p.in(faint, fmt.Sprintf("%s:%d", plain(r.File, 100), r.Line)))
	fmt.Fprintf(p, "\n    %s → %s; %s\n", count(int(r.Before), "event"), grouped(int(r.After)), ruleWords(r))
	settingsText(p, r.Settings)
	if to := routesWords(r); to != "" {
		fmt.Fprintln(p, "    "+to)
	}
	v.examplesText(p, r.Examples)
}

// routesWords tell of the targets of a rule where they do not all fare as the rule
// does.
func routesWords(r *plan.Rule) string {
	var parts []string
	for _, to := range r.Routes {
		if to.Change == plan.Unchanged && to.Before == r.Before && to.After == r.After && to.PayloadChanged == r.PayloadChanged {
			continue
		}
		text := fmt.Sprintf("%s %s → %s", plain(to.Target, 60), grouped(int(to.Before)), grouped(int(to.After)))
		if to.PayloadChanged > 0 {
			text += fmt.Sprintf(" (%s in another form)", grouped(int(to.PayloadChanged)))
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 || r.Change == plan.Added || r.Change == plan.Removed {
		return ""
	}
	return "by target: " + strings.Join(parts, ", ")
}

func settingsText(p *planPen, all []plan.Setting) {
	for _, s := range all {
		if !isCondition(s) {
			fmt.Fprintln(p, "    "+plain(settingWords(s), 300))
			continue
		}
		fmt.Fprintln(p, "    when")
		for _, line := range linesDiffer(s.Before, s.After) {
			colour := map[byte]string{'-': red, '+': green}[line[0]]
			text := line[:2] + plain(line[2:], 200)
			if colour != "" {
				text = p.in(colour, text)
			}
			fmt.Fprintln(p, "      "+text)
		}
	}
}

func (v *planView) examplesText(p *planPen, all []plan.Example) {
	var title plan.Difference
	for i := range all {
		e := &all[i]
		if e.Difference != title {
			title = e.Difference
			fmt.Fprintln(p, "    "+differences[title]+", such as")
		}
		fmt.Fprintf(p, "      %s  %s\n", exampleName(e), p.in(faint, plain(e.Excerpt, 100)))
		if why := exampleWhy(e); why != "" {
			fmt.Fprintln(p, "        "+why)
		}
		if e.Open != "" {
			fmt.Fprintln(p, "        "+p.in(faint, e.Open))
		}
	}
}

// exampleName says which event it is: "A-17 com.example.order.placed 2026-…".
func exampleName(e *plan.Example) string {
	text := plain(e.ID, 60) + "  " + plain(e.Type, 80)
	if !e.Time.IsZero() {
		text += "  " + moment(e.Time)
	}
	return text
}

// exampleWhy says what decided, with the part of the condition that did.
func exampleWhy(e *plan.Example) string {
	if e.Part == "" {
		return plain(e.Why, 300)
	}
	before := ""
	switch e.Difference {
	case plan.NewlyMatched, plan.NewlyShadowed, plan.NoLongerInError, plan.NewlyDead:
		before = "before: "
	}
	if e.Why == "" {
		return before + "`" + plain(e.Part, 200) + "`"
	}
	return fmt.Sprintf("%s`%s`: %s", before, plain(e.Part, 200), plain(e.Why, 300))
}

func (v *planView) targetsText(p *planPen) {
	if len(v.Targets) == 0 {
		return
	}
	fmt.Fprintln(p, "\n"+p.in(bold, "Targets"))
	for i := range v.Targets {
		if i == planTargetsShown && !v.flags.all && len(v.Targets) > planTargetsShown {
			fmt.Fprintf(p, "… and %s with a difference; --all shows them\n", count(len(v.Targets)-i, "more target"))
			break
		}
		t := &v.Targets[i]
		fmt.Fprintf(p, "%s  %s  %s\n", p.in(kindColours[t.Change], planSigns[t.Change]+" "+plain(t.Name, 80)), string(t.Change), loadWords(t, v.Traffic.Seconds > 0))
		if others := otherWords(&t.Counts); others != "" {
			fmt.Fprintln(p, "    "+others)
		}
		settingsText(p, t.Settings)
	}
	if v.UnchangedTargets > 0 {
		fmt.Fprintln(p, p.in(faint, count(v.UnchangedTargets, "other target")+" without a difference"))
	}
}

// otherWords tell of what is not in the load of a target.
func otherWords(c *plan.Counts) string {
	other := plan.Counts{
		PayloadChanged: c.PayloadChanged, DeadBefore: c.DeadBefore, DeadAfter: c.DeadAfter, ShadowBefore: c.ShadowBefore, ShadowAfter: c.ShadowAfter,
	}
	return strings.Join(countWords(&other), ", ")
}
