package targets_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// rawServer is a receiver below HTTP: it sees the bytes of requests, and says
// what no HTTP server says.
type rawServer struct {
	url      string
	opened   atomic.Int64 // connections
	requests atomic.Int64
	heads    chan string // of the requests, as they came
}

// raw answers the n-th request, from 1, with the text that reply gives, and
// closes the connection after a text that does not end a line. It writes with
// the given function, if any.
func raw(t testing.TB, reply func(n int) string, write ...func(net.Conn, string) error) *rawServer {
	write = append(write, atOnce)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return rawOn(t, l, reply, write[0])
}

// raw6 is raw over IPv6, where there is any.
func raw6(t testing.TB, reply func(n int) string) *rawServer {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here")
	}
	return rawOn(t, l, reply, atOnce)
}

func rawOn(t testing.TB, l net.Listener, reply func(n int) string, write func(net.Conn, string) error) *rawServer {
	t.Cleanup(func() { l.Close() })
	r := &rawServer{url: "http://" + l.Addr().String() + "/orders", heads: make(chan string, 64)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			r.opened.Add(1)
			go r.talk(c, reply, write)
		}
	}()
	return r
}

func (r *rawServer) talk(c net.Conn, reply func(n int) string, write func(net.Conn, string) error) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		head, err := readHead(in)
		if err != nil {
			return
		}
		n, _ := bodyLength(bufio.NewReader(strings.NewReader(head)))
		if _, err := in.Discard(n); err != nil {
			return
		}
		text := reply(int(r.requests.Add(1)))
		r.heads <- head
		if err := write(c, text); err != nil || !strings.HasSuffix(text, "\r\n") {
			return
		}
	}
}

func atOnce(c net.Conn, text string) error {
	_, err := io.WriteString(c, text)
	return err
}

// bytewise sends every byte by itself.
func bytewise(c net.Conn, text string) error {
	for i := range len(text) {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

func readHead(in *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := in.ReadString('\n')
		head.WriteString(line)
		if err != nil || line == "\r\n" {
			return head.String(), err
		}
	}
}
