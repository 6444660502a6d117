package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/plan"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// filePlan compares two rule sets over the lines of a file, with several workers.
//
//	reader ─► parts of the file ─► workers, each with a tally ─► one report
//
// What is counted does not depend on which worker had which line.
type filePlan struct {
	flags   *planFlags
	change  *plan.Change
	lines   matching // its reader
	workers int

	done, differing atomic.Int64 // lines that were read; those that differ
	bytes           atomic.Int64

	mu    sync.Mutex
	first inputFault // of the lines that are no events, the first
}

// inputFault is a line that is no event.
type inputFault struct {
	line int
	why  string
}

// overFile compares the sets over a file of events.
func (f *planFlags) overFile(ctx context.Context, sets planSets, stdin io.Reader, talk *planTalk) (*plan.Report, error) {
	from, size, err := openEvents(f.events, stdin)
	if err != nil {
		return nil, failed(err)
	}
	defer from.Close()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	p := &filePlan{flags: f, change: plan.New(sets.old.loaded, sets.new.loaded), workers: runtime.GOMAXPROCS(0)}
	p.lines.name = shownEvents(f.events)
	return p.run(ctx, from, size, talk)
}

func (p *filePlan) run(ctx context.Context, from io.Reader, size int64, talk *planTalk) (*plan.Report, error) {
	began := time.Now()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	read := p.read(reading, from)
	tallies := make([]*plan.Tally, p.workers)
	var workers sync.WaitGroup
	for i := range tallies {
		tallies[i] = p.change.NewTally(p.flags.examples)
		workers.Go(func() { p.work(reading, stop, tallies[i]) })
	}
	p.wait(&workers, size, talk)
	enough := p.flags.limit > 0 && uint64(p.done.Load()) >= p.flags.limit
	if ctx.Err() == nil && !enough {
		if err := <-read; err != nil && !errors.Is(err, context.Canceled) {
			return nil, failed(err)
		}
	}
	for _, t := range tallies[1:] {
		tallies[0].Merge(t)
	}
	return p.report(tallies[0], ctx.Err() != nil, time.Since(began))
}

// read hands out the file in parts, as `wye match` does.
func (p *filePlan) read(ctx context.Context, from io.Reader) <-chan error {
	p.lines.parts = make(chan *inputPart)
	p.lines.used = make(chan *inputPart, 2*p.workers)
	for range cap(p.lines.used) {
		p.lines.used <- &inputPart{}
	}
	read := make(chan error, 1)
	// Not waited for when the run is interrupted: a read of standard input
	// cannot be broken off.
	go func() { read <- p.lines.read(ctx, from) }()
	return read
}

// wait draws how far it is until all workers are done.
func (p *filePlan) wait(workers *sync.WaitGroup, size int64, talk *planTalk) {
	done := make(chan struct{})
	go func() { workers.Wait(); close(done) }()
	tick := time.NewTicker(redrawAfter)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			talk.progress(p.progress(size))
		}
	}
}

// progress is how far it is; how many events there are is known from how many
// bytes they took so far.
func (p *filePlan) progress(size int64) router.PlanProgress {
	at := router.PlanProgress{Done: uint64(p.done.Load()), Differing: uint64(p.differing.Load())}
	if read := p.bytes.Load(); read > 0 && size > read {
		at.Of = uint64(float64(at.Done) * float64(size) / float64(read))
	}
	return at
}

func (p *filePlan) work(ctx context.Context, stop func(), t *plan.Tally) {
	for {
		select {
		case part, ok := <-p.lines.parts:
			if !ok {
				return
			}
			if p.part(ctx, part, t) {
				stop()
			}
			p.lines.used <- part
		case <-ctx.Done():
			return
		}
	}
}

// part compares over some lines. It tells whether there are enough.
func (p *filePlan) part(ctx context.Context, part *inputPart, t *plan.Tally) (enough bool) {
	before, _ := t.Differing()
	for i, line := range part.lines {
		n := part.first + i
		if limit := p.flags.limit; limit > 0 && uint64(n) > limit {
			enough = true
			break
		}
		if ctx.Err() != nil && p.flags.limit == 0 {
			break
		}
		p.line(n, line, t)
	}
	after, _ := t.Differing()
	p.differing.Add(int64(after - before))
	for read := p.bytes.Load(); read < part.end && !p.bytes.CompareAndSwap(read, part.end); read = p.bytes.Load() {
	}
	return enough
}

func (p *filePlan) line(n int, line inputLine, t *plan.Tally) {
	p.done.Add(1)
	ev, why := eventOfLine(line)
	switch {
	case ev == nil:
		t.Unreadable()
		p.fault(n, why)
	case plan.Sampled(ev, p.flags.sample):
		at, _ := ev.Timestamp()
		t.Add(ev, plan.Seen{Number: uint64(n), At: at})
	}
}

// eventOfLine is the event of a line, or why there is none.
func eventOfLine(line inputLine) (*event, string) {
	if line.why != "" {
		return nil, line.why
	}
	evs, _, err := cloudevent.Parse(structuredHeader, line.text)
	if err == nil {
		return evs[0], ""
	}
	if inside, ok := sender.InDeadLetter(line.text); ok {
		if evs, _, err = cloudevent.Parse(structuredHeader, inside); err == nil {
			return evs[0], ""
		}
	}
	return nil, err.Error()
}

func (p *filePlan) fault(n int, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first.line == 0 || n < p.first.line {
		p.first = inputFault{n, why}
	}
}

func (p *filePlan) report(t *plan.Tally, partial bool, took time.Duration) (*plan.Report, error) {
	done := uint64(p.done.Load())
	r := t.Report(plan.ReportOptions{
		Traffic: plan.Traffic{From: plan.FromFile, Looked: done, Sample: p.flags.sample, Took: took.Seconds()},
		Partial: partial, All: p.flags.all,
	})
	if !partial {
		r.Traffic.Of = done
	}
	if p.first.line > 0 {
		fault := fmt.Sprintf("%s:%d is no event: %s", p.lines.name, p.first.line, plain(p.first.why, 300))
		if r.Traffic.Unreadable == done {
			return nil, failed(errors.New(fault))
		}
		r.Notes = append(r.Notes, fault)
	}
	return r, nil
}
