package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/wye-events/wye/router/plan"
)

// Bounds of the markdown: GitHub takes 65,536 characters in a comment.
const (
	markdownMost     = 60_000
	markdownRoom     = 500 // for what is said where something was left out
	markdownRowsMost = 100 // of each table
)

// markdownPage is a page that does not become too long.
type markdownPage struct {
	text string
	size int // in characters
	left int // pieces that had no room
}

// add adds a piece as a whole, or leaves it out.
func (p *markdownPage) add(piece string) bool {
	n := utf8.RuneCountInString(piece)
	if p.size+n > markdownMost-markdownRoom {
		p.left++
		return false
	}
	p.text += piece
	p.size += n
	return true
}

// writeMarkdown writes a comment for a pull request.
func (v *planView) writeMarkdown(out io.Writer) error {
	p := &markdownPage{}
	p.add("### wye plan: " + mdText(v.headline()) + "\n\n" + v.markdownHead())
	v.markdownRules(p)
	v.markdownTargets(p)
	for i := range v.Rules {
		if p.left > 0 { // the largest differences stand first
			p.left += len(v.Rules) - i
			break
		}
		p.add(markdownDetails(&v.Rules[i]))
	}
	p.add(markdownExamples("Events that no rule matches any more, or did not match before", v.Events.Examples))
	if p.left > 0 {
		p.text += fmt.Sprintf("\n… and %s that have no room here; `wye plan --all` shows everything.\n", count(p.left, "more detail"))
	}
	_, err := io.WriteString(out, p.text)
	return err
}

func (v *planView) markdownHead() string {
	var b strings.Builder
	if words := v.partialWords(); words != "" {
		fmt.Fprintf(&b, "**%s.**\n\n", words)
	}
	if words := v.eventWords(); words != "" {
		fmt.Fprintf(&b, "**%s.**\n\n", capital(words))
	}
	fmt.Fprintf(&b, "%s against %s, over %s.\n", mdCode(v.sets.new.name+" "+v.New.Version), mdCode(v.oldName()+" "+v.Old.Version), mdText(v.traffic()))
	for _, note := range v.Notes {
		fmt.Fprintf(&b, "\n> %s\n", mdText(note))
	}
	return b.String()
}

func (v *planView) markdownRules(p *markdownPage) {
	if len(v.Rules) == 0 {
		return
	}
	p.add("\n| Rule | | Before | After | What differs |\n|---|---|---:|---:|---|\n")
	for i := range v.Rules {
		if i == markdownRowsMost {
			p.left += len(v.Rules) - i
			break
		}
		r := &v.Rules[i]
		name := mdCode(r.Name)
		if r.Was != "" {
			name = mdCode(r.Was) + " → " + name
		}
		p.add(fmt.Sprintf("| %s | %s | %s | %s | %s |\n", name, r.Change, grouped(int(r.Before)), grouped(int(r.After)), mdText(ruleWords(r))))
	}
}

func (v *planView) markdownTargets(p *markdownPage) {
	if len(v.Targets) == 0 {
		return
	}
	p.add("\n| Target | | Load | What is set |\n|---|---|---|---|\n")
	for i := range v.Targets {
		if i == markdownRowsMost {
			p.left += len(v.Targets) - i
			break
		}
		t := &v.Targets[i]
		var set []string
		for _, s := range t.Settings {
			set = append(set, mdText(settingWords(s)))
		}
		load := loadWords(t, v.Traffic.Seconds > 0)
		if others := otherWords(&t.Counts); others != "" {
			load += "; " + others
		}
		p.add(fmt.Sprintf("| %s | %s | %s | %s |\n", mdCode(t.Name), t.Change, mdText(load), strings.Join(set, "<br>")))
	}
}

// markdownDetails is what a rule sets differently, and its examples, folded away.
func markdownDetails(r *plan.Rule) string {
	if len(r.Settings) == 0 && len(r.Examples) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n<details><summary>%s: %s</summary>\n\n", mdText(r.Name), mdText(ruleWords(r)))
	for _, s := range r.Settings {
		if isCondition(s) {
			var lines []string
			for _, line := range linesDiffer(s.Before, s.After) {
				lines = append(lines, line[:2]+plain(line[2:], 300))
			}
			b.WriteString(mdBlock("diff", strings.Join(lines, "\n")))
		} else {
			fmt.Fprintf(&b, "* %s\n", mdText(settingWords(s)))
		}
	}
	b.WriteString(markdownEvents(r.Examples))
	b.WriteString("\n</details>\n")
	return b.String()
}

func markdownExamples(title string, all []plan.Example) string {
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("\n<details><summary>%s</summary>\n\n%s\n</details>\n", mdText(title), markdownEvents(all))
}

func markdownEvents(all []plan.Example) string {
	var b strings.Builder
	for i := range all {
		e := &all[i]
		fmt.Fprintf(&b, "* **%s** %s", differences[e.Difference], mdCode(exampleName(e)))
		if e.Part != "" {
			fmt.Fprintf(&b, "<br>%s", mdCode(e.Part))
		}
		if e.Why != "" {
			fmt.Fprintf(&b, "<br>%s", mdText(strings.ReplaceAll(e.Why, "`", "")))
		}
		if e.Excerpt != "" {
			fmt.Fprintf(&b, "<br>%s", mdCode(e.Excerpt))
		}
		if e.Open != "" {
			fmt.Fprintf(&b, "<br>%s", mdCode(e.Open))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

var mdEscapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "`", "&#96;", "*", "&#42;", "_", "&#95;",
	"[", "&#91;", "]", "&#93;", "@", "&#64;", "#", "&#35;", "~", "&#126;", "\\", "&#92;",
)

// mdText is text of others as it is, and never markup, a link or a mention.
func mdText(s string) string { return mdEscapes.Replace(plain(s, 500)) }

// mdCode is text of others as code in a line, also in a table.
func mdCode(s string) string { return "<code>" + mdEscapes.Replace(plain(s, 300)) + "</code>" }

// mdBlock is a block of code whose text cannot end it.
func mdBlock(language, text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + language + "\n" + text + "\n" + fence + "\n"
}
