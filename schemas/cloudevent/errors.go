package cloudevent

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what sort of fault an [Error] is, and so how a transport answers.
type Kind int

const (
	// Malformed is an event that the specification does not allow: 400.
	Malformed Kind = iota
	// UnsupportedMediaType is an event format or a charset that Wye does not
	// read: 415.
	UnsupportedMediaType
	// TooLarge is an event over one of this package's limits: 413.
	TooLarge
)

// Status is the HTTP status that answers a fault of this kind.
func (k Kind) Status() int {
	switch k {
	case UnsupportedMediaType:
		return 415
	case TooLarge:
		return 413
	}
	return 400
}

// Error is one fault of one event.
type Error struct {
	Kind Kind
	// Index is the event's place in its batch, from 0; -1 outside of a batch
	// and for a fault of the batch as a whole.
	Index int
	// Attribute is the name of the attribute at fault, as it was sent and cut
	// if it is long; empty for a fault of the message or of the data.
	Attribute string
	// Reason says what is wrong, what was expected and the way out.
	Reason string
}

// Error reads like `event 3: attribute "source": is missing; ...`.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Index >= 0 {
		fmt.Fprintf(&b, "event %d: ", e.Index)
	}
	if e.Attribute != "" {
		fmt.Fprintf(&b, "attribute %q: ", e.Attribute)
	}
	b.WriteString(e.Reason)
	return b.String()
}

// maxBatchErrors bounds how many faults of a batch are told one by one.
const maxBatchErrors = 20

// BatchError is what is wrong with a batch: one fault for each bad event, the
// first 20 of them.
type BatchError struct {
	Errors []*Error
	// More counts the bad events beyond those in Errors.
	More int
}

// Error tells every fault on a line of its own.
func (e *BatchError) Error() string {
	lines := make([]string, 0, len(e.Errors)+1)
	for _, one := range e.Errors {
		lines = append(lines, one.Error())
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more bad events", e.More))
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the first [Error].
func (e *BatchError) Unwrap() []error {
	errs := make([]error, len(e.Errors))
	for i, one := range e.Errors {
		errs[i] = one
	}
	return errs
}

func (e *BatchError) add(err *Error) {
	if len(e.Errors) == maxBatchErrors {
		e.More++
		return
	}
	e.Errors = append(e.Errors, err)
}

// Details lists the faults in an error of [Parse], one for each bad event of a
// batch; it is empty for any other error.
func Details(err error) []*Error {
	if batch := (*BatchError)(nil); errors.As(err, &batch) {
		return batch.Errors
	}
	if one := (*Error)(nil); errors.As(err, &one) {
		return []*Error{one}
	}
	return nil
}

func malformed(attribute, format string, args ...any) *Error {
	return &Error{Kind: Malformed, Index: -1, Attribute: clip(attribute), Reason: fmt.Sprintf(format, args...)}
}

func tooLarge(attribute, format string, args ...any) *Error {
	e := malformed(attribute, format, args...)
	e.Kind = TooLarge
	return e
}

// clip shortens what a sender wrote, so that a hostile value cannot fill an
// answer or a log. It may cut a character in two: print the result with %q.
func clip(s string) string {
	const limit = 64
	if len(s) <= limit {
		return s
	}
	return s[:limit] + "..."
}
