package rules

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

const (
	styleBold   = "\x1b[1m"
	styleRed    = "\x1b[31m"
	styleYellow = "\x1b[33m"
	styleGreen  = "\x1b[32m"
	styleReset  = "\x1b[0m"
)

// Write prints the problems for a person, one after the other:
//
//	rules.yaml:12:17: error WYE021: rule "orders" sends to "biling", which is not a target
//	    to: [audit, biling]
//	                ^
//	    hint: did you mean "billing"?
//
// With color it uses the terminal's colours.
func (ps Problems) Write(w io.Writer, color bool) error {
	for _, p := range ps {
		if _, err := io.WriteString(w, p.text(color)); err != nil {
			return err
		}
	}
	return nil
}

func (p Problem) text(color bool) string {
	paint := func(style, s string) string {
		if !color {
			return s
		}
		return style + s + styleReset
	}
	severity := styleRed
	switch p.Severity {
	case Warning:
		severity = styleYellow
	case Note:
		severity = styleBold
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n",
		paint(styleBold, p.place()+":"),
		paint(severity, string(p.Severity)+" "+p.Code),
		p.Message)
	if p.Source != "" && p.Severity != Note {
		line, caret := excerpt(p.Source, p.Column)
		fmt.Fprintf(&b, "    %s\n    %s\n", line, paint(styleGreen, caret))
	}
	if p.Hint != "" {
		fmt.Fprintf(&b, "    hint: %s\n", p.Hint)
	}
	return b.String()
}

func (p Problem) place() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

const excerptWidth = 100

// excerpt is the part of the line around the column, without its indentation,
// and the line with the caret below it. A very long line is cut, so that a
// hostile file makes no long reports, and characters that move a terminal's
// cursor are replaced, so that the caret stays where it belongs.
func excerpt(line string, column int) (text, caret string) {
	runes := []rune(line)
	at := min(max(column-1, 0), len(runes))
	from := 0
	for from < at && unicode.IsSpace(runes[from]) {
		from++
	}
	prefix, suffix := "", ""
	if at-from > excerptWidth*2/3 {
		from, prefix = at-excerptWidth/2, "…"
	}
	to := len(runes)
	if to-from > excerptWidth {
		to, suffix = max(at, from+excerptWidth), "…"
	}
	var b strings.Builder
	for _, r := range runes[from:to] {
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	text = strings.TrimRight(prefix+b.String()+suffix, " ")
	return text, strings.Repeat(" ", at-from+len([]rune(prefix))) + "^"
}
