package router

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// OperationKind is what an operation does.
type OperationKind string

// Kinds of operations.
const (
	OperationRedrive OperationKind = "redrive" // dead letters go back to their targets
	OperationDiscard OperationKind = "discard" // dead letters are removed
	OperationReplay  OperationKind = "replay"  // events of the archive are delivered again
)

// OperationState is how an operation is doing.
type OperationState string

// States of operations.
const (
	OperationRunning OperationState = "running"
	OperationStopped OperationState = "stopped" // by a person; it can be resumed
	OperationDone    OperationState = "done"
	OperationFailed  OperationState = "failed" // it cannot go on; resuming tries again
)

// Operation is long work of the server that outlives who asked for it, and a
// restart: it looks at one thing after the other, remembers how far it is, and
// goes on from there. What it did in the moment before a crash it may do again:
// deliveries of that moment may then be repeated, with the same delivery ids.
type Operation struct {
	ID   string        `json:"id"`
	Kind OperationKind `json:"kind"`
	// Letters says which dead letters are meant, of a redrive and a discard;
	// Events which events, of a replay.
	Letters *LetterSelection `json:"dead_letters,omitempty"`
	Events  *EventSelection  `json:"events,omitempty"`
	Rate    float64          `json:"rate,omitempty"` // at most so many a second; 0 for no bound

	State  OperationState `json:"state"`
	From   uint64         `json:"from"`   // the first number or sequence to look at
	Until  uint64         `json:"until"`  // the last; what came later is not touched
	Cursor uint64         `json:"cursor"` // everything up to it is dealt with

	// Looked counts the dead letters or events that were looked at, Matched those
	// that are meant. Done counts dead letters that were redriven or discarded, or
	// deliveries that a replay made. Skipped is what was meant and left, and
	// Failed what could not be judged; Why says for what reasons, with their counts.
	Looked  uint64            `json:"looked"`
	Matched uint64            `json:"matched"`
	Done    uint64            `json:"done"`
	Skipped uint64            `json:"skipped"`
	Failed  uint64            `json:"failed"`
	Why     map[string]uint64 `json:"why,omitempty"`

	Error      string    `json:"error,omitempty"`       // what keeps it from going on
	WaitingFor string    `json:"waiting_for,omitempty"` // the target whose backlog has no room for more
	Started    time.Time `json:"started"`
	Updated    time.Time `json:"updated"`
	Ended      time.Time `json:"ended,omitzero"`

	// Begun is since when what lies beyond the cursor may have been begun; zero
	// where nothing was. It tells a start after a crash where to look.
	Begun time.Time `json:"begun,omitzero"`
}

// finished tells that the operation will not go on by itself or be resumed soon.
func (o *Operation) finished() bool { return o.State == OperationDone || o.State == OperationFailed }

// copied is the operation with a map of its own.
func (o *Operation) copied() Operation {
	c := *o
	c.Why = maps.Clone(o.Why)
	return c
}

// tally is what one step of an operation came to.
type tally struct {
	looked, matched, done, skipped, failed uint64
	why                                    []string // one of each skipped or failed
}

// mostReasons bounds the different reasons that are counted.
const (
	mostReasons  = 20
	otherReasons = "other reasons"
)

// add counts a step.
func (o *Operation) add(t *tally) {
	o.Looked += t.looked
	o.Matched += t.matched
	o.Done += t.done
	o.Skipped += t.skipped
	o.Failed += t.failed
	o.Why = countWhy(o.Why, t.why)
}

// countWhy counts reasons.
func countWhy(counts map[string]uint64, reasons []string) map[string]uint64 {
	for _, why := range reasons {
		if counts == nil {
			counts = map[string]uint64{}
		}
		if _, known := counts[why]; !known && len(counts) >= mostReasons {
			why = otherReasons
		}
		counts[why]++
	}
	return counts
}

// ErrNoOperation says that there is no operation of that id.
var ErrNoOperation = errors.New("there is no operation of this id")

// RequestError says what is wrong with what an operation is asked to do.
type RequestError struct {
	Detail string
	// Problems are those of a condition.
	Problems any
}

func (e *RequestError) Error() string { return e.Detail }

func badRequest(format string, args ...any) error {
	return &RequestError{Detail: fmt.Sprintf(format, args...)}
}

// ConflictError says that an operation cannot be started, stopped or resumed now.
type ConflictError struct{ Detail string }

func (e *ConflictError) Error() string { return e.Detail }

func conflict(format string, args ...any) error {
	return &ConflictError{fmt.Sprintf(format, args...)}
}

// newestFirst orders operations.
func newestFirst(all []Operation) {
	slices.SortFunc(all, func(a, b Operation) int {
		if c := b.Started.Compare(a.Started); c != 0 {
			return c
		}
		if a.ID < b.ID {
			return 1
		}
		return -1
	})
}
