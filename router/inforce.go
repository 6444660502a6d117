package router

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wye-events/wye/rules"
)

// recordInForce is the name under which the store has what is in force.
const recordInForce = "source"

// inForce is what was in force last, and for which source. The files are kept by
// their version (history.go) and are durable before it is written down.
type inForce struct {
	Source string `json:"source"` // the address's ID
	Applied
}

// keepInForce writes down what is in force once its files are durable, for a start
// that cannot use the source.
func (r *Router) keepInForce() {
	r.history.whenKept(r.version(), func(kept bool) {
		if !kept {
			return
		}
		if err := r.saveInForce(r.history.ctx); err != nil && r.history.ctx.Err() == nil {
			r.log.Warn("what is in force could not be written down; a start that cannot use the source would not find it", "error", err)
		}
	})
}

// saveInForce writes down what is in force now, whatever it was called for.
func (r *Router) saveInForce(ctx context.Context) error {
	s := r.sourcing
	s.keeping.Lock()
	defer s.keeping.Unlock()
	s.mu.Lock()
	now := inForce{s.from.Address().ID(), s.st.Applied}
	s.mu.Unlock()
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	return errors.Join(r.saveReigns(ctx), r.bus.SaveRecord(ctx, recordInForce, text))
}

// durably returns when what is in force would be found by the next start.
func (r *Router) durably(ctx context.Context) error {
	done := make(chan error, 1)
	r.history.whenKept(r.version(), func(kept bool) {
		if !kept {
			done <- errors.New("its files could not be stored")
			return
		}
		done <- r.saveInForce(r.history.ctx)
	})
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-r.history.ctx.Done():
		return ErrStopping
	}
}

// lastInForce is what an earlier run had in force from this source; nil where that
// is not known.
func (r *Router) lastInForce(ctx context.Context) (*inForce, error) {
	text, err := r.bus.LoadRecord(ctx, recordInForce)
	if err != nil || len(text) == 0 {
		return nil, err
	}
	last := &inForce{}
	if err := json.Unmarshal(text, last); err != nil {
		return nil, fmt.Errorf("what was in force last cannot be read: %w", err)
	}
	if last.Source != r.sourcing.from.Address().ID() {
		return nil, nil
	}
	return last, nil
}

// firstRules puts the first rule set in force: that of the source, or where it
// cannot be used, or is suspended, the one that was in force from it last.
func (r *Router) firstRules(ctx context.Context) error {
	last, err := r.lastInForce(ctx)
	if err != nil {
		r.log.Warn("what was in force last is not known", "error", err)
	}
	if s := r.Suspended(); s != nil && last != nil {
		err := r.again(ctx, last)
		if err == nil {
			r.log.Warn("the source of the rules is still suspended; `wye resume` ends that", "since", s.Since, "reason", s.Reason, "version", last.Version)
			return nil
		}
		r.log.Error("the rules that were in force cannot be used; those of the source are loaded, although it is suspended", "version", last.Version, "error", err)
	}
	err = r.firstLook(ctx, last)
	if err == nil || ctx.Err() != nil || last == nil {
		return hinted(err, r.sourcing.from.Address().Git())
	}
	if again := r.again(ctx, last); again != nil {
		r.log.Error("nor can the rules be used that were in force last", "version", last.Version, "error", again)
		return err
	}
	r.log.Error("started with the rules that were in force last, because those of the source cannot be used",
		"source", r.sourcing.from.Address().String(), "version", last.Version, "revision", last.Revision, "since", last.At)
	logRefused(r.log, r.Source(), err)
	return nil
}

// hinted adds what to do about a Git repository that cannot be used at a first
// start.
func hinted(err error, git bool) error {
	refused := (*RulesError)(nil)
	if err == nil || !git || errors.As(err, &refused) {
		return err
	}
	return fmt.Errorf("%w (nothing was in force from there before, so there is nothing to go on with; mend it, or start with --rules and a copy of the rules)", err)
}

// firstLook is a look before anything is in force. The version stays that of last
// where the rules are the same.
func (r *Router) firstLook(ctx context.Context, last *inForce) error {
	was := ""
	if last != nil {
		was = last.Version
		r.sourcing.known(last.Applied)
	}
	found, err := r.sourcing.from.Look(ctx)
	if err == nil {
		set, matcher, problems := found.Load(&r.loader, was)
		if err = r.refused(found, problems); err == nil {
			err = r.put(ctx, set, matcher, problems, r.sourcing.from.Address().String())
		}
	}
	r.looked(found, err)
	r.acct.look(err)
	return err
}

// known says what an earlier run had in force.
func (s *sourcing) known(last Applied) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st.Applied = last
}

// again puts what was in force in force again, from the store.
func (r *Router) again(ctx context.Context, last *inForce) error {
	sources, err := r.Kept(ctx, last.Version)
	if err != nil {
		return err
	}
	how := last.How
	if how == AppliedLoaded {
		how = AppliedKept
	}
	return r.apply(ctx, sources, Applied{Version: last.Version, Revision: last.Revision, How: how, Reason: last.Reason, At: last.At})
}

// Kept are the files of a version that was in force, from the store; an error
// where they are not kept.
func (r *Router) Kept(ctx context.Context, version string) ([]rules.Source, error) {
	packed, ok, err := r.bus.Recollect(ctx, version)
	if err == nil && !ok {
		err = errors.New("they are not kept")
	}
	var sources []rules.Source
	if err == nil {
		sources, err = unpack(packed, version)
	}
	if err != nil {
		return nil, fmt.Errorf("the files of rule set %s cannot be had: %w", version, err)
	}
	return sources, nil
}

// Apply puts a rule set in force from its files, which must be those of the
// version, and returns when the next start would find it. Names of the files are
// those below the root of the set. How is a word for people that says why (such as
// "rollback"). The next look at the source replaces it, unless the source is suspended.
//
// Files with problems are refused as a [*RulesError] and what is in force stays. Any
// other error that names no target means that it is in force until a restart only.
func (r *Router) Apply(ctx context.Context, sources []rules.Source, version, how string) error {
	r.reloadMu.Lock()
	err := r.applyNow(ctx, sources, version, how)
	r.reloadMu.Unlock()
	if err != nil {
		return err
	}
	if err := r.durably(ctx); err != nil {
		return fmt.Errorf("rule set %s is in force, but only until a restart, because that could not be stored: %w", version, err)
	}
	return nil
}

func (r *Router) applyNow(ctx context.Context, sources []rules.Source, version, how string) error {
	if r.stopping {
		return ErrStopping
	}
	return r.apply(ctx, sources, Applied{Version: version, How: how, At: time.Now().UTC()})
}

// apply puts files in force. reloadMu is held, or nothing runs yet.
func (r *Router) apply(ctx context.Context, sources []rules.Source, as Applied) error {
	if got := rules.Version(sources...); got != rules.ContentOf(as.Version) {
		return fmt.Errorf("the files are those of rule set %s, not of %s", got, as.Version)
	}
	as.Commit = rules.CommitOf(as.Version)
	set, matcher, problems := r.loader.LoadCommit(as.Commit, "", sources...)
	if problems.HasErrors() {
		return &RulesError{Path: "the store", Revision: "rule set " + as.Version, Problems: problems}
	}
	if err := r.put(ctx, set, matcher, problems, as.How); err != nil {
		return err
	}
	s := r.sourcing
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.st.Applied = nil, as
	s.began(as)
	if s.st.Ready {
		s.st.Message = isInForce(as.Version)
	}
	return nil
}
