package sender

import (
	"errors"
	"fmt"
	"time"
)

// Outcome is what became of one event: exactly one of Receipt and Refusal is
// set.
type Outcome struct {
	Item
	Receipt *Receipt
	Refusal *Refusal
}

// Receipt says that the event was taken.
type Receipt struct {
	ID         string `json:"id"`
	Source     string `json:"source"`
	Sequence   uint64 `json:"sequence"`
	Duplicate  bool   `json:"duplicate"`
	Durability string `json:"durability,omitempty"`
}

// Refusal says that the event was not taken.
type Refusal struct {
	Status    int
	Title     string
	Detail    string
	Attribute string        // at fault, if one is
	Wait      time.Duration // how long the server asks to wait; 0 where it does not say

}

func (r *Refusal) Error() string {
	return fmt.Sprintf("%d %s: %s", r.Status, r.Title, r.Detail)
}

// passing tells whether the same request may well be taken later.
func (r *Refusal) passing() bool { return r.Status == 429 || r.Status == 503 }

// Unreachable says that there was nobody to answer a request. Its event may
// have been stored all the same.
type Unreachable struct {
	To  string
	Err error
}

func (e *Unreachable) Error() string { return fmt.Sprintf("no Wye answers at %s (%s)", e.To, e.Err) }

func (e *Unreachable) Unwrap() error { return e.Err }

func isUnreachable(err error) bool {
	u := (*Unreachable)(nil)
	return errors.As(err, &u)
}

// Tally counts outcomes.
type Tally struct {
	Accepted, Duplicates, Refused int
}

// Sent is how many events have an outcome.
func (t Tally) Sent() int { return t.Accepted + t.Duplicates + t.Refused }

func (t *Tally) add(o Outcome) {
	switch {
	case o.Refusal != nil:
		t.Refused++
	case o.Receipt.Duplicate:
		t.Duplicates++
	default:
		t.Accepted++
	}
}
