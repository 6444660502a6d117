package rules

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// drawnWidth is how long a text may be to have its values drawn under it;
// under a longer one, which a terminal would break, they are listed.
const drawnWidth = 100

// valueAt is a value that belongs under a column of a text.
type valueAt struct {
	column int
	text   string // of what it is the value
	value  string
}

// draw sets values under their columns, each as high up as there is room for
// it, and connects those that are lower with a line.
//
//	event.data.additions + event.data.deletions > 800
//	12                   │ 3
//	                     15
func draw(values []valueAt) []string {
	slices.SortStableFunc(values, func(a, b valueAt) int { return cmp.Compare(a.column, b.column) })
	values = slices.CompactFunc(values, func(a, b valueAt) bool { return a.column == b.column && a.value == b.value })
	var rows []string
	for len(values) > 0 {
		var row string
		row, values = drawRow(values)
		rows = append(rows, row)
	}
	return rows
}

// drawRow draws those values that have room, and gives back the others.
func drawRow(values []valueAt) (row string, left []valueAt) {
	shown := make([]string, len(values))
	limit := -1 // the column where what stands to the right begins
	for i := len(values) - 1; i >= 0; i-- {
		v := values[i]
		switch width := widthOf(v.value); {
		case limit < 0 || v.column+width < limit:
			shown[i], limit = v.value, v.column
		case v.column < limit:
			shown[i], limit = "│", v.column
			left = append(left, v)
		default: // two values under one column
			left = append(left, v)
		}
	}
	slices.Reverse(left)
	at := 0
	var b strings.Builder
	for i, text := range shown {
		if text == "" {
			continue
		}
		b.WriteString(strings.Repeat(" ", max(0, values[i].column-at)) + text)
		at = max(at, values[i].column) + widthOf(text)
	}
	return b.String(), left
}

// collapse is a text in one line, with one space where there is more white
// space, and for each of its characters the column in that line.
func collapse(text string) (line string, columns []int) {
	var out []rune
	column := 0
	for _, r := range text {
		columns = append(columns, column)
		space := unicode.IsSpace(r)
		if space && (len(out) == 0 || out[len(out)-1] == ' ') {
			continue
		}
		if space || !unicode.IsPrint(r) {
			r = ' '
		}
		out = append(out, r)
		column += runeWidth(r)
	}
	return string(out), columns
}

// widthOf is how many columns of a terminal a text takes.
func widthOf(text string) (columns int) {
	for _, r := range text {
		columns += runeWidth(r)
	}
	return columns
}

// wide are the characters that take two columns: those of East Asia, and pictures.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1}, {Lo: 0x3041, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, {Lo: 0xf900, Hi: 0xfaff, Stride: 1}, {Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff00, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, {Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1}, {Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1},
		{Lo: 0x1fa70, Hi: 0x1faff, Stride: 1}, {Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

func oneLine(text string) string {
	line, _ := collapse(text)
	return line
}
