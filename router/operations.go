package router

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"strings"
	"sync"
	"time"
)

const (
	operationsKept = 100 // of those that are done or failed
	operationsMost = 8   // that run at once
)

// operations are those that are kept, and those that run.
type operations struct {
	r   *Router
	ctx context.Context // ends when the router stops
	end context.CancelFunc

	mu      sync.Mutex
	all     map[string]*ongoing
	stopped bool
	runs    sync.WaitGroup
}

// openOperations reads what is kept and goes on with what ran.
func openOperations(ctx context.Context, r *Router) (*operations, error) {
	s := &operations{r: r, all: map[string]*ongoing{}}
	s.ctx, s.end = context.WithCancel(context.Background())
	kept, err := r.bus.Operations(ctx)
	if err != nil {
		return nil, err
	}
	for id, text := range kept {
		o := &ongoing{r: r}
		if err := json.Unmarshal(text, &o.op); err != nil || o.op.ID != id {
			r.log.Warn("what is kept of an operation cannot be read; it is left alone", "operation", id, "error", err)
			continue
		}
		s.all[id] = o
	}
	for _, o := range s.all {
		if o.op.State == OperationRunning {
			s.goOn(o)
		}
	}
	return s, nil
}

// goOn runs an operation of an earlier run of the server.
func (s *operations) goOn(o *ongoing) {
	do, err := s.r.workOf(&o.op)
	if err == nil {
		s.launch(o, do)
		return
	}
	o.op.State, o.op.Error, o.op.Ended = OperationFailed, err.Error(), time.Now().UTC()
	o.write(func(error) {})
}

// workOf is the work of an operation; the error says what is wrong with its request.
func (r *Router) workOf(op *Operation) (work, error) {
	if op.Kind == OperationReplay {
		return r.replayWork(op)
	}
	return r.letterWork(op)
}

// start starts an operation and gives it as it begins.
func (s *operations) start(ctx context.Context, op Operation) (Operation, error) {
	do, err := s.r.workOf(&op)
	if err != nil {
		return op, err
	}
	op.State, op.Started = OperationRunning, time.Now().UTC()
	o := &ongoing{r: s.r, op: op}
	if err := s.take(o); err != nil {
		return op, err
	}
	if err := o.save(ctx); err != nil {
		s.mu.Lock()
		delete(s.all, o.op.ID)
		s.mu.Unlock()
		return op, err
	}
	s.launch(o, do)
	return o.snapshot(), nil
}

// take gives a new operation its id and its place.
func (s *operations) take(o *ongoing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayRun(o); err != nil {
		return err
	}
	for o.op.ID = operationID(o.op.Started); s.all[o.op.ID] != nil; {
		o.op.ID = operationID(o.op.Started)
	}
	s.all[o.op.ID] = o
	return nil
}

// mayRun says what keeps an operation from running now. Only one deals with dead
// letters at a time: two would get in each other's way. s.mu is held.
func (s *operations) mayRun(o *ongoing) error {
	if s.stopped {
		return ErrStopping
	}
	running := 0
	for _, other := range s.all {
		op := other.snapshot()
		if op.State != OperationRunning {
			continue
		}
		if running++; op.Letters != nil && o.op.Letters != nil {
			return conflict("the %s %s deals with dead letters now; wait for its end, or stop it", op.Kind, op.ID)
		}
	}
	if running >= operationsMost {
		return conflict("%d operations run now, as many as may; wait for the end of one, or stop it", running)
	}
	return nil
}

// launch runs an operation in the background. It does not where the router
// stops: then the next start does.
func (s *operations) launch(o *ongoing, do work) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	ctx := o.prepare(s.ctx)
	s.runs.Go(func() {
		o.run(ctx, do)
		s.forgetOld()
	})
}

// operationID is a new id: of ten letters and digits, the first seven of which
// are the time, so that it is never that of another and later ones sort behind.
func operationID(now time.Time) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(now.Unix())<<29)
	var chance [3]byte
	rand.Read(chance[:])
	b[4] |= chance[0] & 0x1f
	b[5], b[6] = chance[1], chance[2]
	return idLetters.EncodeToString(b[:])[:10]
}

var idLetters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// forgetOld removes the oldest of those that have ended.
func (s *operations) forgetOld() {
	ended := []Operation{}
	for _, op := range s.list() {
		if op.finished() {
			ended = append(ended, op)
		}
	}
	for _, op := range ended[min(len(ended), operationsKept):] {
		if err := s.r.bus.DropOperation(s.ctx, op.ID); err != nil {
			s.r.log.Warn("an old operation is still kept", "error", err)
			return
		}
		s.mu.Lock()
		delete(s.all, op.ID)
		s.mu.Unlock()
	}
}

// list is what is kept, the newest first.
func (s *operations) list() []Operation {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Operation, 0, len(s.all))
	for _, o := range s.all {
		all = append(all, o.snapshot())
	}
	newestFirst(all)
	return all
}

// find finds an operation by its id or what it alone begins with.
func (s *operations) find(id string) (*ongoing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.all[id]; o != nil {
		return o, nil
	}
	var found *ongoing
	for name, o := range s.all {
		if id != "" && strings.HasPrefix(name, id) {
			if found != nil {
				return nil, ErrNoOperation
			}
			found = o
		}
	}
	if found == nil {
		return nil, ErrNoOperation
	}
	return found, nil
}

// stop ends what runs; what is begun has a moment to end. The next start goes on.
func (s *operations) stop(ctx context.Context) {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.end()
	await(ctx, s.runs.Wait)
}

// Operations are the operations that are kept, the newest first: those that run
// or were stopped, and the newest 100 that ended.
func (r *Router) Operations() []Operation { return r.operations.list() }

// Operation is the operation of an id, or [ErrNoOperation].
func (r *Router) Operation(id string) (Operation, error) {
	o, err := r.operations.find(id)
	if err != nil {
		return Operation{}, err
	}
	return o.snapshot(), nil
}

// StopOperation stops one that runs; what it has begun it ends.
func (r *Router) StopOperation(ctx context.Context, id string) (Operation, error) {
	o, err := r.operations.find(id)
	if err != nil {
		return Operation{}, err
	}
	o.mu.Lock()
	over := o.over
	if o.op.State != OperationRunning || over == nil {
		o.mu.Unlock()
		return o.snapshot(), conflict("the operation %s does not run: it is %s", o.op.ID, o.op.State)
	}
	o.asked = true
	o.cancel()
	o.mu.Unlock()
	select {
	case <-over:
	case <-ctx.Done():
	}
	return o.snapshot(), nil
}

// ResumeOperation lets one go on that was stopped or failed, from where it was.
func (r *Router) ResumeOperation(ctx context.Context, id string) (Operation, error) {
	s := r.operations
	o, err := s.find(id)
	if err != nil {
		return Operation{}, err
	}
	was := o.snapshot()
	do, err := r.workOf(&was)
	if err != nil {
		return was, err
	}
	if err := s.claim(o); err != nil {
		return was, err
	}
	if err := o.save(ctx); err != nil {
		o.change(func(op *Operation) { op.State = was.State })
		return was, err
	}
	s.launch(o, do)
	return o.snapshot(), nil
}

// claim marks a stopped operation as running.
func (s *operations) claim(o *ongoing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op := o.snapshot(); op.State != OperationStopped && op.State != OperationFailed {
		return conflict("the operation %s cannot be resumed: it is %s", op.ID, op.State)
	}
	if err := s.mayRun(o); err != nil {
		return err
	}
	o.change(func(op *Operation) { op.State = OperationRunning })
	return nil
}
