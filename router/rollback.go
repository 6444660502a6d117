package router

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wye-events/wye/rules"
)

// AppliedRollback is how a rule set came into force that a person brought back.
const AppliedRollback = "rollback"

// ErrNotStored says that something is done and would not outlive a restart.
var ErrNotStored = errors.New("but only until a restart, because that could not be stored")

// Rollback is what a rollback has done.
type Rollback struct {
	Version   string       `json:"version"` // in force now
	Commit    string       `json:"commit,omitempty"`
	Was       RulesetEntry `json:"was"` // in force until now
	Suspended Suspension   `json:"suspended"`
}

// Rollback puts a rule set that was in force, and whose files are kept, in force
// again, through the same checks as any: where it is refused nothing changes. It
// suspends the source, so that no poll and no changed file undoes it until
// [Router.Resume], and returns when both are durable. Asked is as in
// [Router.Ruleset], and "" means the previous one.
//
// The error is a [*VersionError], a [*RulesError], that of a target, or that it is
// done until a restart only.
func (r *Router) Rollback(ctx context.Context, asked, reason string) (*Rollback, error) {
	to, sources, err := r.Ruleset(ctx, asked)
	if err != nil {
		return nil, err
	}
	was, _, err := r.Ruleset(ctx, VersionCurrent)
	if err != nil {
		return nil, err
	}
	if was.sameRules(to.Version) {
		return nil, &VersionError{asked, VersionInForce, []string{was.Version}}
	}
	s, err := r.rollBack(ctx, sources, to, was, reason)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(r.durably(ctx), r.saveSuspension(ctx, s)); err != nil {
		return nil, fmt.Errorf("rule set %s is in force and the source suspended, %w; `wye suspend` tries that again: %w", to.Version, ErrNotStored, err)
	}
	r.log.Warn("rolled back; the source of the rules is suspended", "version", to.Version, "was", was.Version, "reason", reason)
	return &Rollback{Version: to.Version, Commit: to.Commit, Was: was, Suspended: *s}, nil
}

// rollBack suspends the source and puts the rule set in force, both or neither.
func (r *Router) rollBack(ctx context.Context, sources []rules.Source, to, was RulesetEntry, reason string) (*Suspension, error) {
	r.reloadMu.Lock()
	defer r.reloadMu.Unlock()
	if now := r.version(); now != was.Version {
		return nil, &VersionError{to.Version, VersionChanged, []string{now}}
	}
	now := Applied{Version: to.Version, Revision: to.Revision, How: AppliedRollback, Reason: reason, At: time.Now().UTC()}
	if r.stopping {
		return nil, ErrStopping
	}
	if err := r.apply(ctx, sources, now); err != nil {
		return nil, err
	}
	s := &Suspension{Since: now.At, Reason: fmt.Sprintf("rolled back from %s to %s", was.Version, to.Version)}
	if reason != "" {
		s.Reason += ": " + reason
	}
	if before := r.Suspended(); before != nil {
		s.Since = before.Since
	}
	r.setSuspended(s)
	return s, nil
}
