package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

func TestAnEventIsAProperRequest(t *testing.T) {
	event := NewEvent("127.0.0.1:1", "com.example.bench.r0", 512)
	event.Numbered(1, 1)
	raw := event.Numbered(42, 1_700_000_000_000_000_007)

	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	number, nanos, ok := ParseID([]byte(r.Header.Get("ce-id")))
	if !ok || number != 42 || nanos != 1_700_000_000_000_000_007 {
		t.Errorf("id is %q", r.Header.Get("ce-id"))
	}
	if got := r.Header.Get("ce-type"); got != "com.example.bench.r0" {
		t.Errorf("type is %q", got)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) != 512 || !json.Valid(body) {
		t.Errorf("body of %d bytes, valid %v, error %v", len(body), json.Valid(body), err)
	}
}

func TestIDsThatAreNotOurs(t *testing.T) {
	for _, id := range []string{"", "1", strings.Repeat("0", idLength), strings.Repeat("-", idLength),
		strings.Repeat("0", numberDigits) + "-" + strings.Repeat("x", timeDigits)} {
		if _, _, ok := ParseID([]byte(id)); ok {
			t.Errorf("%q is taken for an id", id)
		}
	}
}

// messages are three in a row, the last one longer than the buffer.
var messages = "HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\nX: y\r\n\r\nhello" +
	"HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n" +
	"POST / HTTP/1.1\r\nCE-ID:  7 \r\ncontent-length: 9000\r\n\r\n" + strings.Repeat("x", 9000)

func TestReaderTakesMessagesApart(t *testing.T) {
	for name, from := range map[string]io.Reader{
		"at once":       strings.NewReader(messages),
		"byte by byte":  iotest.OneByteReader(strings.NewReader(messages)),
		"half by half":  iotest.HalfReader(strings.NewReader(messages)),
		"EOF with data": iotest.DataErrReader(strings.NewReader(messages)),
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(from)
			for _, want := range []struct {
				status int
				id     string
			}{{202, ""}, {204, ""}, {0, "7"}} {
				head, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				if head.Status() != want.status || string(head.Get("ce-id")) != want.id {
					t.Errorf("status %d, id %q; want %+v", head.Status(), head.Get("ce-id"), want)
				}
			}
			if _, err := r.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("after the last message: %v", err)
			}
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"no length":       {"POST / HTTP/1.1\r\n\r\n", errNoLength},
		"chunks":          {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", errNoLength},
		"negative length": {"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", errNoLength},
		"long body":       {"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", errTooLong},
		"long head":       {"POST / HTTP/1.1\r\n" + strings.Repeat("x", maxMessage+1), errTooLong},
		"cut head":        {"POST / HTTP/1.1\r\n", io.ErrUnexpectedEOF},
		"cut body":        {"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nxx", io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewReader(strings.NewReader(c.text)).Next(); !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
		})
	}
}

func TestAnEventThatChanges(t *testing.T) {
	event := NewChangingEvent("127.0.0.1:1", 512)
	event.About(999, 123_456)
	event.About(42, 7)
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(event.Numbered(1, 1))))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("ce-type"); got != Type(42) || got != "com.example.bench.t0042" {
		t.Errorf("type is %q", got)
	}
	if got := r.Header.Get("ce-subject"); got != Key(7) || got != "k000007" {
		t.Errorf("subject is %q", got)
	}
	if id := r.Header.Get("ce-id"); id != ID(1, 1) {
		t.Errorf("id is %q", id)
	}
}

func TestIDsOfABatch(t *testing.T) {
	var got []string
	batch := `[{"id":"` + ID(1, 2) + `","data":{"id":"4711"}},{"id":"cut`
	EachID([]byte(batch), func(id []byte) { got = append(got, string(id)) })
	if len(got) != 1 || got[0] != ID(1, 2) {
		t.Errorf("ids are %q, want the one of ours", got)
	}
}

func TestReaderGivesBodies(t *testing.T) {
	r := NewReader(iotest.OneByteReader(strings.NewReader(messages)))
	for _, want := range []string{"hello", "", strings.Repeat("x", 9000)} {
		_, body, err := r.NextWithBody()
		if err != nil || string(body) != want {
			t.Errorf("body of %d bytes, want %d; error %v", len(body), len(want), err)
		}
	}
}
