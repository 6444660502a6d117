package router

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Suspension says that changes of the source of the rules do not come into force
// until a person resumes it. It is kept over restarts, and goes where another
// source is named.
type Suspension struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason,omitempty"`
}

func (s *Suspension) message() string {
	text := "changes of the source do not come into force until `wye resume`"
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

// SuspendedError says that the source of the rules is suspended.
type SuspendedError struct{ Suspension }

func (e *SuspendedError) Error() string {
	text := "the source of the rules is suspended since " + e.Since.UTC().Format(time.RFC3339)
	if e.Reason != "" {
		text += " (" + e.Reason + ")"
	}
	return text + "; `wye resume` ends that, and loads what is there"
}

// recordSuspended is the name under which the store has the suspension.
const recordSuspended = "suspended"

// suspendedSource is the record of a suspension.
type suspendedSource struct {
	Source string `json:"source"` // the address's ID
	Suspension
}

// Suspended is the suspension of the source, nil where it is not suspended. It is
// never changed.
func (r *Router) Suspended() *Suspension {
	r.sourcing.mu.Lock()
	defer r.sourcing.mu.Unlock()
	return r.sourcing.suspended
}

func (r *Router) setSuspended(s *Suspension) {
	r.sourcing.mu.Lock()
	defer r.sourcing.mu.Unlock()
	r.sourcing.suspended = s
}

// loadSuspension reads the suspension of an earlier run.
func (r *Router) loadSuspension(ctx context.Context) error {
	text, err := r.bus.LoadRecord(ctx, recordSuspended)
	if err != nil || len(text) == 0 {
		return err
	}
	var kept suspendedSource
	if err := json.Unmarshal(text, &kept); err != nil {
		return fmt.Errorf("the suspension of the rules' source cannot be read: %w", err)
	}
	if kept.Source != r.sourcing.from.Address().ID() {
		r.log.Warn("another source of the rules was suspended; this one is not", "suspended", kept.Source, "reason", kept.Reason)
		return nil
	}
	r.setSuspended(&kept.Suspension)
	return nil
}

// Suspend lets what is in force stay whatever the source says, over restarts too,
// until [Router.Resume], and returns when that is durable. To suspend again changes
// the reason, not since when.
func (r *Router) Suspend(ctx context.Context, reason string) error {
	r.reloadMu.Lock()
	s := &Suspension{Since: time.Now().UTC(), Reason: reason}
	before := r.Suspended()
	if before != nil {
		s.Since = before.Since
	}
	r.setSuspended(s)
	r.reloadMu.Unlock()
	if err := errors.Join(r.saveSuspension(ctx, s), r.durably(ctx)); err != nil {
		return fmt.Errorf("the source of the rules is suspended, but only until a restart, because that could not be stored; suspend it again: %w", err)
	}
	if before == nil {
		r.log.Info("the source of the rules is suspended", "reason", reason, "version", r.version())
	}
	return nil
}

func (r *Router) saveSuspension(ctx context.Context, s *Suspension) error {
	text, err := json.Marshal(suspendedSource{r.sourcing.from.Address().ID(), *s})
	if err != nil {
		return err
	}
	return r.bus.SaveRecord(ctx, recordSuspended, text)
}

// Resume ends a suspension, which may be none, and then looks at the source at
// once: the error is that of [Router.Reload], or that the end could not be stored
// ([*StillSuspendedError]).
func (r *Router) Resume(ctx context.Context) error {
	if r.Suspended() != nil {
		if err := r.bus.SaveRecord(ctx, recordSuspended, nil); err != nil {
			return &StillSuspendedError{err}
		}
		r.setSuspended(nil)
		r.log.Info("the source of the rules is resumed", "version", r.version())
	}
	return r.Reload(ctx)
}

// StillSuspendedError says that a suspension could not be ended.
type StillSuspendedError struct{ Err error }

func (e *StillSuspendedError) Error() string {
	return fmt.Sprintf("the source of the rules stays suspended, because the end of that could not be stored; try again: %s", e.Err)
}

func (e *StillSuspendedError) Unwrap() error { return e.Err }
