package targets

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
)

// receive takes the answer in, and says whether another can follow.
func (t *httpTarget) receive(a *attempt, c *conn) (r *reply, lasting bool, err error) {
	h, err := readAnswerHead(c.in)
	if err != nil {
		return nil, false, err
	}
	a.phase = readingBody
	r = &reply{status: h.status, verdict: t.cfg.Statuses.Of(h.status)}
	if r.verdict != Accepted {
		r.retryAfter, r.location = h.retryAfter, h.location
	}
	if h.status == http.StatusSwitchingProtocols || h.length == 0 {
		return r, h.lasting, nil
	}
	body := newAnswerBody(h, c.in)
	if err := t.takeIn(r, body); err != nil {
		return nil, false, err
	}
	return r, h.lasting && body.whole, nil
}

// answerBody reads the body of an answer to where its head says that it ends.
// An end before that is io.ErrUnexpectedEOF.
type answerBody struct {
	in     *bufio.Reader
	chunks io.Reader // nil but for chunks
	left   int64     // or unknownEnd
	whole  bool      // the end was reached
}

func newAnswerBody(h *answerHead, in *bufio.Reader) *answerBody {
	b := &answerBody{in: in, left: h.length, whole: h.length == 0}
	if h.chunked {
		b.chunks = httputil.NewChunkedReader(in)
	}
	return b
}

func (b *answerBody) Read(p []byte) (int, error) {
	switch {
	case b.whole:
		return 0, io.EOF
	case b.chunks != nil:
		return b.readChunks(p)
	case b.left == unknownEnd:
		n, err := b.in.Read(p)
		b.whole = err == io.EOF
		return n, err
	}
	return b.readCounted(p)
}

func (b *answerBody) readCounted(p []byte) (int, error) {
	n, err := b.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	b.whole = b.left == 0
	if err == io.EOF && !b.whole {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *answerBody) readChunks(p []byte) (int, error) {
	n, err := b.chunks.Read(p)
	if err == io.EOF {
		if err = b.skipTrailers(); err == nil {
			b.whole = true
			err = io.EOF
		}
	}
	return n, chunkFault(err)
}

// skipTrailers reads the fields after the last chunk, and the line that ends
// them: only then can the connection be used again.
func (b *answerBody) skipTrailers() error {
	lines := lineReader{b.in, maxHead}
	for {
		line, err := lines.next()
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil || len(line) == 0 {
			return err
		}
		if _, _, err := cutField(line); err != nil {
			return err
		}
	}
}

// chunkFault gives the library's own errors, which have only texts, a meaning.
func chunkFault(err error) error {
	var network net.Error
	var faulty faultyAnswer
	if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF || errors.As(err, &network) || errors.As(err, &faulty) {
		return err
	}
	return badChunk
}
