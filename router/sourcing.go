package router

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wye-events/wye/router/source"
	"github.com/wye-events/wye/rules"
)

// sourcing is where the rules come from, and how the last look at it went.
//
// A look ([Router.look]) has two parts: it reads the source, which may take a
// minute and holds up nobody, and then, under reloadMu, decides whether that comes
// into force. So a suspension or a rollback never waits for a server that does not
// answer, and what was read before it does not undo it.
type sourcing struct {
	from *source.Source
	next joint // the looks that were asked for

	keeping sync.Mutex // held while what is in force is written down

	mu        sync.Mutex
	st        SourceStatus     // with Suspended
	current   *source.Snapshot // what is in force, as it was read; nil where that is not what the source had last
	refused   *source.Snapshot // what was refused last, for its own faults; nil where another was tried since
	lastGood  time.Time        // when a look last found what is, or came, in force
	suspended *Suspension
	reigns    []reign // the oldest first
}

// openSource opens the place that the configuration names.
func (r *Router) openSource() error {
	addr, err := source.Parse(r.cfg.Rules)
	if err != nil {
		return err
	}
	from, err := source.Open(addr, r.cfg.Source)
	if err != nil {
		return err
	}
	r.sourcing = &sourcing{from: from, st: describe(addr)}
	r.sourcing.next.run = make(chan struct{}, 1)
	return nil
}

// RulesError says that a rule set was refused.
type RulesError struct {
	Path     string // or the address of the Git repository
	Revision string // of Git; "" for a path
	Problems rules.Problems
}

func (e *RulesError) Error() string {
	n := 0
	var first rules.Problem
	for _, p := range e.Problems {
		if p.Severity == rules.Error {
			if n++; n == 1 {
				first = p
			}
		}
	}
	if e.Revision != "" {
		return fmt.Sprintf("the rules of %s in %s have %s: %s", e.Revision, e.Path, problems(n), placed(first))
	}
	if n == 1 {
		return fmt.Sprintf("the rules in %s have a problem; `wye check %s` shows it", e.Path, e.Path)
	}
	return fmt.Sprintf("the rules in %s have %d problems; `wye check %s` shows them", e.Path, n, e.Path)
}

func problems(n int) string {
	if n == 1 {
		return "a problem"
	}
	return fmt.Sprintf("%d problems", n)
}

// placed is a problem in a line, with its place.
func placed(p rules.Problem) string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Reload looks at the source of the rules at once. A set with problems is refused
// as a [*RulesError] and the one in force stays; everything that can fail is done
// before anything that runs is touched. A good one is swapped in whole:
// deliveries under way end with the targets they began with, lanes of unchanged
// targets are not touched, and what waits for a target that is gone becomes dead
// letters. While the source is suspended nothing is looked at: [*SuspendedError].
//
// Of those who ask while a look is under way all get the answer of the next one,
// which sees whatever was there when they asked.
func (r *Router) Reload(ctx context.Context) error {
	if s := r.Suspended(); s != nil {
		return &SuspendedError{*s}
	}
	return r.sourcing.next.do(ctx, r, func() error { return r.look(r.readCtx, true) })
}

// ErrStopping says that the router takes no new rules because it is stopping.
var ErrStopping = errors.New("the server is stopping")

// look reads the source and puts what is there in force. Where it is what was found
// before, that is loaded again only if anew is set.
func (r *Router) look(ctx context.Context, anew bool) error {
	found, err := r.sourcing.from.Look(ctx)
	r.reloadMu.Lock()
	defer r.reloadMu.Unlock()
	switch s := r.Suspended(); {
	case r.stopping || ctx.Err() != nil:
		return ErrStopping
	case s != nil: // since the look began
		return &SuspendedError{*s}
	case err == nil && !anew && r.sourcing.unchanged(found):
		r.acct.polls.WithLabelValues("unchanged").Inc()
		return nil
	}
	if err == nil {
		err = r.load(ctx, found)
	}
	r.looked(found, err)
	r.acct.look(err)
	return err
}

// unchanged tells whether a look found what is in force already, or what was
// refused and would be again, and notes that.
func (s *sourcing) unchanged(found *source.Snapshot) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	good := s.current == found && s.st.Ready
	if !good && s.refused != found {
		return false
	}
	s.st.Checked = time.Now().UTC()
	if good {
		s.lastGood = s.st.Checked
	}
	return true
}

// version is that of the rule set in force, "" before the first.
func (r *Router) version() string {
	if set := r.set.Load(); set != nil {
		return set.version
	}
	return ""
}

// load puts what a look found in force, unless it is. reloadMu is held.
func (r *Router) load(ctx context.Context, found *source.Snapshot) error {
	set, matcher, problems := found.Load(&r.loader, r.version())
	if err := r.refused(found, problems); err != nil {
		return err
	}
	return r.put(ctx, set, matcher, problems, r.sourcing.from.Address().String())
}

// refused is the error of a rule set with problems that stop it.
func (r *Router) refused(found *source.Snapshot, problems rules.Problems) error {
	if !problems.HasErrors() {
		return nil
	}
	return &RulesError{Path: r.sourcing.from.Address().String(), Revision: found.Revision(), Problems: problems}
}

// joint lets those who want the same thing done share its doing: one is done at a
// time, and all who come while it is done share the next.
type joint struct {
	run chan struct{} // takes a token while it is done

	mu   sync.Mutex
	wait *joined // not begun yet
}

type joined struct {
	done chan struct{}
	err  error
}

// do waits until f was run, from its beginning after do was called.
func (j *joint) do(ctx context.Context, r *Router, f func() error) error {
	j.mu.Lock()
	one := j.wait
	if one == nil {
		one = &joined{done: make(chan struct{})}
		j.wait = one
		r.background(func() { j.turn(r, one, f) })
	}
	j.mu.Unlock()
	select {
	case <-one.done:
		return one.err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-r.readCtx.Done():
		return ErrStopping
	}
}

func (j *joint) turn(r *Router, one *joined, f func() error) {
	select {
	case j.run <- struct{}{}:
	case <-r.readCtx.Done():
		return
	}
	j.mu.Lock()
	j.wait = nil
	j.mu.Unlock()
	one.err = f()
	<-j.run
	close(one.done)
}
