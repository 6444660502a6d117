package rules

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Write prints the explanation for a person. First where the event goes, then
// each rule, and under one that did not match its condition: what held, what
// did not, and the values under what they are the values of.
//
//	✗ large-orders   not to review   rules.yaml:29:11
//	    ✗ event.data.total > 100
//	      18
//	    ✓ event.data.items.exists(i, i.fragile)
//
// With color it uses the terminal's colours.
func (x *Explanation) Write(w io.Writer, color bool) error { return x.WriteColumns(w, color, 0) }

// WriteColumns is [Explanation.Write] for a terminal of so many columns, 0 if
// that is not known: where a line would be broken, and its values no longer
// stood under what they are the values of, they are listed.
func (x *Explanation) WriteColumns(w io.Writer, color bool, columns int) error {
	p := &explainPrinter{color: color, columns: columns}
	p.event(x)
	for i, r := range x.Rules {
		if i == 0 || r.Condition != nil || x.Rules[i-1].Condition != nil || x.Rules[i-1].Outcome != r.Outcome {
			p.line("")
		}
		p.rule(r, nameWidth(x.Rules))
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

// explainPrinter collects the lines, and knows whether they have colours.
type explainPrinter struct {
	b       strings.Builder
	color   bool
	columns int // of the terminal; 0 where that is not known
}

const styleDim = "\x1b[2m"

func (p *explainPrinter) paint(style, s string) string {
	if !p.color || s == "" {
		return s
	}
	return style + s + styleReset
}

func (p *explainPrinter) line(s string) { p.b.WriteString(strings.TrimRight(s, " ") + "\n") }

func (p *explainPrinter) event(x *Explanation) {
	head := p.paint(styleBold, printable(x.Event.Type)) + "  id " + printable(x.Event.ID) + "  source " + printable(x.Event.Source)
	if x.Event.Subject != "" {
		head += "  subject " + printable(x.Event.Subject)
	}
	p.line(head)
	where := ""
	if to := x.goesTo(); len(to) > 0 {
		where = ", so it goes to " + p.paint(styleBold, strings.Join(to, ", "))
	} else if !x.Partial {
		where = ", so it goes nowhere"
	}
	p.line(matchedWords(x) + where + " " + p.paint(styleDim, "(rule set "+x.Version+")"))
}

// failedWords tells of rules that failed, of which some may count as matches.
func failedWords(failed, counting int) string {
	counts := "count as matches"
	if counting == 1 {
		counts = "counts as a match"
	}
	switch {
	case failed == 0:
		return ""
	case counting == 0:
		return fmt.Sprintf(", %s failed", thousands(failed))
	case counting == failed:
		return fmt.Sprintf(", %s failed and %s", thousands(failed), counts)
	}
	return fmt.Sprintf(", %s failed and %s of them %s", thousands(failed), thousands(counting), counts)
}

// heldBackCount tells of rules that match and deliver nothing.
func heldBackCount(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", 1 is held back"
	}
	return fmt.Sprintf(", %s are held back", thousands(n))
}

func matchedWords(x *Explanation) string {
	c := x.Counts
	failed := heldBackCount(c.HeldBack) + failedWords(c.Failed, len(x.Matched)-c.Matched)
	switch {
	case c.Rules == 0:
		return "There are no rules"
	case c.Rules == 1 && c.Matched == 1:
		return "The rule matches" + failed
	case c.Rules == 1 && c.HeldBack == 1:
		return "The rule matches and is held back"
	case c.Rules == 1:
		return "The rule does not match" + failed
	case c.Matched == 0:
		return fmt.Sprintf("None of %s rules matches%s", thousands(c.Rules), failed)
	case c.Matched == 1:
		return fmt.Sprintf("1 of %s rules matches%s", thousands(c.Rules), failed)
	}
	return fmt.Sprintf("%s of %s rules match%s", thousands(c.Matched), thousands(c.Rules), failed)
}

// thousands is a number as people write it, 12,345.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// Routes tells whether the event goes to the targets of the rule: where it
// matched, or failed and the rule says that this counts as a match.
func (r ExplainedRule) Routes() bool {
	return r.Outcome == OutcomeMatched || r.Outcome == OutcomeFailed && r.OnError == OnErrorMatch && !r.heldBack()
}

// heldBack tells whether the rule delivers nothing because of its rollout.
func (r ExplainedRule) heldBack() bool { return r.Part != "" && r.Part != PartLive }

// goesTo are the targets that get the event.
func (x *Explanation) goesTo() []string {
	var all []string
	for _, r := range x.Rules {
		for _, to := range r.To {
			if r.Routes() && !slices.Contains(all, to) {
				all = append(all, to)
			}
		}
	}
	return all
}

// nameWidth is how wide the column with the names is.
func nameWidth(rules []ExplainedRule) int {
	const most = 32
	width := 0
	for _, r := range rules {
		width = max(width, len(r.Name))
	}
	return min(width, most)
}

func (p *explainPrinter) rule(r ExplainedRule, width int) {
	mark, style, words := headOf(r)
	name := r.Name + strings.Repeat(" ", max(0, width-len(r.Name)))
	line := p.paint(style, mark+" ") + p.paint(styleBold, name) + "   " + words
	if rollout := rolloutWords(r.Mode, r.Sample, r.Until); rollout != "" && r.Outcome != OutcomeHeldBack { // which says it
		line += p.paint(styleDim, " ("+rollout+")")
	}
	if r.Condition == nil {
		p.line(line)
		return
	}
	at := r.Condition.Place
	if r.Decided != nil {
		at = r.Decided.Place
	}
	p.line(line + "   " + p.paint(styleDim, fmt.Sprintf("%s:%d:%d", at.File, at.Line, at.Column)))
	p.tree(r.Condition, "    ", failing(r.Condition) > 1)
}

// headOf is what stands beside the name of a rule.
func headOf(r ExplainedRule) (mark, style, words string) {
	to := strings.Join(r.To, ", ")
	switch r.Outcome {
	case OutcomeMatched:
		return "✓", styleGreen, "to " + to
	case OutcomeHeldBack:
		return "○", styleYellow, fmt.Sprintf("not to %s: %s", to, r.Message)
	case OutcomeFailed:
		if r.heldBack() {
			return "!", styleYellow, "failed, and is held back, so not to " + to
		}
		switch r.OnError {
		case OnErrorMatch:
			return "!", styleYellow, fmt.Sprintf("failed, and so to %s (on_error: match)", to)
		case OnErrorDeadLetter:
			return "!", styleYellow, fmt.Sprintf("failed, and so a dead letter for %s (on_error: dead_letter)", to)
		}
		return "!", styleYellow, "failed, and so not to " + to
	case OutcomeNotMatched:
		return "✗", styleRed, "not to " + to
	}
	return "-", styleDim, fmt.Sprintf("not to %s: %s", to, printable(strings.ReplaceAll(r.Message, "`", "")))
}

// failing is how many terms of an && are not true.
func failing(p *ExplainedPart) int {
	if p.Kind != PartAnd {
		return 1
	}
	n := 0
	for _, kid := range p.Parts {
		if !kid.Held {
			n++
		}
	}
	return n
}

// printable is text of others, in one line and without what moves a cursor.
func printable(s string) string {
	const limit = 300
	var b strings.Builder
	for _, r := range s {
		if b.Len() > limit {
			b.WriteRune('…')
			break
		}
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

// WriteCondition prints the condition of the rule as [Explanation.Write] does,
// each line after the indent: what held, what did not, and the values under what
// they are the values of. Of a rule without one, or whose condition was not asked,
// it prints why.
func (r ExplainedRule) WriteCondition(w io.Writer, indent string, color bool, columns int) error {
	p := &explainPrinter{color: color, columns: columns}
	switch {
	case r.Condition != nil:
		p.tree(r.Condition, indent, failing(r.Condition) > 1)
	case r.Message != "":
		p.line(indent + p.paint(styleDim, printable(strings.ReplaceAll(r.Message, "`", ""))))
	default:
		p.line(indent + p.paint(styleDim, "it takes every event of the type "+typesWords(r.On)))
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}
