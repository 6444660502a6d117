package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/wye-events/wye/rules"
)

// matching runs lines through a rule set with several workers, and writes the
// answers in the order of the lines.
//
//	reader ─► part 1, part 2, … ─► workers ─► each part's answers, in its turn ─► out
//
// A part has its turn when all before it are done. Parts are taken in order, so
// that there is always a worker whose turn it is, and memory is bounded by the
// number of parts that there are.
type matching struct {
	matcher *rules.Matcher
	at      time.Time        // at which the events are taken to be accepted
	name    string           // of the input, for errors
	workers int              // default all processors
	out     io.Writer        // nil where only counts are wanted
	after   func(matchTally) // called now and then, in turn

	parts, used chan *inputPart
	stop        context.CancelCauseFunc

	// For whoever has the turn.
	tally matchTally
	err   error // nothing is written after it

	mu      sync.Mutex
	perRule map[*rules.CompiledRule]*ruleTally
}

// errInterrupted ends a run before its input ends.
var errInterrupted = errors.New("interrupted")

// run goes through the whole input. What was counted and written before an
// error is right, and ends with a whole line.
func (m *matching) run(ctx context.Context, from io.Reader) (matchTally, error) {
	if m.workers == 0 {
		m.workers = runtime.GOMAXPROCS(0)
	}
	ctx, m.stop = context.WithCancelCause(ctx)
	defer m.stop(nil)
	m.perRule = map[*rules.CompiledRule]*ruleTally{}
	m.parts = make(chan *inputPart)
	m.used = make(chan *inputPart, 2*m.workers)
	for range cap(m.used) {
		m.used <- &inputPart{}
	}
	read := make(chan error, 1)
	// Not waited for when the run is interrupted: a read of standard input
	// cannot be broken off.
	go func() { read <- m.read(ctx, from) }()

	var workers sync.WaitGroup
	for range m.workers {
		workers.Go(func() { m.work(ctx) })
	}
	workers.Wait()
	switch {
	case m.err != nil:
		return m.tally, m.err
	case ctx.Err() != nil:
		return m.tally, errInterrupted
	}
	return m.tally, <-read
}

// read hands out the input in parts.
func (m *matching) read(ctx context.Context, from io.Reader) error {
	defer close(m.parts)
	lines := lineReader{from: from}
	first := make(chan struct{})
	close(first)
	turn := (<-chan struct{})(first)
	for {
		var p *inputPart
		select {
		case p = <-m.used:
		case <-ctx.Done():
			return ctx.Err()
		}
		err := lines.next(p)
		p.turn, p.done = turn, make(chan struct{})
		turn = p.done
		select {
		case m.parts <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
		switch {
		case ended(err):
			return nil
		case err != nil:
			return fmt.Errorf("%s: it cannot be read after %s: %w", m.name, count(lines.number, "event"), err)
		}
	}
}

// work takes parts until there are no more. A part that was taken is always
// brought to its end, because others wait for that.
func (m *matching) work(ctx context.Context) {
	w := matchWorker{m: m, perRule: map[*rules.CompiledRule]*ruleTally{}}
	defer w.merge()
	for {
		select {
		case p, ok := <-m.parts:
			if !ok {
				return
			}
			w.part(ctx, p)
			m.used <- p
		case <-ctx.Done():
			return
		}
	}
}

// ruleTallies are all rules in order of name.
func (m *matching) ruleTallies() []ruleTally {
	all := make([]ruleTally, 0, len(m.matcher.Rules()))
	for _, rule := range m.matcher.Rules() {
		t := ruleTally{Rule: rule}
		if counted := m.perRule[rule]; counted != nil {
			t = *counted
		}
		all = append(all, t)
	}
	return all
}
