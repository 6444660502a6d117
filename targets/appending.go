package targets

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// appending is a target on the bus. The message is the event in the binary mode
// of the CloudEvents NATS binding, its id the delivery's, so that a repetition
// within the stream's duplicate window is stored once. The headers tell of the
// delivery as over HTTP, but for the attempt: the message is the first that was
// stored.
type appending struct {
	label  string
	ensure func(context.Context) (Append, error)
	late   error

	// append is nil until ensure has succeeded, and again after a failure: the
	// stream may have been removed, and ensure then makes it anew.
	append atomic.Pointer[Append]
	// turn holds one token for who may call ensure. A channel, not a mutex, so
	// that those who wait for it still stop with their context.
	turn chan struct{}
}

// firstLook bounds what a bus that does not answer can delay the loading of a
// rule set.
const firstLook = 2 * time.Second

func newAppending(ctx context.Context, label string, ensure func(context.Context) (Append, error)) *appending {
	t := &appending{label: label, ensure: ensure, late: &lateError{defaultTimeout}, turn: make(chan struct{}, 1)}
	ctx, cancel := context.WithTimeout(ctx, firstLook)
	defer cancel()
	_, _ = t.appender(ctx) // told by Deliver, if it is still so then
	return t
}

// Deliver appends the event.
func (t *appending) Deliver(ctx context.Context, d Delivery) error {
	ctx, cancel := context.WithTimeoutCause(ctx, defaultTimeout, t.late)
	defer cancel()
	add, err := t.appender(ctx)
	if err != nil {
		return t.failed(ctx, err)
	}
	if err := (*add)(ctx, d.ID, natsHeader(d), d.Event.Data); err != nil {
		t.append.CompareAndSwap(add, nil)
		return t.failed(ctx, err)
	}
	return nil
}

func (t *appending) appender(ctx context.Context) (*Append, error) {
	if add := t.append.Load(); add != nil {
		return add, nil
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if add := t.append.Load(); add != nil {
		return add, nil
	}
	add, err := t.ensure(ctx)
	if err != nil {
		return nil, err
	}
	t.append.Store(&add)
	return &add, nil
}

func natsHeader(d Delivery) map[string][]string {
	h := make(map[string][]string, headerRoom)
	values := make([]string, 0, headerRoom)
	add := func(name, value string) {
		values = append(values, value)
		n := len(values)
		h[name] = values[n-1 : n : n]
	}
	d.Event.EachHeader(add)
	add(headerDeliveryID, d.ID)
	if d.Replay != "" {
		add(headerReplay, d.Replay)
	}
	if d.Version != "" {
		add(headerRules, d.Version)
	}
	return h
}

// failed is the error that people read. What the bus means by its own, such as
// [Permanent], is kept.
func (t *appending) failed(ctx context.Context, err error) error {
	if late := (*lateError)(nil); errors.As(context.Cause(ctx), &late) {
		return fmt.Errorf("%s: %s while waiting for the bus; look at its disk and its load", t.label, late)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", t.label, &stopped{"while waiting for the bus", ctx.Err()})
	}
	return &busError{t.label + ": the bus did not store it: " + plain(err.Error()), err}
}

// busError says in plain words what its cause says.
type busError struct {
	text  string
	cause error
}

func (e *busError) Error() string { return e.text }
func (e *busError) Unwrap() error { return e.cause }

// plain leaves out the name and the numbers of the client library.
func plain(text string) string {
	if before, said, ok := strings.Cut(text, "description="); ok {
		before, _, _ = strings.Cut(before, "nats: ")
		text = before + said
	}
	return strings.ReplaceAll(text, "nats: ", "")
}

// Close does nothing: the bus belongs to who made it.
func (t *appending) Close() error { return nil }
