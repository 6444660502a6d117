package targets_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/targets"
	"github.com/wye-events/wye/targets/targettest"
)

// lasting are answers after which the connection is used again.
var lasting = map[string]string{
	"nothing":              ok,
	"no content":           "HTTP/1.1 204 No Content\r\n\r\n",
	"no words":             "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
	"bare line feeds":      "HTTP/1.1 200 OK\ncontent-length:0\n\r\n",
	"a body":               "HTTP/1.1 201 Created\r\nCONTENT-LENGTH: \t6 \r\n\r\nbody\r\n",
	"a long line":          "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 20<<10) + "\r\nContent-Length: 2\r\n\r\n\r\n",
	"chunks":               "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
	"trailers":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n",
	"continue":             "HTTP/1.1 100 Continue\r\n\r\n" + ok,
	"hints and processing": "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 9) + ok,
	"an old one that says": "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\n\r\n",
}

// ending are good answers after which it is not, though the receiver keeps it.
var ending = map[string]string{
	"close":                    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	"close among others":       "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n",
	"an old one":               "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n\r\n",
	"no content with a length": "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
	"no content in chunks":     "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
	"a second answer":          ok + "HTTP/1.1 500 Not Asked\r\nContent-Length: 0\r\n\r\n",
	"a large body":             "HTTP/1.1 200 OK\r\nContent-Length: 65540\r\n\r\n" + strings.Repeat("x", 65538) + "\r\n",
}

// faulty are answers that mean nothing, or two things.
var faulty = map[string]struct{ answer, want string }{
	"another protocol":    {"220 mail.example.com ESMTP\r\n", "is not HTTP"},
	"another version":     {"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "is not HTTP"},
	"a short status":      {"HTTP/1.1 20\r\n\r\n", "is not HTTP"},
	"a long status":       {"HTTP/1.1 2000\r\n\r\n", "is not HTTP"},
	"a word for a status": {"HTTP/1.1 +20 OK\r\n\r\n", "is not HTTP"},
	"a folded line":       {"HTTP/1.1 200 OK\r\nX: a\r\n b: c\r\nContent-Length: 0\r\n\r\n", "not valid HTTP"},
	"a space in a name":   {"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n", "not valid HTTP"},
	"no colon":            {"HTTP/1.1 200 OK\r\nContent-Length 0\r\n\r\n", "not valid HTTP"},
	"no name":             {"HTTP/1.1 200 OK\r\n: 0\r\n\r\n", "not valid HTTP"},
	"a zero byte":         {"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n", "not valid HTTP"},
	"a carriage return":   {"HTTP/1.1 200 OK\r\nX: a\rContent-Length: 9\r\nContent-Length: 0\r\n\r\n", "not valid HTTP"},
	"lengths that differ": {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 2\r\n\r\n\r\n", "its length twice"},
	"the same length":     {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\ncontent-length: 0\r\n\r\n", "its length twice"},
	"a list of lengths":   {"HTTP/1.1 200 OK\r\nContent-Length: 0, 0\r\n\r\n", "not a number"},
	"a signed length":     {"HTTP/1.1 200 OK\r\nContent-Length: +0\r\n\r\n", "not a number"},
	"an empty length":     {"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "not a number"},
	"a vast length":       {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "not a number"},
	"length and chunks":   {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "its length twice"},
	"a coding":            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "not asked for"},
	"chunks twice":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "not asked for"},
	"a bad chunk":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", "chunks are not valid"},
	"a long chunk":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", "chunks are not valid"},
	"a bad trailer":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno trailer\r\n\r\n", "not valid HTTP"},
	"many lines":          {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("x", 95)+"\r\n", 700) + "\r\n", "larger than 64 KiB"},
	"many hints":          {strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 3000) + ok, "larger than 64 KiB"},
	"many trailers":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("X: "+strings.Repeat("x", 95)+"\r\n", 700) + "\r\n", "larger than 64 KiB"},
	"broken off":          {"HTTP/1.1 200 OK\r\nContent-", "closed before the answer was complete"},
	"hints and no more":   {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP", "closed before the answer was complete"},
	"a broken chunk":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "closed before the answer was complete"},
	"no end of chunks":    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y", "closed before the answer was complete"},
}

func TestGoodAnswers(t *testing.T) {
	for want, answers := range map[int64]map[string]string{1: lasting, 3: ending} {
		for name, text := range answers {
			t.Run(name, func(t *testing.T) {
				r := raw(t, func(int) string { return text })
				to := target(t, targets.HTTPConfig{URL: r.url})
				for range 3 {
					if err := deliver(t, to); err != nil {
						t.Fatal(err)
					}
				}
				if n := r.opened.Load(); n != want {
					t.Errorf("%d connections for 3 deliveries, want %d", n, want)
				}
			})
		}
	}
}

func TestFaultyAnswers(t *testing.T) {
	for name, c := range faulty {
		t.Run(name, func(t *testing.T) {
			r := raw(t, func(int) string { return c.answer })
			to := target(t, targets.HTTPConfig{URL: r.url})
			for range 2 {
				err := deliver(t, to)
				wantText(t, err, c.want)
				targettest.CheckError(t, err)
				if got := effectOf(err); got != (effect{}) {
					t.Errorf("not an ordinary failure: %+v", got)
				}
			}
			if n := r.opened.Load(); n != 2 {
				t.Errorf("%d connections for 2 deliveries", n)
			}
		})
	}
}

// TestSlowAnswers sends answers a byte at a time.
func TestSlowAnswers(t *testing.T) {
	for name, text := range lasting {
		if len(text) > 1<<10 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			r := raw(t, func(int) string { return text }, bytewise)
			to := target(t, targets.HTTPConfig{URL: r.url})
			for range 2 {
				if err := deliver(t, to); err != nil {
					t.Fatal(err)
				}
			}
			if n := r.opened.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// TestEndlessLine is read as far as headers may go.
func TestEndlessLine(t *testing.T) {
	url, _ := listen(t, func(_ int64, c net.Conn, in *bufio.Reader) {
		take(in)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nX: ")
		for err := error(nil); err == nil; {
			_, err = io.WriteString(c, strings.Repeat("x", 16<<10))
		}
	})
	wantText(t, atOnceTo(t, target(t, targets.HTTPConfig{URL: url, Timeout: time.Minute}), sample()), "larger than 64 KiB")
}

// TestRestOfBody is still to come when enough of it was read, and would be
// taken for the next answer.
func TestRestOfBody(t *testing.T) {
	for status, isGood := range map[string]bool{"200": true, "400": false} {
		done := make(chan struct{})
		url, opened := listen(t, func(_ int64, c net.Conn, in *bufio.Reader) {
			take(in)
			io.WriteString(c, "HTTP/1.1 "+status+" X\r\nContent-Length: 65537\r\n\r\n"+strings.Repeat("x", 64<<10))
			<-done
		})
		to := target(t, targets.HTTPConfig{URL: url, Timeout: time.Minute})
		for range 2 {
			if err := atOnceTo(t, to, sample()); (err == nil) != isGood {
				t.Errorf("%s: %v", status, err)
			}
		}
		close(done)
		if n := opened.Load(); n != 2 {
			t.Errorf("%s: %d connections", status, n)
		}
	}
}

// TestAnswerToTheEnd has a body that ends with its connection.
func TestAnswerToTheEnd(t *testing.T) {
	for _, version := range []string{"1.0", "1.1"} {
		r := raw(t, func(int) string { return "HTTP/" + version + " 422 No\r\n\r\nbecause" })
		to := target(t, targets.HTTPConfig{URL: r.url})
		for range 2 {
			a := targets.AnswerOf(deliver(t, to))
			if a == nil || a.Status != 422 || a.Excerpt != "because" {
				t.Errorf("HTTP/%s: %+v", version, a)
			}
		}
	}
}
