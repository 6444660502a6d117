package router

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Pause says that a target gets nothing until a person resumes it. What is
// meant for it waits in its backlog. It is kept over restarts and reloads, and
// goes when the target does.
type Pause struct {
	Since  time.Time `json:"since"`
	By     string    `json:"by"` // [ByPerson] or [ByReceiver]
	Reason string    `json:"reason,omitempty"`
}

// Who pauses a target.
const (
	ByPerson   = "person"
	ByReceiver = "receiver" // its answer said that it is gone
)

// pauses are the pauses that are in force, by target. A stored [Pause] is never
// changed.
type pauses struct {
	change sync.Mutex // held over a change, so that changes are stored in the order in which they are made

	mu  sync.Mutex
	all map[string]*Pause
}

func (p *pauses) of(target string) *Pause {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[target]
}

func (p *pauses) set(target string, pause *Pause) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pause == nil {
		delete(p.all, target)
		return
	}
	p.all[target] = pause
}

// loadPauses reads the pauses of an earlier run, before there are lanes.
func (r *Router) loadPauses(ctx context.Context) error {
	r.pauses.all = map[string]*Pause{}
	kept, err := r.bus.Pauses(ctx)
	if err != nil {
		return err
	}
	for target, data := range kept {
		p := &Pause{}
		if err := json.Unmarshal(data, p); err != nil {
			return fmt.Errorf("the pause of target %s cannot be read: %w", target, err)
		}
		r.pauses.all[target] = p
		r.log.Warn("a target is still paused; `wye target resume` ends that", "target", target, "since", p.Since, "by", p.By, "reason", p.Reason)
	}
	return nil
}

// PauseTarget stops deliveries to a target until [Router.ResumeTarget] and
// returns when that will outlast a restart. What is under way ends. To pause
// again changes who and why, not since when.
func (r *Router) PauseTarget(ctx context.Context, name, by, reason string) error {
	r.pauses.change.Lock()
	defer r.pauses.change.Unlock()
	p := &Pause{Since: time.Now().UTC(), By: by, Reason: reason}
	if before := r.pauses.of(name); before != nil {
		p.Since = before.Since
	}
	return r.keepPause(ctx, name, p)
}

// keepPause puts a pause in force and then stores it: a target that is gone must
// have peace also while the store has trouble. r.pauses.change is held.
func (r *Router) keepPause(ctx context.Context, name string, p *Pause) error {
	if err := r.setPaused(name, p); err != nil {
		return err
	}
	text, err := json.Marshal(p)
	if err == nil {
		err = r.bus.SavePause(ctx, name, text)
	}
	if err != nil {
		return fmt.Errorf("the target %s is paused, but only until a restart, because that could not be stored; pause it again: %w", name, err)
	}
	return nil
}

// ResumeTarget ends a target's pause, which may be none, and returns when that
// will outlast a restart. What has waited is delivered, oldest first.
func (r *Router) ResumeTarget(ctx context.Context, name string) error {
	r.pauses.change.Lock()
	defer r.pauses.change.Unlock()
	if _, err := r.laneOf(name); err != nil {
		return err
	}
	if r.pauses.of(name) == nil {
		return nil
	}
	if err := r.bus.SavePause(ctx, name, nil); err != nil {
		return fmt.Errorf("the target %s stays paused, because its end could not be stored; try again: %w", name, err)
	}
	return r.setPaused(name, nil)
}

// setPaused lets the lane know, and the one that a reload makes next.
func (r *Router) setPaused(name string, p *Pause) error {
	r.lanesMu.Lock()
	defer r.lanesMu.Unlock()
	l := r.lanes[name]
	if l == nil || !l.targeted() {
		return &NoTargetError{name}
	}
	r.pauses.set(name, p)
	l.setPaused(p)
	return nil
}

// laneOf is the lane of a target that is in the rules.
func (r *Router) laneOf(name string) (*lane, error) {
	r.lanesMu.Lock()
	defer r.lanesMu.Unlock()
	if l := r.lanes[name]; l != nil && l.targeted() {
		return l, nil
	}
	return nil, &NoTargetError{name}
}

func (l *lane) targeted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.handle != nil
}

// pauseAgain is how soon a pause that could not be stored is tried again.
const pauseAgain = time.Second

// pausedByReceiver pauses a target because its receiver said that it is gone.
// It does not wait, may be called with a lane locked, and does nothing where the
// target is paused already.
func (r *Router) pausedByReceiver(name string, why error) {
	r.background(func() {
		r.pauses.change.Lock()
		defer r.pauses.change.Unlock()
		if r.pauses.of(name) != nil {
			return
		}
		p := &Pause{Since: time.Now().UTC(), By: ByReceiver, Reason: why.Error()}
		err := r.keepPause(r.readCtx, name, p)
		if gone := (*NoTargetError)(nil); errors.As(err, &gone) {
			return
		}
		r.log.Error("a target is paused because its receiver says that it is gone; correct the target, or `wye target resume` it", "target", name, "error", why)
		if err != nil {
			r.background(func() { r.storePause(name, p) })
		}
	})
}

// storePause tries until a pause is stored, or is another, or the router stops.
func (r *Router) storePause(name string, p *Pause) {
	for pause(r.readCtx, pauseAgain) {
		r.pauses.change.Lock()
		var err error
		if r.pauses.of(name) == p {
			err = r.keepPause(r.readCtx, name, p)
		}
		r.pauses.change.Unlock()
		if err == nil {
			return
		}
	}
}

// forgetPause lets go of the pause of a target that is gone with its lane. One
// that cannot be removed is found again, and removed, by the next start.
func (r *Router) forgetPause(name string) {
	if r.pauses.of(name) == nil {
		return
	}
	r.pauses.set(name, nil)
	r.background(func() {
		r.pauses.change.Lock()
		defer r.pauses.change.Unlock()
		if r.pauses.of(name) != nil {
			return // it came back, and is paused again
		}
		if err := r.bus.SavePause(r.deliverCtx, name, nil); err != nil {
			r.log.Warn("the pause of a target that is gone could not be removed", "target", name, "error", err)
		}
	})
}

// forgetPauses lets go of pauses without a lane: they are of targets that left
// the rules while Wye was down.
func (r *Router) forgetPauses() {
	r.pauses.mu.Lock()
	var names []string
	for name := range r.pauses.all {
		names = append(names, name)
	}
	r.pauses.mu.Unlock()
	r.lanesMu.Lock()
	defer r.lanesMu.Unlock()
	for _, name := range names {
		if r.lanes[name] == nil {
			r.forgetPause(name)
		}
	}
}
