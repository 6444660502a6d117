package deliverybench

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is figures under a title, and what a reader of them must know besides.
// Its first column is aligned to the left and the others to the right.
type table struct {
	title string
	rows  [][]string // the first is the head
	notes []string
}

func newTable(title string, head ...string) *table {
	return &table{title: title, rows: [][]string{head}}
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// writeText writes the table for a terminal.
func (t *table) writeText(w io.Writer) {
	fmt.Fprintln(w, t.title)
	widths := t.widths()
	for _, cells := range t.rows {
		fmt.Fprintln(w, strings.TrimRight(line(cells, widths, "  "), " "))
	}
	for _, note := range t.notes {
		fmt.Fprintln(w, note)
	}
}

// writeMarkdown writes the table for a document.
func (t *table) writeMarkdown(w io.Writer) {
	fmt.Fprintf(w, "**%s**\n\n", t.title)
	for i, cells := range t.rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			fmt.Fprintf(w, "|---%s|\n", strings.Repeat("|--:", len(cells)-1))
		}
	}
	for i, note := range t.notes {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "* %s\n", note)
	}
}

func (t *table) widths() []int {
	widths := make([]int, len(t.rows[0]))
	for _, cells := range t.rows {
		for i, c := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	return widths
}

func line(cells []string, widths []int, between string) string {
	var b strings.Builder
	for i, c := range cells {
		space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
		if i == 0 {
			b.WriteString(c + space)
		} else {
			b.WriteString(between + space + c)
		}
	}
	return b.String()
}

// grouped is a whole number with its thousands set apart.
func grouped(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counted is a number of things.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(float64(n)) + " " + noun + "s"
}

func known(v *float64, format string) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf(format, *v)
}

func millis(v *float64) string { return known(v, "%.2f") }

// whole is a number of what there is, or nothing.
func whole(v float64) string {
	if v == 0 {
		return "-"
	}
	return grouped(v)
}

func share(v float64) string {
	if v == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*v)
}
