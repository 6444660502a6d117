package router

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	operationSave  = 250 * time.Millisecond // how often it is noted how far an operation is
	operationDrain = 3 * time.Second        // for what is begun, when one is stopped
	operationAgain = time.Second            // after the store could not be read
	operationTries = 30
)

// work is what an operation does: it begins a step for everything that it looks
// at, in order from the cursor on, and returns when there is no more.
type work func(ctx context.Context, o *ongoing) error

// ongoing is an operation that this process knows: one that runs, or one that
// did.
type ongoing struct {
	r *Router

	mu     sync.Mutex
	op     Operation
	steps  *steps // of its run; nil while it does not run
	pace   *rate.Limiter
	cancel context.CancelFunc
	asked  bool          // a person asked it to stop
	redone uint64        // up to here an earlier run may have begun what this one begins again
	over   chan struct{} // closed when the run has ended
}

// snapshot is the operation as it is now.
func (o *ongoing) snapshot() Operation {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.op.copied()
}

// change changes the operation.
func (o *ongoing) change(how func(*Operation)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	how(&o.op)
}

// prepare makes the operation ready to run.
func (o *ongoing) prepare(parent context.Context) context.Context {
	o.mu.Lock()
	defer o.mu.Unlock()
	ctx, cancel := context.WithCancel(parent)
	o.cancel, o.asked, o.over = cancel, false, make(chan struct{})
	o.op.State, o.op.Error, o.op.WaitingFor, o.op.Ended = OperationRunning, "", "", time.Time{}
	o.redone = math.MaxUint64
	if o.op.Begun.IsZero() {
		o.op.Begun, o.redone = time.Now().UTC(), 0
	}
	o.pace = nil
	if o.op.Rate > 0 {
		o.pace = rate.NewLimiter(rate.Limit(o.op.Rate), max(1, int(o.op.Rate/10)))
	}
	var mine *steps
	mine = newSteps(func(at uint64, t *tally) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.steps == mine { // what ends after its run is dealt with again by the next
			o.op.Cursor, o.op.Error = at, ""
			o.op.add(t)
		}
	})
	o.steps = mine
	return ctx
}

// run does the work and concludes the operation.
func (o *ongoing) run(ctx context.Context, do work) {
	defer close(o.over)
	defer o.cancel()
	if err := o.save(ctx); err != nil { // before anything is begun: after a crash it must be known that something may be
		o.r.log.Warn("how far an operation is could not be noted", "operation", o.op.ID, "error", err)
	}
	quit, saved := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(saved)
		o.saveOften(quit)
	}()
	err := do(ctx, o)
	close(quit)
	<-saved
	o.conclude(ctx, err)
	if err := o.save(context.Background()); err != nil {
		o.r.log.Warn("how far an operation is could not be noted", "operation", o.op.ID, "error", err)
	}
}

// drain waits for what was begun, as all work does before it returns: for ever while the operation runs, and for a
// moment when it is to end.
func (o *ongoing) drain(ctx context.Context, err error) {
	if err == nil {
		o.steps.drain(ctx)
	}
	short, cancel := context.WithTimeout(context.Background(), operationDrain)
	defer cancel()
	o.steps.drain(short)
}

// conclude says how the run ended.
func (o *ongoing) conclude(ctx context.Context, err error) {
	left := o.steps.left()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.steps = nil
	o.op.WaitingFor = ""
	if left == 0 && o.op.Cursor >= o.redone {
		o.op.Begun = time.Time{}
	}
	switch {
	case ctx.Err() != nil && o.asked:
		o.op.State = OperationStopped
	case ctx.Err() != nil: // the server stops; the next start goes on
	case err != nil:
		o.op.State, o.op.Error, o.op.Ended = OperationFailed, err.Error(), time.Now().UTC()
	default:
		o.op.State, o.op.Cursor, o.op.Error, o.op.Ended = OperationDone, max(o.op.Cursor, o.op.Until), "", time.Now().UTC()
		o.op.Begun = time.Time{}
	}
	about := []any{"id", o.op.ID, "state", o.op.State, "done", o.op.Done, "skipped", o.op.Skipped, "failed", o.op.Failed}
	if o.op.State == OperationFailed {
		o.r.log.Error("a "+string(o.op.Kind)+" cannot go on; `wye operation resume` tries again", append(about, "error", o.op.Error)...)
		return
	}
	o.r.log.Info("a "+string(o.op.Kind)+" ended, or was stopped", about...)
}

// saveOften notes how far the operation is, until quit.
func (o *ongoing) saveOften(quit <-chan struct{}) {
	tick := time.NewTicker(operationSave)
	defer tick.Stop()
	for noted := uint64(0); ; {
		select {
		case <-quit:
			return
		case <-tick.C:
			op := o.snapshot()
			if op.Cursor == noted {
				continue
			}
			noted = op.Cursor
			o.write(func(err error) {
				if err != nil {
					o.r.log.Warn("how far an operation is could not be noted; trying again", "error", err)
				}
			})
		}
	}
}

// save notes how far the operation is and returns when that is durable.
func (o *ongoing) save(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, operationDrain)
	defer cancel()
	answer := make(chan error, 1)
	o.write(func(err error) { answer <- err })
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (o *ongoing) write(then func(error)) {
	begun := o.begunSince()
	o.mu.Lock()
	defer o.mu.Unlock() // also while it is handed over: the newest state must be the last
	if o.steps != nil && o.op.Cursor >= o.redone {
		o.op.Begun = begun
	}
	o.op.Updated = time.Now().UTC()
	text, err := json.Marshal(&o.op)
	if err != nil {
		then(fmt.Errorf("write down the operation %s: %w", o.op.ID, err))
		return
	}
	o.r.bus.SaveOperation(o.op.ID, text, then)
}

// begunSince is when the oldest step was begun that has not ended.
func (o *ongoing) begunSince() time.Time {
	o.mu.Lock()
	steps := o.steps
	o.mu.Unlock()
	if steps == nil {
		return time.Time{}
	}
	return steps.oldest().UTC()
}

// begunUpTo says how far an earlier run has begun what it did not end.
func (o *ongoing) begunUpTo(last uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.redone = last
}

// begin begins a step, when the rate allows it if something is to be done in it.
func (o *ongoing) begin(ctx context.Context, at uint64, size, parts int, t tally) (*step, error) {
	if parts > 0 && o.pace != nil {
		if err := o.pace.Wait(ctx); err != nil {
			return nil, err
		}
	}
	return o.steps.begin(ctx, at, size, parts, t)
}

// pass is a step in which there is nothing to do.
func (o *ongoing) pass(ctx context.Context, at uint64, t tally) error {
	_, err := o.begin(ctx, at, 0, 0, t)
	return err
}

// insist tries to read until it works, and gives up after some time.
func (o *ongoing) insist(ctx context.Context, read func() error) error {
	for tries := 1; ; tries++ {
		err := read()
		if err == nil || ctx.Err() != nil || tries == operationTries || errors.Is(err, errEnough) {
			return err
		}
		o.change(func(op *Operation) { op.Error = err.Error() })
		if !pause(ctx, operationAgain) {
			return err
		}
	}
}

// errEnough ends a walk early.
var errEnough = errors.New("enough was seen")
