package cloudevent

import (
	"strconv"
	"time"
)

// Extensions that Wye itself reads and writes.
const (
	// HopsExtension counts how often an event went through a Wye: an Integer.
	HopsExtension = "wyehops"
	// ExpiryExtension is when an event is of no use any more: a Timestamp
	// (CloudEvents extension "expirytime").
	ExpiryExtension = "expirytime"
)

// Hops is how often the event went through a Wye before it came here; 0 where it
// does not say so in a whole number.
func (e *Event) Hops() int {
	switch v := e.extension(HopsExtension).(type) {
	case int32:
		return max(int(v), 0)
	case string:
		if n, err := strconv.Atoi(v); err == nil {
			return max(n, 0)
		}
	}
	return 0
}

// WithHops is the event with another number of hops. The event itself stays as
// it is.
func (e *Event) WithHops(n int) *Event {
	out := *e
	out.Extensions = make([]Extension, 0, len(e.Extensions)+1)
	hops := Extension{Name: HopsExtension, Value: int32(n)}
	for _, x := range e.Extensions {
		if hops.Name != "" && x.Name >= HopsExtension { // they are in order of name
			out.Extensions = append(out.Extensions, hops)
			hops.Name = ""
		}
		if x.Name != HopsExtension {
			out.Extensions = append(out.Extensions, x)
		}
	}
	if hops.Name != "" {
		out.Extensions = append(out.Extensions, hops)
	}
	return &out
}

// Expires is when the event expires, the zero time where it does not say so in a
// timestamp.
func (e *Event) Expires() time.Time {
	text, ok := e.extension(ExpiryExtension).(string)
	if !ok {
		return time.Time{}
	}
	at, err := parseTime(text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// expiryFault refuses an expirytime that is no time. Passed over, the event would
// never expire, and nobody would know.
func (e *Event) expiryFault() *Error {
	switch v := e.extension(ExpiryExtension).(type) {
	case nil:
		return nil
	case string:
		if reason := timeFault(v); reason != "" {
			return malformed(ExpiryExtension, "%s", reason)
		}
		return nil
	}
	return malformed(ExpiryExtension, `is no string; write the time like "2018-04-05T17:31:00Z"`)
}

// extension is the value of an extension, or nil.
func (e *Event) extension(name string) any {
	for i := range e.Extensions {
		if e.Extensions[i].Name == name {
			return e.Extensions[i].Value
		}
	}
	return nil
}
