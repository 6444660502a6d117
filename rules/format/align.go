package format

import (
	"strings"
	"unicode/utf8"
)

// maxShift is by how many columns a column of comments is moved to the right at
// most for one of the lines before it. A longer line has its comment right behind
// it.
const maxShift = 8

// column is a column of comments: those that stood in it, in one part of the file.
type column struct {
	part, at int
	inBlock  bool
}

// extent is how far the lines of a column reach, and how near they were to it.
type extent struct{ end, gap int }

// align puts the comments behind their lines, and the lines together. The
// comments of a column stay one, as far behind the longest of their lines as they
// were.
func align(lines []line) string {
	columns := map[column]extent{}
	for _, l := range lines {
		c := l.column()
		if c.at == 0 || !l.fits() {
			continue
		}
		e, ok := columns[c]
		if !ok {
			e.gap = l.comment.gap
		}
		columns[c] = extent{max(e.end, l.end()), max(1, min(e.gap, l.comment.gap))}
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.text)
		if l.comment != nil {
			gap := 1
			switch e, ok := columns[l.column()]; {
			case !ok: // nowhere, or too far from it all alone
				gap = max(1, l.comment.gap)
			case l.fits():
				gap = e.end + e.gap - l.end()
			}
			b.WriteString(strings.Repeat(" ", gap))
			b.WriteString(l.comment.text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// fits tells whether the line is not too long for the column of its comment.
func (l line) fits() bool { return l.end()+1 < l.comment.column+maxShift }

// end is how many characters the line has without its comment.
func (l line) end() int { return utf8.RuneCountInString(l.text) }

// column is where the comment of the line stood, 0 where there is none or it stood
// nowhere in particular.
func (l line) column() column {
	if l.comment == nil {
		return column{}
	}
	return column{l.part, l.comment.column, l.inBlock}
}
