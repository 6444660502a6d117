package matchbench

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table aligns its first column to the left and the others to the right.
type table struct {
	rows   [][]string
	widths []int
}

func newTable(head ...string) *table {
	t := &table{widths: make([]int, len(head))}
	t.add(head...)
	return t
}

func (t *table) add(cells ...string) {
	for i, c := range cells {
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(c))
	}
	t.rows = append(t.rows, cells)
}

func (t *table) write(w io.Writer) {
	for _, cells := range t.rows {
		var line strings.Builder
		for i, c := range cells {
			space := strings.Repeat(" ", t.widths[i]-utf8.RuneCountInString(c))
			if i == 0 {
				line.WriteString(c + space)
			} else {
				line.WriteString("  " + space + c)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// grouped is a whole number with its thousands set apart; of small ones, it
// shows a digit more.
func grouped(v float64) string {
	if v > -10 && v < 10 && v != float64(int(v)) {
		return fmt.Sprintf("%.1f", v)
	}
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// brief is a number with the digits that say something, and 0 for next to
// nothing.
func brief(v float64) string {
	switch {
	case v < nearlyNone:
		return "0"
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return grouped(v)
}

func ns(t *Times) string {
	if t == nil {
		return "-"
	}
	return grouped(t.Median)
}

func goalNumber(v float64) string {
	if v == 0 {
		return "-"
	}
	return fmt.Sprintf("%g", v)
}

func optional[T any](v *T, format string) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf(format, *v)
}
