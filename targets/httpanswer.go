package targets

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
)

// faultyAnswer says why an answer cannot be read. What follows it on its
// connection cannot either.
type faultyAnswer string

func (e faultyAnswer) Error() string { return string(e) }

const (
	notHTTP     faultyAnswer = "the answer is not HTTP; correct the URL's host or port"
	longHead    faultyAnswer = "the answer's headers are larger than 64 KiB"
	badLine     faultyAnswer = "the answer has a header line that is not valid HTTP; look at the receiver, or at a proxy before it"
	badLength   faultyAnswer = "the answer has a Content-Length that is not a number; look at the receiver, or at a proxy before it"
	twoLengths  faultyAnswer = "the answer says its length twice; look at the receiver, or at a proxy before it"
	badTransfer faultyAnswer = "the answer has a Transfer-Encoding that was not asked for; look at the receiver, or at a proxy before it"
	badChunk    faultyAnswer = "the answer's chunks are not valid HTTP; look at the receiver, or at a proxy before it"
)

const (
	maxHead      = maxAnswer // bytes
	statusLength = len("HTTP/1.1 200")
	unknownEnd   = -1 // the length of a body that ends with its connection, or in chunks
)

// answerHead is what matters of an answer before its body.
type answerHead struct {
	status     int
	length     int64 // of the body, or unknownEnd
	chunked    bool
	closing    bool // the connection ends after this, as it says
	staying    bool // it does not, as it says
	lasting    bool // what follows from both
	retryAfter string
	location   string
}

// lineReader reads the lines of a head, and counts them against its limit.
type lineReader struct {
	in   *bufio.Reader
	left int
}

// next is one line without its end, good until the next call.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		line, err = l.long(bytes.Clone(line))
	}
	if l.left -= len(line); l.left < 0 {
		return nil, longHead
	}
	if err != nil {
		return line, err
	}
	line = line[:len(line)-1]
	return bytes.TrimSuffix(line, []byte("\r")), nil
}

// long goes on with a line that is larger than the reader's buffer.
func (l *lineReader) long(line []byte) ([]byte, error) {
	for {
		more, err := l.in.ReadSlice('\n')
		line = append(line, more...)
		if err != bufio.ErrBufferFull || len(line) > l.left {
			return line, err
		}
	}
}

// readAnswerHead reads the head of the last answer, after those that only say
// that there will be one. The error is io.EOF where there was not a byte.
//
// It is stricter than a browser: what two readers could understand in two ways
// (RFC 9112 sections 5.2, 6.3) is no answer, for the event would count as
// delivered by one of them.
func readAnswerHead(in *bufio.Reader) (*answerHead, error) {
	if _, err := in.Peek(1); err != nil {
		return nil, err
	}
	lines := lineReader{in, maxHead}
	for {
		h, err := readOneHead(&lines)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		if h.status/100 != 1 || h.status == http.StatusSwitchingProtocols {
			return h, nil
		}
	}
}

func readOneHead(lines *lineReader) (*answerHead, error) {
	line, err := lines.next()
	if err != nil {
		return nil, err
	}
	h := &answerHead{length: unknownEnd}
	if !h.setStatus(line) {
		return nil, notHTTP
	}
	old := line[len("HTTP/1.")] == '0'
	for {
		line, err := lines.next()
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			return h, h.settle(old)
		}
		if err := h.setField(line); err != nil {
			return nil, err
		}
	}
}

// setStatus reads "HTTP/1.1 200 OK"; the words are free and may be missing.
func (h *answerHead) setStatus(line []byte) bool {
	if len(line) < statusLength || string(line[:7]) != "HTTP/1." || line[7] != '0' && line[7] != '1' || line[8] != ' ' {
		return false
	}
	for _, c := range line[9:statusLength] {
		if c < '0' || '9' < c {
			return false
		}
		h.status = h.status*10 + int(c-'0')
	}
	return len(line) == statusLength || line[statusLength] == ' '
}

// settle decides what the fields mean together.
func (h *answerHead) settle(old bool) error {
	h.lasting = !h.closing && (h.staying || !old)
	if h.chunked && h.length != unknownEnd {
		return twoLengths
	}
	if old && h.chunked {
		// HTTP/1.0 knows no chunks: whoever wrote this, the end is the connection's.
		h.chunked, h.lasting = false, false
	}
	if h.status/100 == 1 || h.status == http.StatusNoContent || h.status == http.StatusNotModified {
		// These have no body, whatever they say; one that says that it has may
		// send it nevertheless, so nothing else can follow.
		h.lasting = h.lasting && !h.chunked && h.length <= 0 && h.status != http.StatusSwitchingProtocols
		h.chunked, h.length = false, 0
	}
	if h.length == unknownEnd && !h.chunked {
		h.lasting = false
	}
	return nil
}
