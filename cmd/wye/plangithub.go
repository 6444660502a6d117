package main

import (
	"fmt"
	"io"

	"github.com/wye-events/wye/cmd/wye/formats"
	"github.com/wye-events/wye/router/plan"
)

// annotationsMost bounds the annotations: GitHub shows few of them anyway.
const annotationsMost = 50

// writeGithub writes annotations for the lines of the rules.
func (v *planView) writeGithub(out io.Writer) error {
	all := []formats.Annotation{{Level: formats.Note, Title: "wye plan", Message: v.summaryLine()}}
	for i := range v.Rules {
		if v.Rules[i].Change != plan.Unchanged || v.Rules[i].Differ() {
			all = append(all, ruleAnnotation(&v.Rules[i]))
		}
	}
	for i := range v.Targets {
		if t := &v.Targets[i]; t.Change != plan.Unchanged || t.Differ() {
			all = append(all, v.targetAnnotation(t))
		}
	}
	if more := len(all) - annotationsMost; more > 0 {
		all = append(all[:annotationsMost], formats.Annotation{Level: formats.Note, Title: "wye plan",
			Message: fmt.Sprintf("… and %s; `wye plan --all` shows them", count(more, "more difference"))})
	}
	return formats.WriteAnnotations(out, all)
}

// summaryLine is the whole in a line.
func (v *planView) summaryLine() string {
	text := capital(v.headline())
	if words := v.eventWords(); words != "" {
		text += ": " + words
	}
	text += "."
	if words := v.partialWords(); words != "" {
		text += " " + words + "."
	}
	return text
}

// ruleAnnotation stands at the line of the rule. What takes something away is a
// warning.
func ruleAnnotation(r *plan.Rule) formats.Annotation {
	a := formats.Annotation{Level: formats.Note, File: r.File, Line: r.Line, Title: "wye plan: " + r.Name}
	if r.NoLongerMatched+r.NewlyInError > 0 || r.DeadAfter > r.DeadBefore {
		a.Level = formats.Warning
	}
	a.Message = fmt.Sprintf("%s: %s before, %s after; %s", r.Change, count(int(r.Before), "event"), grouped(int(r.After)), ruleWords(r))
	if r.Was != "" {
		a.Message = fmt.Sprintf("renamed from %s; %s", r.Was, ruleWords(r))
	}
	if r.Change == plan.Removed {
		a.File, a.Line = "", 0 // there is no such line any more
	}
	for i := range r.Examples {
		if e := &r.Examples[i]; e.Difference == plan.NoLongerMatched && e.Why != "" {
			a.Message += fmt.Sprintf("\nfor example event %s: %s", plain(e.ID, 60), exampleWhy(e))
			break
		}
	}
	return a
}

func (v *planView) targetAnnotation(t *plan.Target) formats.Annotation {
	a := formats.Annotation{Level: formats.Note, Title: "wye plan: target " + t.Name}
	a.Message = fmt.Sprintf("%s; %s", t.Change, loadWords(t, v.Traffic.Seconds > 0))
	for _, s := range t.Settings {
		a.Message += "\n" + plain(settingWords(s), 300)
	}
	return a
}
