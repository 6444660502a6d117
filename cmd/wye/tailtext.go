package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wye-events/wye/router"
)

// tailText writes the lines of a tail for a person: one line an event, in
// columns, and below it the conditions that failed.
type tailText struct {
	out, talk io.Writer
	color     bool
	columns   []tailColumn
}

// tailColumn is as wide as the widest that it held so far, up to most: nobody
// knows what comes.
type tailColumn struct {
	name        string
	width, most int
}

const (
	tailRoutes = 5 // shown of one event, and so many errors
	tailTime   = "15:04:05.000Z"

	warnColor  = "\x1b[33m"
	badColor   = "\x1b[31m"
	faintColor = "\x1b[2m"
	noColor    = "\x1b[0m"
)

func newTailText(out, talk io.Writer, color bool) *tailText {
	t := &tailText{out: out, talk: talk, color: color, columns: []tailColumn{
		{"TYPE", 26, 48}, {"SOURCE", 12, 40}, {"ID", 12, 40}, {"SUBJECT", 12, 32},
	}}
	names := make([]string, len(t.columns))
	for i := range t.columns {
		names[i] = t.columns[i].name
	}
	fmt.Fprintf(out, "SEQUENCE  %-*s  %sGOES TO\n", len(tailTime), "TIME", t.row(names...))
	return t
}

// row puts cells into their columns.
func (t *tailText) row(cells ...string) string {
	var b strings.Builder
	for i := range t.columns {
		c := &t.columns[i]
		text := dash(cells[i], c.most)
		c.width = max(c.width, utf8.RuneCountInString(text))
		b.WriteString(text)
		b.WriteString(strings.Repeat(" ", c.width-utf8.RuneCountInString(text)+2))
	}
	return b.String()
}

// line writes one line of the stream.
func (t *tailText) line(_ []byte, l router.TailLine) {
	switch {
	case l.Missed > 0:
		fmt.Fprintf(t.talk, "%s missed here: more came than could be shown\n", count(int(l.Missed), "line"))
	case l.Failed != nil:
		fmt.Fprintf(t.talk, "--where on event %d: %s; events on which it fails are not shown, and that is not told again\n",
			l.Failed.Sequence, plain(l.Failed.Error, 400))
	case l.Outcome != nil:
		t.outcome(l.Outcome)
	case l.TailEvent != nil:
		t.event(l.TailEvent)
	}
}

func (t *tailText) event(e *router.TailEvent) {
	fmt.Fprintf(t.out, "%8d  %s  %s%s\n", e.Sequence, e.At.UTC().Format(tailTime), t.row(e.Type, e.Source, e.ID, e.Subject), t.goesTo(e))
	for i, rule := range slices.Sorted(maps.Keys(e.Errors)) {
		if i == tailRoutes {
			fmt.Fprintf(t.out, "          … and %s\n", count(len(e.Errors)-i, "other error"))
			break
		}
		fmt.Fprintf(t.out, "          %s\n", t.paint(badColor, "error: rule "+plain(rule, 64)+": "+plain(e.Errors[rule], 400)))
	}
}

func (t *tailText) goesTo(e *router.TailEvent) string {
	var parts []string
	if e.Unmatched() {
		parts = append(parts, t.paint(warnColor, "unmatched"))
	}
	for _, r := range e.Matched {
		parts = append(parts, plain(r.Rule, 64)+" → "+plain(strings.Join(r.To, ", "), 200))
	}
	for _, r := range e.DeadLettered {
		parts = append(parts, t.paint(badColor, plain(r.Rule, 64)+" → dead letters of "+plain(strings.Join(r.To, ", "), 200)))
	}
	for _, r := range e.Shadow {
		parts = append(parts, t.paint(faintColor, "shadow "+plain(r.Rule, 64)+" → "+plain(strings.Join(r.To, ", "), 200)))
	}
	if more := len(parts) - tailRoutes; more > 0 {
		parts = append(parts[:tailRoutes], "and "+count(more, "other rule"))
	}
	return strings.Join(parts, "; ")
}

func (t *tailText) outcome(o *router.TailOutcome) {
	color := faintColor
	if o.Outcome != "delivered" {
		color = badColor
	}
	text := fmt.Sprintf("%s: %s (rule %s, %s)", plain(o.Target, 64), strings.ReplaceAll(plain(o.Outcome, 40), "_", "-"), plain(o.Rule, 64), count(o.Attempts, "attempt"))
	fmt.Fprintf(t.out, "%8d  %s  %s\n", o.Sequence, o.At.UTC().Format(tailTime), t.paint(color, text))
}

func (t *tailText) paint(color, text string) string {
	if !t.color {
		return text
	}
	return color + text + noColor
}
