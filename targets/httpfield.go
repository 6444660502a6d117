package targets

import (
	"bytes"
	"net/textproto"
	"strconv"
)

// The fields that matter, by their canonical names.
var (
	fieldConnection = []byte("Connection")
	fieldLength     = []byte("Content-Length")
	fieldTransfer   = []byte("Transfer-Encoding")
	fieldRetryAfter = []byte("Retry-After")
	fieldLocation   = []byte("Location")
)

// setField takes in one line of a head.
func (h *answerHead) setField(line []byte) error {
	name, value, err := cutField(line)
	if err != nil {
		return err
	}
	switch len(name) {
	case len("Connection"):
		if bytes.EqualFold(name, fieldConnection) {
			h.setConnection(value)
		}
	case len("Content-Length"):
		if bytes.EqualFold(name, fieldLength) {
			return h.setLength(value)
		}
	case len("Transfer-Encoding"):
		if bytes.EqualFold(name, fieldTransfer) {
			return h.setTransfer(value)
		}
	case len("Retry-After"):
		if bytes.EqualFold(name, fieldRetryAfter) && h.retryAfter == "" {
			h.retryAfter = string(value)
		}
	case len("Location"):
		if bytes.EqualFold(name, fieldLocation) && h.location == "" {
			h.location = string(value)
		}
	}
	return nil
}

// cutField refuses what is no field: a line without a colon, one that goes on
// with the line before it, a name with a space, a value with a control
// character.
func cutField(line []byte) (name, value []byte, err error) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 {
		return nil, nil, badLine
	}
	for _, c := range name {
		if !tokenByte[c] {
			return nil, nil, badLine
		}
	}
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return nil, nil, badLine
		}
	}
	return name, textproto.TrimBytes(value), nil
}

var tokenByte = func() (set [256]bool) {
	for c := range set {
		set[c] = c < 0x80 && !notInToken(rune(c))
	}
	return set
}()

func (h *answerHead) setConnection(value []byte) {
	for token := range bytes.SplitSeq(value, []byte(",")) {
		switch token = textproto.TrimBytes(token); {
		case bytes.EqualFold(token, []byte("close")):
			h.closing = true
		case bytes.EqualFold(token, []byte("keep-alive")):
			h.staying = true
		}
	}
}

func (h *answerHead) setLength(value []byte) error {
	if h.length != unknownEnd {
		return twoLengths
	}
	for _, c := range value {
		if c < '0' || '9' < c {
			return badLength
		}
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return badLength
	}
	h.length = n
	return nil
}

func (h *answerHead) setTransfer(value []byte) error {
	if h.chunked || !bytes.EqualFold(value, []byte("chunked")) {
		return badTransfer
	}
	h.chunked = true
	return nil
}
