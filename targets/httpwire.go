package targets

import (
	"cmp"
	"errors"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
)

// wire is what is the same in all messages with the same credentials, as it is
// written to a connection.
type wire struct {
	address string // to connect to
	opening []byte // up to the number of Content-Length
	fixed   []byte // the lines after it
}

// newWire is nil for what net/http's transport has to carry: TLS, and with it
// HTTP/2, and hosts that are not written as they are spoken.
func newWire(c *credentials) *wire {
	if c.url.Scheme != "http" || !isPlainHost(c.url.Host) {
		return nil
	}
	w := &wire{address: net.JoinHostPort(c.url.Hostname(), cmp.Or(c.url.Port(), "80"))}
	agent := userAgent[0]
	for _, h := range c.headers {
		if h.name == "User-Agent" {
			agent = h.values[0]
			continue
		}
		w.fixed = appendLine(w.fixed, h.name, h.values[0])
	}
	w.opening = append(w.opening, "POST "+c.url.RequestURI()+" HTTP/1.1\r\nHost: "+c.url.Host+"\r\n"...)
	if agent != "" {
		w.opening = appendLine(w.opening, "User-Agent", agent)
	}
	w.opening = append(w.opening, "Content-Length: "...)
	return w
}

// isPlainHost leaves out what must be translated (names that are not ASCII, the
// zone of an address) or refused in a Host line.
func isPlainHost(host string) bool {
	return strings.IndexFunc(host, func(r rune) bool {
		return r >= 0x80 || !isAlphanumeric(byte(r)) && !strings.ContainsRune("-._~:[]!$&'()*+,;=", r)
	}) < 0
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

// messages are used again, for their buffers.
var messages = sync.Pool{New: func() any {
	o := new(message)
	o.add = o.line
	return o
}}

// message is one request as it is written to a connection.
type message struct {
	head []byte // with the body, if that is small
	rest []byte // the body, if it is not in head
	json []byte // room for events in structured mode
	bad  string // the name of a line that must not be written
	add  func(name, value string)
}

// smallBody is copied behind its head: up to here that costs less than a second
// buffer for the kernel to gather from.
const smallBody = 16 << 10

// newMessage writes a request down. The caller gives it back with free.
func newMessage(w *wire, l *load) (*message, error) {
	o := messages.Get().(*message)
	var body []byte
	if l.isJSON() {
		o.json = l.appendJSON(o.json[:0])
		body = o.json
	} else {
		body = l.one.Event.Data
	}
	o.writeHead(w, l, len(body))
	if o.bad != "" {
		defer o.free()
		return nil, errors.New(strconv.Quote(o.bad) + " cannot be sent as a header: it has a control character or a name that is none")
	}
	if len(body) <= smallBody {
		o.head = append(o.head, body...)
	} else {
		o.rest = body
	}
	return o, nil
}

func (o *message) writeHead(w *wire, l *load, length int) {
	o.head = append(o.head[:0], w.opening...)
	o.head = strconv.AppendInt(o.head, int64(length), 10)
	o.head = append(append(o.head, "\r\n"...), w.fixed...)
	l.eachHeader(o.add)
	o.head = append(o.head, "\r\n"...)
}

// line refuses what would be read as more than one header. Attributes come
// percent-encoded, so this is about what no codec has seen.
func (o *message) line(name, value string) {
	if strings.IndexFunc(name, notInToken) >= 0 || hasControl(value) {
		o.bad = name
	}
	o.head = appendLine(o.head, name, value)
}

func hasControl(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

func appendLine(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	return append(append(b, textproto.TrimString(value)...), "\r\n"...)
}

// keptBuffers is the most that a message keeps for the next: enough for a usual
// batch.
const keptBuffers = 256 << 10

// free keeps the buffers of usual requests for the next one, and lets those of
// large ones go.
func (o *message) free() {
	if cap(o.head)+cap(o.json) > keptBuffers {
		o.head, o.json = nil, nil
	}
	o.rest, o.bad = nil, ""
	messages.Put(o)
}
