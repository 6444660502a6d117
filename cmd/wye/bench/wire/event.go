package wire

import (
	"bytes"
	"fmt"
	"strings"
)

// Event is a request that posts one CloudEvent in binary mode. It is made once
// for a connection and sent again and again under new ids.
type Event struct {
	request []byte
	id      []byte // within request, as are the next two
	kind    []byte // the digits of a type; nil where it has none
	key     []byte // the digits of a subject; nil where it has none
}

// NewEvent makes the request for an event of a type, with a JSON body of about
// size bytes.
func NewEvent(host, eventType string, size int) *Event {
	return newEvent(host, eventType, "", size)
}

func newEvent(host, eventType, more string, size int) *Event {
	body := Body(size)
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST /events HTTP/1.1\r\nHost: %s\r\n", host)
	fmt.Fprintf(&b, "Ce-Specversion: 1.0\r\nCe-Source: /bench\r\nCe-Type: %s\r\n%sCe-Id: ", eventType, more)
	at := b.Len()
	b.WriteString(strings.Repeat("0", idLength))
	fmt.Fprintf(&b, "\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	return &Event{request: b.Bytes(), id: b.Bytes()[at : at+idLength]}
}

// How many types and subjects there are to choose from.
const (
	typeDigits = 4
	keyDigits  = 6
	Types      = 10_000
	Keys       = 1_000_000
)

const typePrefix = "com.example.bench.t"

// Type is the type of the events that [Event.About] makes of the n-th type.
func Type(n int) string { return fmt.Sprintf("%s%0*d", typePrefix, typeDigits, n) }

// Key is the subject that [Event.About] gives to events of the n-th key.
func Key(n int) string { return fmt.Sprintf("k%0*d", keyDigits, n) }

// NewChangingEvent is [NewEvent] for events whose type and subject change from
// one to the next.
func NewChangingEvent(host string, size int) *Event {
	e := newEvent(host, Type(0), "Ce-Subject: "+Key(0)+"\r\n", size)
	e.kind = digitsAfter(e.request, typePrefix, typeDigits)
	e.key = digitsAfter(e.request, "Ce-Subject: k", keyDigits)
	return e
}

func digitsAfter(request []byte, text string, n int) []byte {
	at := bytes.Index(request, []byte(text)) + len(text)
	return request[at : at+n]
}

// About has the event be of this type and key until the next call. The numbers
// are below [Types] and [Keys].
func (e *Event) About(eventType, key int) {
	putDigits(e.kind, uint64(eventType))
	putDigits(e.key, uint64(key))
}

// Numbered is the request under the id of this number and time. It is valid
// until the next call.
func (e *Event) Numbered(number uint64, nanos int64) []byte {
	putID(e.id, number, nanos)
	return e.request
}

// Body is the data of an event: an order that fulfils the matching rule,
// padded to size bytes.
func Body(size int) string {
	const order = `{"order":"4711","total":149.5,"region":"eu","status":"placed","customer":{"tier":"gold","country":"DE"},` +
		`"items":[{"sku":"A-1","quantity":2,"fragile":true},{"sku":"B-7","quantity":1,"fragile":false}],"note":"%s"}`
	bare := len(order) - len("%s")
	return fmt.Sprintf(order, strings.Repeat("x", max(0, size-bare)))
}
