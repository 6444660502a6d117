package router

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// How often a Git repository is asked.
const (
	DefaultPoll = 30 * time.Second
	failingPoll = time.Minute // at least so often while it cannot be used, however often it is asked else
)

// follow asks the repository until the follower is closed.
func (r *Router) follow(poll time.Duration) *Follower {
	if poll == 0 {
		poll = DefaultPoll
	}
	r.sourcing.polled(poll)
	ctx, cancel := context.WithCancel(r.readCtx)
	f := &Follower{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		for failed := 0; pause(ctx, nextPoll(poll, failed)); {
			if r.Suspended() != nil {
				continue
			}
			err := r.poll(ctx)
			if err == nil || errors.As(err, new(*RulesError)) { // it answers
				failed = 0
			} else {
				failed++
			}
		}
	}()
	return f
}

// poll is a look that loads nothing anew if nothing has changed.
func (r *Router) poll(ctx context.Context) error {
	select {
	case r.sourcing.next.run <- struct{}{}:
	case <-ctx.Done():
		return ErrStopping
	}
	defer func() { <-r.sourcing.next.run }()
	return r.look(ctx, false)
}

// nextPoll is when to ask again: longer after failures in a row, and never just at
// the same time as others who ask that server.
func nextPoll(poll time.Duration, failed int) time.Duration {
	wait := poll
	for range min(failed, 16) {
		wait *= 2
	}
	wait = min(wait, max(poll, failingPoll))
	return wait - time.Duration(rand.Int64N(int64(wait/10)+1))
}

func (s *sourcing) polled(every time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st.Poll = every.String()
}
