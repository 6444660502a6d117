package wire

import (
	"bytes"
	"errors"
	"io"
	"strconv"
)

// maxMessage is more than any message of a benchmark needs.
const maxMessage = 4 << 20

var (
	errTooLong  = errors.New("message too long")
	errNoLength = errors.New("a message without Content-Length")
	blankLine   = []byte("\r\n\r\n")
)

// Reader takes the messages of a connection one after another.
type Reader struct {
	from       io.Reader
	buffer     []byte
	start, end int // of what is read and not yet taken
}

// NewReader reads from a connection.
func NewReader(from io.Reader) *Reader {
	return &Reader{from: from, buffer: make([]byte, 4<<10)}
}

// Next is the head of the next message, whose body it skips. The head is valid
// until the next call. The error is io.EOF between two messages.
func (r *Reader) Next() (Head, error) {
	head, _, err := r.NextWithBody()
	return head, err
}

// NextWithBody is [Reader.Next] for who wants the body too. It is valid until
// the next call.
func (r *Reader) NextWithBody() (Head, []byte, error) {
	length, err := r.findHead()
	if err != nil {
		return nil, nil, err
	}
	body, err := Head(r.buffer[r.start : r.start+length]).bodyLength()
	if err != nil {
		return nil, nil, err
	}
	for r.end-r.start < length+body {
		if err := r.fill(); err != nil {
			return nil, nil, noEOF(err)
		}
	}
	message := r.buffer[r.start : r.start+length+body]
	r.start += length + body
	return Head(message[:length]), message[length:], nil
}

// findHead reads until a whole head is in the buffer, and gives its length.
func (r *Reader) findHead() (int, error) {
	searched := 0
	for {
		if i := bytes.Index(r.buffer[r.start+searched:r.end], blankLine); i >= 0 {
			return searched + i + len(blankLine), nil
		}
		searched = max(0, r.end-r.start-len(blankLine)+1)
		if err := r.fill(); err != nil {
			if r.end > r.start {
				err = noEOF(err)
			}
			return 0, err
		}
	}
}

func (r *Reader) fill() error {
	r.makeRoom()
	if r.end == len(r.buffer) {
		return errTooLong
	}
	n, err := r.from.Read(r.buffer[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	return err
}

// makeRoom moves what is not yet taken to the front, and grows the buffer where
// that does not help.
func (r *Reader) makeRoom() {
	if r.start == r.end {
		r.start, r.end = 0, 0
	}
	if r.end < len(r.buffer) {
		return
	}
	if r.start == 0 && len(r.buffer) < maxMessage {
		r.buffer = append(r.buffer, make([]byte, len(r.buffer))...)
	}
	r.end = copy(r.buffer, r.buffer[r.start:r.end])
	r.start = 0
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Head is the first line and the headers of a message, with the blank line.
type Head []byte

// Status is the status code of an answer, and 0 for anything else.
func (h Head) Status() int {
	const prefix = "HTTP/1.1 "
	if len(h) < len(prefix)+3 || string(h[:len(prefix)]) != prefix {
		return 0
	}
	code, err := strconv.Atoi(string(h[len(prefix) : len(prefix)+3]))
	if err != nil {
		return 0
	}
	return code
}

// Get is the value of a header, named in lower case.
func (h Head) Get(name string) []byte {
	for rest := []byte(h); ; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 || end+1 == len(rest) {
			return nil
		}
		rest = rest[end+1:]
		if named(rest, name) {
			value, _, _ := bytes.Cut(rest[len(name)+1:], []byte("\r\n"))
			return bytes.TrimSpace(value)
		}
	}
}

// named is true for a line that starts with the name of a header and a colon.
func named(line []byte, name string) bool {
	if len(line) <= len(name) || line[len(name)] != ':' {
		return false
	}
	for i := range len(name) {
		c := line[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

func (h Head) bodyLength() (int, error) {
	value := h.Get("content-length")
	if value == nil {
		if status := h.Status(); status == 204 || status == 304 {
			return 0, nil
		}
		return 0, errNoLength
	}
	n, err := strconv.Atoi(string(value))
	if err != nil || n < 0 {
		return 0, errNoLength
	}
	if n > maxMessage {
		return 0, errTooLong
	}
	return n, nil
}
