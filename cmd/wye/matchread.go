package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// longestLine bounds an event that is read. It is the most that a server
	// can be told to take (--max-event).
	longestLine = 8 << 20
	// partSize is how much is read and handed to a worker at once.
	partSize = 256 << 10
	// keepRoom is the largest memory that is used again: one long line should
	// not make every part as large as itself.
	keepRoom = 1 << 20
)

// inputPart is some whole lines of the input, in memory of its own.
type inputPart struct {
	first int // the number of its first line
	lines []inputLine
	end   int64 // how many bytes were read up to here
	room  []byte

	turn <-chan struct{} // closed when all parts before it are done
	done chan struct{}   // closed when it is done itself
}

// inputLine is a line that is not blank; why says what keeps it from being read
// as an event.
type inputLine struct {
	text []byte
	why  string
}

// lineReader reads lines a part at a time. It gives what there is and does not
// wait until a part is full, so that a pipe's lines come through as they are
// written.
type lineReader struct {
	from   io.Reader
	rest   []byte // the beginning of a line
	number int    // of lines that were not blank
	read   int64
}

// next fills the part. At the end of the input its error is io.EOF; also then,
// and with any other error, the part may have lines.
func (l *lineReader) next(p *inputPart) error {
	p.first, p.lines = l.number+1, p.lines[:0]
	if cap(p.room) < partSize || cap(p.room) > keepRoom {
		p.room = make([]byte, 0, partSize)
	}
	p.room = append(p.room[:0], l.rest...)
	l.rest = l.rest[:0]
	err := l.fill(p)
	p.end, l.number = l.read, l.number+len(p.lines)
	return err
}

func (l *lineReader) fill(p *inputPart) error {
	for {
		seen := len(p.room)
		if err := l.more(p); err != nil {
			p.split(p.room) // the last line may lack its end
			return err
		}
		if at := bytes.LastIndexByte(p.room[seen:], '\n'); at >= 0 {
			whole := seen + at + 1
			l.rest = append(l.rest, p.room[whole:]...)
			p.split(p.room[:whole])
			return nil
		}
		if len(p.room) > longestLine {
			return l.pass(p)
		}
	}
}

// more reads once, and makes room for that.
func (l *lineReader) more(p *inputPart) error {
	if len(p.room) == cap(p.room) {
		larger := make([]byte, len(p.room), min(2*cap(p.room), longestLine+partSize))
		copy(larger, p.room)
		p.room = larger
	}
	n, err := l.from.Read(p.room[len(p.room):cap(p.room)])
	p.room = p.room[:len(p.room)+n]
	l.read += int64(n)
	return err
}

// pass reads over the rest of a line that is too long, and gives the line
// without its text.
func (l *lineReader) pass(p *inputPart) error {
	length := len(p.room)
	for {
		p.room = p.room[:0]
		err := l.more(p)
		at := bytes.IndexByte(p.room, '\n')
		if at < 0 && err == nil {
			length += len(p.room)
			continue
		}
		if at >= 0 {
			length += at
			l.rest = append(l.rest, p.room[at+1:]...)
		} else {
			length += len(p.room)
		}
		p.lines = append(p.lines, inputLine{why: tooLong(length)})
		return l.restIsLine(p, err)
	}
}

// restIsLine deals with lines that came with the end of one that was too long:
// they belong to this part, so that the next one begins with less than a line.
func (l *lineReader) restIsLine(p *inputPart, err error) error {
	at := bytes.LastIndexByte(l.rest, '\n') + 1
	if err != nil {
		at = len(l.rest)
	}
	p.room = append(p.room[:0], l.rest[:at]...)
	l.rest = append(l.rest[:0], l.rest[at:]...)
	p.split(p.room)
	return err
}

func tooLong(length int) string {
	return fmt.Sprintf("the line has %s bytes; an event has at most %s (8 MiB)", grouped(length), grouped(longestLine))
}

// split finds the lines that are not blank.
func (p *inputPart) split(text []byte) {
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte{'\n'})
		switch {
		case len(line) > longestLine:
			p.lines = append(p.lines, inputLine{why: tooLong(len(line))})
		case !blank(line):
			p.lines = append(p.lines, inputLine{text: line})
		}
	}
}

func blank(line []byte) bool {
	return len(line) == 0 || line[0] <= ' ' && len(bytes.Trim(line, " \t\r")) == 0
}

// ended tells the end of the input from a failure to read it.
func ended(err error) bool { return errors.Is(err, io.EOF) }
