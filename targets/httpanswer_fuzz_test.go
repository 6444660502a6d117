package targets

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzAnswer compares with net/http: what Wye takes for an answer, net/http
// takes for the same answer, with the same body and the same end.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodyHTTP/1.1 200 OK\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\nrest",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.0 429 Slow\nRetry-After: 7\nConnection: keep-alive\n\nto the end",
		"HTTP/1.1 302 \r\nLocation: http://x/\r\nConnection: close, x\r\ncontent-length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length : 1\r\n\r\n", "220 smtp\r\n", "HTTP/1.1 101 Up\r\n\r\n",
		"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nRetry-After: 2\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ours, err := readOurs(bytes.NewReader(data))
		slow, slowErr := readOurs(iotest.OneByteReader(bytes.NewReader(data)))
		if (err == nil) != (slowErr == nil) || err == nil && ours != slow {
			t.Errorf("at once %+v, %v\nbyte by byte %+v, %v", ours, err, slow, slowErr)
		}
		var faulty faultyAnswer
		switch {
		case err == nil:
			theirs, err := readTheirs(data)
			if (err != nil || ours != theirs) && !aboutTrailers(err) {
				t.Errorf("ours   %+v\ntheirs %+v, %v", ours, theirs, err)
			}
		case err != io.EOF && err != io.ErrUnexpectedEOF && !errors.As(err, &faulty):
			t.Errorf("an error without a meaning: %v", err)
		}
	})
}

// aboutTrailers is where net/http is stricter: it wants carriage returns there,
// and trailers that fit its buffer.
func aboutTrailers(err error) bool { return err != nil && strings.Contains(err.Error(), "trailer") }

// wholeAnswer is what two readers must agree about.
type wholeAnswer struct {
	status               int
	retryAfter, location string
	body                 string
	rest                 string // what follows, where the connection lasts
}

func readOurs(r io.Reader) (a wholeAnswer, err error) {
	in := bufio.NewReaderSize(r, answerBuffer)
	h, err := readAnswerHead(in)
	if err != nil {
		return a, err
	}
	body, err := io.ReadAll(newAnswerBody(h, in))
	if err != nil {
		return a, err
	}
	a = wholeAnswer{status: h.status, retryAfter: h.retryAfter, location: h.location, body: string(body)}
	if h.lasting {
		rest, _ := io.ReadAll(in)
		a.rest = string(rest)
	}
	return a, nil
}

func readTheirs(data []byte) (a wholeAnswer, err error) {
	in := bufio.NewReaderSize(bytes.NewReader(data), 64<<10)
	response, err := http.ReadResponse(in, &http.Request{Method: http.MethodPost})
	for err == nil && response.StatusCode/100 == 1 && response.StatusCode != 101 {
		response, err = http.ReadResponse(in, &http.Request{Method: http.MethodPost})
	}
	if err != nil {
		return a, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return a, err
	}
	a = wholeAnswer{
		status: response.StatusCode, body: string(body),
		retryAfter: firstOf(response.Header["Retry-After"]), location: firstOf(response.Header["Location"]),
	}
	if !response.Close && response.StatusCode != 101 {
		rest, _ := io.ReadAll(in)
		a.rest = string(rest)
	}
	return a, nil
}

// firstOf is the first that says anything.
func firstOf(values []string) string {
	for _, v := range values {
		if v = textproto.TrimString(v); v != "" {
			return v
		}
	}
	return ""
}

// TestEndOfConnection is the end of a body that says no other: the connection
// is then not kept, also where nobody can look whether it was closed.
func TestEndOfConnection(t *testing.T) {
	h, err := readAnswerHead(bufio.NewReader(strings.NewReader("HTTP/1.1 200 OK\r\n\r\nbody")))
	if err != nil || h.lasting || h.length != unknownEnd {
		t.Errorf("%+v, %v", h, err)
	}
}

// BenchmarkAnswerHead beside what it stands for.
func BenchmarkAnswerHead(b *testing.B) {
	const answer = "HTTP/1.1 202 Accepted\r\nDate: Sat, 01 Aug 2026 12:00:00 GMT\r\nServer: x\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"
	r := strings.NewReader("")
	in := bufio.NewReaderSize(r, answerBuffer)
	for name, read := range map[string]func() error{
		"own":      func() error { _, err := readAnswerHead(in); return err },
		"net-http": func() error { _, err := http.ReadResponse(in, nil); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Reset(answer)
				in.Reset(r)
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
