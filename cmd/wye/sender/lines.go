package sender

import (
	"io"
	"sort"
)

// lineCounter passes bytes on and remembers where lines began, so that an
// offset can be told as a line and a column.
type lineCounter struct {
	r    io.Reader
	read int64

	line   int     // number of the line that start is in
	start  int64   // offset of a line's first byte
	breaks []int64 // offsets of the line breaks after start
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.breaks = append(l.breaks, l.read+int64(i))
		}
	}
	l.read += int64(n)
	return n, err
}

// at is the place of a byte, counted from 1. The column is in bytes.
func (l *lineCounter) at(offset int64) (line, column int) {
	n := l.before(offset)
	start := l.start
	if n > 0 {
		start = l.breaks[n-1] + 1
	}
	return l.line + n, int(offset-start) + 1
}

// forget drops what is known of lines before the offset's, which keeps the
// counter of an endless stream small.
func (l *lineCounter) forget(offset int64) {
	n := l.before(offset)
	if n == 0 {
		return
	}
	l.line += n
	l.start = l.breaks[n-1] + 1
	l.breaks = append(l.breaks[:0], l.breaks[n:]...)
}

// before counts the known line breaks before the offset.
func (l *lineCounter) before(offset int64) int {
	return sort.Search(len(l.breaks), func(i int) bool { return l.breaks[i] >= offset })
}
