package router

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/rules"
)

// LettersRequest asks for a redrive or a discard.
type LettersRequest struct {
	LetterSelection
	Rate float64 `json:"rate,omitempty"` // letters a second, of a redrive; 0 for no bound
}

// rateMost is the fastest that can be asked for; more is no bound at all.
const rateMost = 1e6

// letterOperation is what is asked for.
func (r *Router) letterOperation(ctx context.Context, kind OperationKind, q LettersRequest) (op Operation, err error) {
	if err := q.check(); err != nil {
		return op, err
	}
	if err := checkRate(q.Rate); err != nil {
		return op, err
	}
	if kind == OperationDiscard && q.Rate != 0 {
		return op, badRequest("rate %v: discarding goes to no target, so it has no rate; leave it out", q.Rate)
	}
	if _, err := q.filter(); err != nil {
		return op, err
	}
	if err := r.lettersFor(ctx, q.Target); err != nil {
		return op, err
	}
	last, err := r.bus.LastDead(ctx)
	selection := q.LetterSelection
	return Operation{Kind: kind, Letters: &selection, Rate: q.Rate, From: sinceNumbers, Until: last}, err
}

// lettersFor refuses a target that is neither in the rules nor has dead letters: the
// operation would be empty.
func (r *Router) lettersFor(ctx context.Context, target string) error {
	if target == "" || r.noWay(target) == "" {
		return nil
	}
	counts, err := r.bus.DeadCounts(ctx)
	if err != nil || counts[target] > 0 {
		return err
	}
	known := append(targetNames(r.set.Load().source), slices.Sorted(maps.Keys(counts))...)
	slices.Sort(known)
	text := fmt.Sprintf("target %q is not in the rules and has no dead letters", target)
	if hint := rules.NearestName(target, slices.Compact(known), "there are"); hint != "" {
		text += "; " + hint
	}
	return badRequest("%s", text)
}

func checkRate(r float64) error {
	if r < 0 || r > rateMost || r != r {
		return badRequest("rate %v: expected a number a second, more than 0 and at most %d; without one there is no bound", r, int(rateMost))
	}
	return nil
}

// Redrive begins to give dead letters back to their targets: each goes into the
// backlog of its target with its attempts counted anew and its delivery id kept.
// Letters that come later are not touched.
func (r *Router) Redrive(ctx context.Context, q LettersRequest) (Operation, error) {
	return r.startLetters(ctx, OperationRedrive, q)
}

// Discard begins to remove dead letters.
func (r *Router) Discard(ctx context.Context, q LettersRequest) (Operation, error) {
	return r.startLetters(ctx, OperationDiscard, q)
}

func (r *Router) startLetters(ctx context.Context, kind OperationKind, q LettersRequest) (Operation, error) {
	op, err := r.letterOperation(ctx, kind, q)
	if err != nil {
		return op, err
	}
	return r.operations.start(ctx, op)
}

// letterWork deals with dead letters, one after the other:
//
//	its record (redriven) durable ─► its entry in the backlog durable ─► removed
//
// The record is durable before there is an entry, so what becomes of the entry is
// told behind it, and whoever finds the entry after a crash finds the record too
// (see [begun]): told once more, behind the entry's end, it would be the last word
// on a delivery that does not wait any more. A power cut may bring
// back a letter that was removed: then it is there to be redriven again, with
// the same delivery id.
type letterWork struct {
	r      *Router
	kind   OperationKind
	filter *letterFilter
	// again is from when on records tell what an earlier run has begun; zero
	// where it left nothing unfinished.
	again   time.Time
	begun   map[uint64]begun
	removal chan removal
}

// removal is a dead letter that is to be removed, and the step that it ends.
type removal struct {
	number uint64
	target string
	step   *step
}

func (r *Router) letterWork(op *Operation) (work, error) {
	filter, err := op.Letters.filter()
	if err != nil {
		return nil, err
	}
	w := &letterWork{r: r, kind: op.Kind, filter: filter, again: op.Begun}
	return w.run, nil
}

func (w *letterWork) run(ctx context.Context, o *ongoing) error {
	op := o.snapshot()
	if err := w.remember(ctx, o, op.Cursor); err != nil {
		return err
	}
	w.removal = make(chan removal, stepsMost)
	removing, quit := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(removing)
		w.remove(quit)
	}()
	next := max(op.From, op.Cursor+1)
	err := o.insist(ctx, func() error {
		return w.filter.each(ctx, w.r.bus, next, op.Until, func(rec bus.Record) error {
			err := w.letter(ctx, o, rec)
			next = rec.Sequence + 1
			return err
		})
	})
	o.drain(ctx, err)
	close(quit)
	<-removing
	if err == nil {
		w.uncounted(o)
	}
	return err
}

// remember finds out what an earlier run has begun beyond the cursor.
func (w *letterWork) remember(ctx context.Context, o *ongoing, cursor uint64) error {
	if w.again.IsZero() {
		return nil
	}
	err := o.insist(ctx, func() (err error) {
		w.begun, err = w.r.begunSince(ctx, w.again, cursor)
		return err
	})
	last := uint64(0)
	for number := range w.begun {
		last = max(last, number)
	}
	o.begunUpTo(last)
	return err
}

// letter deals with one dead letter.
func (w *letterWork) letter(ctx context.Context, o *ongoing, rec bus.Record) error {
	d, selected, err := w.filter.judge(rec)
	switch {
	case err != nil:
		return o.pass(ctx, rec.Sequence, tally{looked: 1, failed: 1, why: []string{conditionFailed(err)}})
	case !selected:
		return o.pass(ctx, rec.Sequence, tally{looked: 1})
	}
	if why := w.r.leaves(w.kind, &d); why != "" {
		return o.pass(ctx, rec.Sequence, tally{looked: 1, matched: 1, skipped: 1, why: []string{why}})
	}
	st, err := o.begin(ctx, rec.Sequence, len(rec.Data), 1, tally{looked: 1, matched: 1})
	if err != nil {
		return err
	}
	before := w.begun[rec.Sequence]
	delete(w.begun, rec.Sequence)
	gone := removal{rec.Sequence, bus.DeadTarget(rec), st}
	switch {
	case d.err != nil || before == ended: // there is no delivery to tell of, or all is told
		w.removal <- gone
	case w.kind == OperationDiscard:
		w.r.outcomes.add(letterRecord(&d, outcomeDiscarded), func() { w.removal <- gone })
	default:
		w.redrive(ctx, &d, gone, before)
	}
	return nil
}

// uncounted counts what an earlier run had done when it was cut off: there are
// records of dead letters that are not there any more.
func (w *letterWork) uncounted(o *ongoing) {
	n := uint64(len(w.begun))
	o.change(func(op *Operation) { op.add(&tally{looked: n, matched: n, done: n}) })
}

// noWay says why nothing can be given to a target, or nothing.
func (r *Router) noWay(target string) string {
	if r.laneWithTarget(target) == nil {
		return (&NoTargetError{target}).Error()
	}
	return ""
}

// laneWithTarget is the lane of a target of the rules in force, or nil.
func (r *Router) laneWithTarget(name string) *lane {
	r.lanesMu.Lock()
	l := r.lanes[name]
	r.lanesMu.Unlock()
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.handle == nil {
		return nil
	}
	return l
}

// redrive gives one letter back to its target.
func (w *letterWork) redrive(ctx context.Context, d *found, gone removal, before begun) {
	l := d.letter.anew(time.Now())
	id := letterID(deliveryID(l.Sequence, l.Rule, l.Target, l.Replay), d.event, l.Redriven, 0)
	deposit := func() {
		w.deposit(ctx, d, l, id, false, gone.step, func() { w.removal <- gone })
	}
	if before == recorded {
		deposit()
		return
	}
	w.r.outcomes.add(letterRecord(d, outcomeRedriven), deposit)
}

// deposit tries until the store takes the letter, its target is gone or ctx ends.
func (w *letterWork) deposit(ctx context.Context, d *found, l letter, id string, again bool, st *step, durable func()) {
	w.r.deposit(l, d.event, id, again, func(_ bus.Receipt, err error) {
		var none *NoTargetError
		switch {
		case err == nil:
			durable()
		case errors.As(err, &none):
			// It was there a moment ago, and the record says redriven: one behind it takes that back.
			w.r.outcomes.add(letterRecord(d, outcomeDead), nil)
			st.end(noteSkipped(none.Error()))
		case errors.Is(err, bus.ErrClosed) || ctx.Err() != nil: // the next run does it
		default:
			w.r.log.Error("the store did not take a dead letter back; trying again", "number", d.Sequence, "error", err)
			time.AfterFunc(storeAgain, func() { w.deposit(ctx, d, l, id, true, st, durable) })
		}
	})
}

// anew is the letter of a delivery that begins again. Its attempts so far stay in
// it; its time and their number count from now.
func (l letter) anew(now time.Time) letter {
	l.First, l.At, l.Due, l.Expires = now, now, time.Time{}, time.Time{}
	l.Reason, l.Error, l.Tried = "", "", 0
	l.Redriven++
	return l
}

// letterRecord is the line of the history about a dead letter.
func letterRecord(d *found, how outcome) outcomeRecord {
	l := &d.letter
	return outcomeRecord{
		sequence: l.Sequence, rule: l.Rule, target: l.Target, outcome: how, attempts: l.Tried,
		first: l.First.UnixMilli(), at: time.Now().UnixMilli(), version: l.Version, status: lastStatus(l.Attempts), dead: d.Sequence, replay: l.Replay,
	}
}

// removers is how many dead letters are removed at once.
const removers = 4

// remove removes dead letters whose records and entries are durable, until quit.
func (w *letterWork) remove(quit <-chan struct{}) {
	var all tasks
	for range removers {
		all.run(func() {
			for {
				select {
				case <-quit:
					return
				case gone := <-w.removal:
					if w.removed(quit, gone) {
						w.r.deadAcct.handled.WithLabelValues(gone.target, string(w.kind)).Inc()
						gone.step.end(noteDone)
					}
				}
			}
		})
	}
	all.stop()
}

// removed removes one, and tries until that works or quit.
func (w *letterWork) removed(quit <-chan struct{}, gone removal) bool {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), operationDrain)
		err := w.r.bus.Unbury(ctx, gone.number)
		cancel()
		if err == nil {
			return true
		}
		w.r.log.Warn("a dead letter could not be removed; trying again", "number", gone.number, "error", err)
		select {
		case <-quit:
			return false
		case <-time.After(storeAgain):
		}
	}
}
