package plan

import (
	"fmt"
	"strings"

	"github.com/wye-events/wye/rules"
)

// why is the reason that one side does not match, or fails.
type why struct {
	Part string // the first part of the condition that decided, as it is written
	Text string // what was wrong with it, as a sentence without an end
}

// explainedMost bounds the explanations of one report: each evaluates a condition
// part by part.
const explainedMost = 2000

// explain says of an example what its difference is due to.
func (c *Change) explain(of about, e *example) why {
	if of.row == everyRow {
		return why{}
	}
	r := &c.rows[of.row]
	switch of.what {
	case NoLongerMatched, NoLongerShadowed, NoLongerDead:
		return c.new.without(r.new, "removed", e)
	case NewlyInError:
		return c.new.without(r.new, "", e)
	case NewlyMatched, NewlyShadowed, NewlyDead:
		return c.old.without(r.old, "new", e)
	case NoLongerInError:
		return c.old.without(r.old, "", e)
	}
	return why{}
}

// without says why a rule of a set does not take an event; gone is what became of
// a rule that is not there.
func (s Set) without(r *rules.CompiledRule, gone string, e *example) why {
	if r == nil {
		return why{Text: "the rule is " + gone}
	}
	switch part := r.Part(e.event, e.At); {
	case part == rules.PartUnsampled:
		return why{Text: fmt.Sprintf("the event is not in its sample of %s", number(r.Sample))}
	case part == rules.PartOver:
		return why{Text: "it had ended when the event was accepted, at " + untilOf(r.Rule)}
	}
	x, err := s.Matcher.Explain(e.event, rules.ExplainOptions{Rules: []string{r.Name}, Accepted: e.At})
	if err != nil || len(x.Rules) != 1 {
		return why{}
	}
	one := x.Rules[0]
	if one.Outcome == rules.OutcomeMatched {
		return why{Text: "it is only watched (mode: shadow)"}
	}
	w := why{Text: strings.TrimSuffix(one.Message, ".")}
	if d := one.Decided; d != nil {
		w.Part = shorten(d.Text, partMost)
	}
	return w
}

// Bounds of texts in a report, in characters.
const (
	partMost    = 300
	excerptMost = 160
	nameMost    = 200
)

// shorten is the beginning of a text, with … where there was more, in one line.
func shorten(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	n := 0
	for i := range text {
		if n == most-1 && len([]rune(text[i:])) > 1 {
			return text[:i] + "…"
		}
		n++
	}
	return text
}
