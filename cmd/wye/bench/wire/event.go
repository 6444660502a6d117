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
	id      []byte // within request
}

// NewEvent makes the request for an event of a type, with a JSON body of about
// size bytes.
func NewEvent(host, eventType string, size int) *Event {
	body := Body(size)
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST /events HTTP/1.1\r\nHost: %s\r\n", host)
	fmt.Fprintf(&b, "Ce-Specversion: 1.0\r\nCe-Source: /bench\r\nCe-Type: %s\r\nCe-Id: ", eventType)
	at := b.Len()
	b.WriteString(strings.Repeat("0", idLength))
	fmt.Fprintf(&b, "\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	return &Event{request: b.Bytes(), id: b.Bytes()[at : at+idLength]}
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
