// Package cloudevent says what an event is: a CloudEvent 1.0.2 as Wye holds it
// in memory, and its forms on the wire.
//
// It owns the one codec of the project. Ingest (HTTP and NATS), the stored form
// on the bus and every target that speaks CloudEvents read and write events
// through it, so the rules of the specification (which names and values are
// allowed, percent-encoding and quoting of header values, the JSON format) are
// written once. What it accepts is valid: an [Event] that came out of [Parse]
// needs no second look, and can be written in every form that this package
// writes.
//
// It is a leaf. It does not know rules, targets, the bus or HTTP servers; a
// transport hands it headers and a body.
package cloudevent

import "time"

// Event is one CloudEvent. It is read by many goroutines at once and never
// changed after it was made.
//
// An absent optional attribute is the empty string: the specification allows
// no empty value for any of them.
type Event struct {
	ID     string
	Source string
	Type   string

	Subject         string
	DataContentType string // as received, e.g. "application/json; charset=utf-8"
	DataSchema      string

	// Time is the attribute's text as received (RFC 3339), kept so that it is
	// delivered unchanged. [Event.Timestamp] gives its value.
	Time string

	// Extensions in ascending order of name, no name twice.
	Extensions []Extension

	// Data is the payload's bytes: for a JSON content type (see
	// [Event.DataIsJSON]) one valid JSON value, for a text type the text. Nil
	// means that the event has no data.
	Data []byte

	// Headers are the transport's headers that rules may read: lower-case
	// names in ascending order, each once (repeated headers are joined with
	// ", "), without credentials, hop-by-hop headers and the CloudEvents
	// attributes themselves.
	Headers []Header
}

// Extension is an attribute that the specification does not name.
type Extension struct {
	Name string
	// Value is a string, a bool or an int32, as in the JSON format. In the
	// binary modes every value is a string.
	Value any
}

// Header is one transport header.
type Header struct{ Name, Value string }

// Timestamp is the value of the time attribute; ok is false where it is absent.
func (e *Event) Timestamp() (t time.Time, ok bool) {
	if e.Time == "" {
		return time.Time{}, false
	}
	t, err := parseTime(e.Time)
	return t, err == nil
}
