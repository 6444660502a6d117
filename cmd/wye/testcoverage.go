package main

import (
	"fmt"
	"strings"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/cases"
)

// coverage writes what was not seen, rule by rule, and how much was.
func (w *testWriter) coverage(c *rules.Coverage) {
	width := 0
	for _, r := range c.Rules {
		if r.Percent < 100 || hasWeak(r) {
			width = max(width, min(len(r.Name), 32))
		}
	}
	for _, r := range c.Rules {
		if r.Percent == 100 && !hasWeak(r) {
			continue
		}
		w.line("%-*s  %s   %s", width, r.Name, w.paint(boldText, shownPercent(r.Percent)), w.paint(faintColor, fmt.Sprintf("%s:%d:%d", r.Place.File, r.Place.Line, r.Place.Column)))
		for i := range r.Clauses {
			if said := unseen(&r.Clauses[i]); said != "" {
				w.clause(&r.Clauses[i], said)
			}
		}
	}
	w.line("%s of %s were seen both true and false: %s", grouped(c.Seen), count(c.Clauses, "clause"), shownPercent(c.Percent))
}

func (w *testWriter) clause(c *rules.CoveredClause, said string) {
	mark := w.paint(badColor, "✗")
	if c.Seen() {
		mark = w.paint(warnColor, "·")
	}
	at := fmt.Sprintf("%d:%d", c.Place.Line, c.Place.Column)
	text := plain(c.Text, 100)
	if c.On {
		text = "on: " + text
	}
	w.line("    %s %-7s %s   %s", mark, at, text, w.paint(faintColor, said))
}

// hasWeak tells whether a clause of the rule was seen both ways, and one of them
// made no difference.
func hasWeak(r rules.CoveredRule) bool {
	for i := range r.Clauses {
		if unseen(&r.Clauses[i]) != "" {
			return true
		}
	}
	return false
}

// unseen says what the tests have not seen of a clause; "" where there is nothing
// to say.
func unseen(c *rules.CoveredClause) string {
	if c.On {
		return unseenType(c)
	}
	var said []string
	switch {
	case c.True == 0 && c.False == 0:
		said = append(said, "never seen")
	case c.True == 0:
		said = append(said, "never true")
	case c.False == 0:
		said = append(said, "never false")
	case !c.DecidedFalse:
		said = append(said, "false only where another part was not true either")
	case !c.DecidedTrue:
		said = append(said, "true only where another part decided")
	}
	if !c.Seen() && c.Absent > 0 {
		said = append(said, "something in it was absent "+timesWords(c.Absent))
	}
	if !c.Seen() && c.Failed > 0 {
		said = append(said, "it failed "+timesWords(c.Failed))
	}
	return strings.Join(said, "; ")
}

// unseenType is unseen of an `on`.
func unseenType(c *rules.CoveredClause) string {
	switch {
	case c.True == 0:
		return "no event of this type"
	case c.False == 0 && !c.NeverFalse:
		return "no event of another type"
	}
	return ""
}

func timesWords(n int) string {
	if n == 1 {
		return "once"
	}
	return grouped(n) + " times"
}

// update writes what was written into the files, and what was not.
func (w *testWriter) update(u *cases.Update) {
	for _, c := range u.Changes {
		at := w.paint(faintColor, fmt.Sprintf("%s:%d:%d", c.Place.File, c.Place.Line, c.Place.Column))
		if c.Refused != "" {
			w.line("%s %s: %s   %s", w.paint(badColor, "not updated"), plain(c.Test, 200), plain(c.Refused, 300), at)
			continue
		}
		w.line("%s %s: %s: %s   %s", w.paint(goodColor, "updated"), plain(c.Test, 200), c.Key, plain(c.Written, 200), at)
	}
}
