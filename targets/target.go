// Package targets says what a delivery is, what a target must do with it, and
// holds the light kinds of target: [NewHTTP], [NewQueue] and [NewStream].
//
// A target tries once. It does not retry, does not count attempts, keeps no
// events and does not know when it will be called again: the router decides
// all of that from the error that it returns. So a new kind is one type with
// one method that matters, and [github.com/wye-events/wye/targets/targettest]
// holds it to the contract.
//
// A target may also take several events at once, as a [Batcher].
//
// What an answer over HTTP means is a table, [StatusTable]. A secret in the
// settings is a reference that [Resolve] looks up when the target is built, and
// an error's text never shows one: it names a receiver by its scheme and host,
// says in plain words what happened and what to do, and takes known secrets out
// of what it quotes of an answer ([Answer]).
//
// This package knows no rule files, no NATS servers and no clocks but those of
// its own timeouts.
package targets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Target is a place where events go.
//
// Deliver hands over one event. It is called from many goroutines at once, up
// to the concurrency of the target's policy, and must return soon after ctx
// ends. It must not change the event, which other targets read at the same
// time, and must not collect events: a transport that is still writing one when
// Deliver gives up is all that may hold it longer.
//
// A nil error means that the receiver has the event for good. Any other error
// means that it may or may not have it, and says what to do next:
//
//   - one that wraps [Permanent]: this event will never be taken; it becomes a
//     dead letter now.
//   - one that wraps [Gone]: the target is to be left alone until a person
//     resumes it.
//   - one that wraps [RetryAfter]: the receiver asked for a pause.
//   - one that wraps [Brief]: worth only a few more attempts.
//   - any other: try again by the target's policy.
//
// An error that came with an answer also wraps [Answer]. No error text shows a
// secret.
//
// Close lets go of connections. It is called once, after the last Deliver has
// returned.
type Target interface {
	Deliver(ctx context.Context, d Delivery) error
	Close() error
}

// Delivery is one event on its way to one target because of one rule.
type Delivery struct {
	// ID names the delivery over all of its attempts, in the form
	// "<sequence>/<rule>/<target>": a receiver that keeps it can tell a
	// repetition from a new event.
	ID       string
	Event    *cloudevent.Event
	Sequence uint64 // of the event in the archive
	Rule     string
	Target   string
	Version  string // of the rule set that decided
	Attempt  int    // 1 for the first
	Replay   string // the replay that repeats this event; empty for the first time
}

// The headers that tell a receiver of the delivery, beside those of the event.
const (
	headerDeliveryID = "wye-delivery-id"
	headerAttempt    = "wye-attempt"
	headerReplay     = "wye-replay" // only where there is one
	headerRules      = "wye-rules"  // the version of the rule set that decided
)

// Batcher is a [Target] that also takes several events at once.
type Batcher interface {
	Target
	// DeliverBatch hands over all of ds, in this order. It gives nil where all
	// were taken, else one error a delivery, each as [Target] says, nil for one
	// that was taken.
	DeliverBatch(ctx context.Context, ds []Delivery) []error
}

// Gone says that the receiver was taken away (410): the target is to be left
// alone until a person says otherwise, and its events are to be kept.
type Gone struct{ Err error }

func (e *Gone) Error() string { return e.Err.Error() }
func (e *Gone) Unwrap() error { return e.Err }

// Permanent says that trying again cannot help.
type Permanent struct{ Err error }

func (e *Permanent) Error() string { return e.Err.Error() }
func (e *Permanent) Unwrap() error { return e.Err }

// RetryAfter says that the receiver asked not to be called for Wait.
type RetryAfter struct {
	Err  error
	Wait time.Duration
	// Everyone is true where the whole target asked for it (429), not only for
	// this event: the router then holds back the target's other events too.
	Everyone bool
}

func (e *RetryAfter) Error() string { return e.Err.Error() }
func (e *RetryAfter) Unwrap() error { return e.Err }

// Brief says that the failure may pass soon or never (a function that is still
// being deployed answers 404): a few attempts, then a dead letter.
type Brief struct{ Err error }

func (e *Brief) Error() string { return e.Err.Error() }
func (e *Brief) Unwrap() error { return e.Err }

// Answer is what a receiver said when it refused.
type Answer struct {
	Status  int    // HTTP status, or 0 where the kind has none
	Excerpt string // the first bytes of the body, at most [ExcerptSize], valid UTF-8
	// BadRetryAfter says that it asked for a pause in a form that is neither a
	// number of seconds nor a date, and so was not heard.
	BadRetryAfter bool
}

// ExcerptSize bounds what is kept of a receiver's answer, in bytes.
const ExcerptSize = 512

func (e *Answer) Error() string {
	if e.Excerpt == "" {
		return fmt.Sprintf("answered %d", e.Status)
	}
	return fmt.Sprintf("answered %d: %s", e.Status, e.Excerpt)
}

// AnswerOf is the receiver's answer inside err, or nil.
func AnswerOf(err error) *Answer {
	var a *Answer
	if errors.As(err, &a) {
		return a
	}
	return nil
}

// Append stores one message in a queue or stream and returns when it is as
// durable as the server's profile promises. The same id again within the
// stream's duplicate window is stored once.
//
// The header is the callee's to keep and change; data must not be kept. An error
// is told to people, so its text says what happened; one that wraps [Permanent]
// means that this message will never be stored (it is too large).
type Append func(ctx context.Context, id string, header map[string][]string, data []byte) error

// Streams is what the queue and stream kinds need of a bus.
type Streams struct {
	// Queue makes sure that the work queue called name exists: every message
	// goes to one of the consumers that share it, and is gone once acknowledged.
	Queue func(ctx context.Context, name string) (Append, error)
	// Stream makes sure that a stream keeps what is published on subject.
	Stream func(ctx context.Context, subject string) (Append, error)
}
