package router

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wye-events/wye/router/source"
	"github.com/wye-events/wye/rules"
)

// SourceStatus is where the rules come from, and whether what is there is in force.
type SourceStatus struct {
	Kind       string `json:"kind"`                 // file, directory, tree (DIR/...) or git
	Path       string `json:"path"`                 // of this machine, or inside the repository
	Repository string `json:"repository,omitempty"` // of Git, without credentials
	Branch     string `json:"branch,omitempty"`     // or tag; where none is named, what HEAD was last

	// Ready says that what the source has is in force, and that changes of it will be.
	Ready   bool   `json:"ready"`
	Reason  string `json:"reason"` // in a word: see the constants
	Message string `json:"message"`
	// Since is when Ready, Reason or Message last became another; zero before the first look.
	Since   time.Time `json:"since,omitzero"`
	Checked time.Time `json:"checked,omitzero"` // when the last look ended

	Suspended *Suspension `json:"suspended,omitempty"`
	// Applied is what is in force, Attempted the last that was tried.
	Applied   Applied    `json:"applied"`
	Attempted *Attempted `json:"attempted,omitempty"`
	Problems  int        `json:"problems,omitempty"` // of what was attempted; errors only
	Poll      string     `json:"poll,omitempty"`     // how often Git is asked
	Note      string     `json:"note,omitempty"`     // what is odd about the place
}

// Applied is the rule set in force and where it is from.
type Applied struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`   // in the version: that which last changed the rules
	Revision string `json:"revision,omitempty"` // of Git, with the newest commit that has these rules
	// How it came into force: loaded (from the source), kept (from the store, because
	// the source could not be used at the start), or another word for what a person did.
	How    string    `json:"how"`
	Reason string    `json:"reason,omitempty"` // that the person gave
	At     time.Time `json:"at"`
}

// Attempted is what a look found.
type Attempted struct {
	Revision string    `json:"revision,omitempty"`
	At       time.Time `json:"at"`
}

// Reasons of a [SourceStatus], beside those of package source.
const (
	SourceLoaded    = "Loaded"
	SourceRefused   = "Refused"   // the rules have problems, or the commit is not to be used
	SourceTarget    = "Target"    // a target cannot be built
	SourceSuspended = "Suspended" // by a person
)

// How a rule set came into force.
const (
	AppliedLoaded = "loaded"
	AppliedKept   = "kept"
)

// describe is what is known of a source before it is looked at.
func describe(addr source.Address) SourceStatus {
	return SourceStatus{Kind: addr.Kind(), Path: addr.Within(), Repository: addr.Repository(), Branch: addr.Ref}
}

// Source tells where the rules come from and how that is.
func (r *Router) Source() SourceStatus {
	s := r.sourcing
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.st
	if st.Suspended = s.suspended; st.Suspended != nil {
		st.Ready, st.Reason, st.Since = false, SourceSuspended, st.Suspended.Since
		st.Message = st.Suspended.message()
	}
	st.Note = s.from.Address().Note()
	return st
}

// looked notes how a look went, and logs it where that is news. reloadMu is held,
// or nothing runs yet.
func (r *Router) looked(found *source.Snapshot, err error) {
	now := time.Now().UTC()
	s := r.sourcing
	s.mu.Lock()
	before := s.st
	s.st.looked(found, err, now)
	s.refused = nil
	if err == nil {
		s.st.loaded(r.version(), found, now)
		s.current, s.lastGood = found, now
		s.began(s.st.Applied)
	} else if s.st.Reason == SourceRefused {
		s.refused = found
	}
	after := s.st
	same := before.Ready == after.Ready && before.Reason == after.Reason && before.Message == after.Message
	if !same {
		s.st.Since = now
	}
	s.mu.Unlock()
	switch {
	case err != nil && !same && r.version() != "":
		logRefused(r.log, after, err)
	case err == nil && !before.Ready && before.Reason != "":
		r.log.Info("the source of the rules is ready again", "source", s.from.Address().String(), "revision", after.Applied.Revision, "version", after.Applied.Version)
	}
	if err == nil && before.Applied != after.Applied {
		r.keepInForce()
	}
}

// looked takes in what a look found, or why it found nothing.
func (st *SourceStatus) looked(found *source.Snapshot, err error, now time.Time) {
	st.Checked = now
	if found != nil {
		st.Attempted = &Attempted{Revision: found.Revision(), At: now}
	}
	if found != nil && found.Ref != "" {
		st.Branch = found.Ref
	}
	st.Ready, st.Problems = err == nil, 0
	st.Reason, st.Message = reasonOf(err)
	if refused := (*RulesError)(nil); errors.As(err, &refused) {
		st.Problems = countErrors(refused.Problems)
	}
}

// loaded takes in that what a look found is in force. Where it was before, it is
// so since then.
func (st *SourceStatus) loaded(version string, found *source.Snapshot, now time.Time) {
	at := st.Applied.At
	if st.Applied.Version != version {
		at = now
	}
	st.Applied = Applied{Version: version, Commit: rules.CommitOf(version), Revision: found.Revision(), How: AppliedLoaded, At: at}
	st.Message = isInForce(version)
}

func isInForce(version string) string { return "rule set " + version + " is in force" }

func countErrors(ps rules.Problems) (n int) {
	for _, p := range ps {
		if p.Severity == rules.Error {
			n++
		}
	}
	return n
}

// reasonOf is why a look brought nothing into force, in a word and in a line.
func reasonOf(err error) (reason, message string) {
	var refused *RulesError
	var from *source.Error
	switch {
	case err == nil:
		return SourceLoaded, ""
	case errors.As(err, &refused):
		for _, p := range refused.Problems {
			if p.Severity == rules.Error {
				more := ""
				if n := countErrors(refused.Problems); n > 1 {
					more = " (the first of " + problems(n) + ")"
				}
				return SourceRefused, placed(p) + more
			}
		}
		return SourceRefused, refused.Error()
	case errors.As(err, &from):
		return string(from.Reason), from.Error()
	case errors.Is(err, context.Canceled), errors.Is(err, ErrStopping):
		return string(source.Unreachable), err.Error()
	}
	return SourceTarget, err.Error()
}

// logRefused logs why what the source has does not come into force, one line a
// problem.
func logRefused(log *slog.Logger, st SourceStatus, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	var revision string
	if st.Attempted != nil {
		revision = st.Attempted.Revision
	}
	refused := &RulesError{}
	if !errors.As(err, &refused) {
		log.Error("the rules could not be loaded; those in force stay", "reason", st.Reason, "error", err, "version", st.Applied.Version)
		return
	}
	log.Error("the rules were refused; those in force stay", "problems", len(refused.Problems), "revision", revision, "version", st.Applied.Version)
	for _, p := range refused.Problems {
		log.Error("rules", "file", p.File, "line", p.Line, "column", p.Column, "code", p.Code, "problem", p.Message, "hint", p.Hint, "revision", revision)
	}
}
