package router

import (
	"context"
	"fmt"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/plan"
	"github.com/wye-events/wye/rules"
)

// PlanRequest asks what a changed rule set would have done to events of the
// archive.
type PlanRequest struct {
	Rules []rules.Source // the new set
	Old   []rules.Source // what to compare it with; the set in force where there is none
	// Commit and OldCommit are the commits that the files came from, where they
	// came from Git.
	Commit, OldCommit string
	// Since and Until are the first and the last event; all that are kept where
	// they are empty.
	Since, Until Moment
	Sample       float64 // the share of the events that is compared, by their sources and ids; 0 for all
	Limit        uint64  // only the newest so many; 0 for no bound
	Examples     int     // events that are shown of each difference
	All          bool    // tell also of rules and targets without a difference

	// Progress is told now and then how far it is, and Interim what was found so
	// far; an error of theirs ends the plan.
	Progress func(PlanProgress) error
	Interim  func(*plan.Report) error
}

// PlanProgress is how far a plan is.
type PlanProgress struct {
	Done      uint64 `json:"done"`      // events
	Of        uint64 `json:"of"`        // events
	Differing uint64 `json:"differing"` // of those that were compared, not scaled
}

// PlanRulesError says that a rule set of a plan does not load.
type PlanRulesError struct {
	Which    string // "new" or "old"
	Problems rules.Problems
}

func (e *PlanRulesError) Error() string {
	return fmt.Sprintf("the %s rules do not load: %s", e.Which, firstError(e.Problems))
}

// Bounds of the examples of a plan.
const (
	planExamplesMost = 100
	planTellEvery    = 250 * time.Millisecond
	planShowFirst    = 500 * time.Millisecond
	planShowEvery    = 2 * time.Second
)

// Plan compares a new rule set with an old one over events of the archive, beside
// live traffic: it takes one goroutine, and the memory that its report takes.
// A request that cannot be is a [*RequestError] or a [*PlanRulesError].
func (r *Router) Plan(ctx context.Context, req PlanRequest) (*plan.Report, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	old, new, err := r.planSets(req)
	if err != nil {
		return nil, err
	}
	p := &planning{r: r, req: req, began: time.Now()}
	if err := p.window(ctx); err != nil {
		return nil, err
	}
	p.tally = plan.New(old, new).NewTally(req.Examples)
	if err := p.walk(ctx); err != nil {
		return nil, err
	}
	return p.report(false), nil
}

func (q *PlanRequest) check() error {
	switch {
	case len(q.Rules) == 0:
		return badRequest("say what the new rules are: rules")
	case q.Sample < 0 || q.Sample > 1 || q.Sample != q.Sample:
		return badRequest("sample %v: expected a share of the events, more than 0 and at most 1", q.Sample)
	case q.Examples < 0 || q.Examples > planExamplesMost:
		return badRequest("examples %d: expected a number from 0 to %d", q.Examples, planExamplesMost)
	case q.Since.Sequence > 0 && q.Until.Sequence > 0 && q.Since.Sequence > q.Until.Sequence,
		!q.Since.At.IsZero() && !q.Until.At.IsZero() && q.Since.At.After(q.Until.At):
		return badRequest("the window ends before it begins")
	case q.Since.At.After(time.Now()):
		return badRequest("the window begins in the future, at %s; a plan looks at events that came", q.Since.At.UTC().Format(time.RFC3339))
	}
	if q.Sample == 0 {
		q.Sample = 1
	}
	return nil
}

// planSets loads the sets. One loader does it, so that what they have in common is
// compiled once.
func (r *Router) planSets(req PlanRequest) (old, new plan.Set, err error) {
	var loader rules.Loader
	load := func(which, commit string, files []rules.Source) (plan.Set, error) {
		set, matcher, problems := loader.LoadCommit(commit, "", files...)
		if problems.HasErrors() {
			return plan.Set{}, &PlanRulesError{which, problems}
		}
		return plan.Set{Rules: set, Matcher: matcher}, nil
	}
	if len(req.Old) > 0 {
		if old, err = load("old", req.OldCommit, req.Old); err != nil {
			return old, new, err
		}
	} else {
		set := r.set.Load()
		old = plan.Set{Rules: set.source, Matcher: set.matcher}
	}
	new, err = load("new", req.Commit, req.Rules)
	return old, new, err
}

// planning is a plan that is being made.
type planning struct {
	r     *Router
	req   PlanRequest
	tally *plan.Tally
	began time.Time

	from, to uint64
	begin    time.Time // of the time over which averages are taken; zero: the first event
	end      time.Time
	notes    []string

	looked             uint64
	now                time.Time // of the event that was looked at last
	progressed, showed time.Time
	pause              time.Duration // until the next interim report
}

// window finds the events.
func (p *planning) window(ctx context.Context) error {
	archive, err := p.r.bus.Archive(ctx)
	if err != nil {
		return err
	}
	p.from, p.to = archive.First, archive.Last
	p.begin, p.end = archive.FirstAt, p.began
	if p.req.Since != (Moment{}) {
		seq, err := p.r.sequenceOf(ctx, p.req.Since, 0)
		if err != nil {
			return err
		}
		p.since(seq, archive)
	}
	if p.req.Until != (Moment{}) {
		until, err := p.r.sequenceOf(ctx, p.req.Until, 1)
		if err != nil {
			return err
		}
		p.to = min(p.to, until)
		if at := p.req.Until.At; !at.IsZero() && at.Before(p.end) {
			p.end = at
		} else if at.IsZero() {
			p.end = time.Time{}
		}
	}
	if n := p.req.Limit; n > 0 && p.to >= p.from && p.to-p.from >= n {
		p.from, p.begin = p.to-n+1, time.Time{}
	}
	return nil
}

// since begins the window, at the beginning of the archive at the earliest.
func (p *planning) since(seq uint64, archive bus.Archive) {
	at := p.req.Since.At
	early := at.Before(archive.FirstAt) && !at.IsZero() || at.IsZero() && seq < archive.First
	switch {
	case early && archive.First > 1:
		p.notes = append(p.notes, fmt.Sprintf("events before %s are not kept any more", archive.FirstAt.UTC().Format(time.RFC3339)))
	case !early:
		p.from, p.begin = max(seq, archive.First), at
	}
}

// planBatch is how many events are read at once, while those before are compared.
const planBatch = 512

// walk compares the events of the window. Another goroutine reads ahead, by two
// batches at most: half of the time goes into reading.
func (p *planning) walk(ctx context.Context) error {
	p.progressed, p.showed, p.pause = p.began, p.began, planShowFirst
	reading, stop := context.WithCancel(ctx)
	batches, read := make(chan []bus.Record, 1), make(chan error, 1)
	go func() {
		defer close(batches)
		read <- p.read(reading, batches)
	}()
	next, err := p.compare(ctx, batches)
	stop()
	for range batches { // until the reader is done
	}
	if readErr := <-read; err == nil {
		err = readErr
	}
	if err == nil {
		err = p.absent(ctx, next, p.to+1)
	}
	return cmpErr(err, ctx)
}

// read reads the window.
func (p *planning) read(ctx context.Context, batches chan<- []bus.Record) error {
	var batch []bus.Record
	hand := func() error {
		select {
		case batches <- batch:
			batch = make([]bus.Record, 0, planBatch)
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	err := p.r.bus.WalkEvents(ctx, p.from, p.to, func(rec bus.Record) error {
		if batch = append(batch, rec); len(batch) < planBatch {
			return nil
		}
		return hand()
	})
	if err != nil {
		return err
	}
	return hand()
}

// compare compares what is read, and gives the sequence after the last.
func (p *planning) compare(ctx context.Context, batches <-chan []bus.Record) (next uint64, err error) {
	next = p.from
	for batch := range batches {
		for i := range batch {
			rec := &batch[i]
			if err := p.absent(ctx, next, rec.Sequence); err != nil {
				return next, err
			}
			next = rec.Sequence + 1
			p.event(rec)
			if p.looked%64 != 0 {
				continue
			}
			if err := p.tell(ctx); err != nil {
				return next, err
			}
		}
	}
	return next, nil
}

func (p *planning) event(rec *bus.Record) {
	p.looked++
	p.now = rec.Time
	ev, err := eventOf(rec)
	switch {
	case err != nil:
		p.tally.Unreadable()
	case plan.Sampled(ev.Event, p.req.Sample):
		p.tally.Add(ev.Event, plan.Seen{Number: rec.Sequence, At: ev.at})
	}
}

// absent counts events that were not among those read. Those that were trimmed
// from the archive meanwhile are not.
func (p *planning) absent(ctx context.Context, from, to uint64) error {
	if from >= to {
		return nil
	}
	archive, err := p.r.bus.Archive(ctx)
	if err != nil {
		return err
	}
	for seq := max(from, archive.First); seq < to; seq++ {
		p.looked++
		p.tally.Unreadable()
	}
	return nil
}

// tell tells how far it is, and sometimes what was found.
func (p *planning) tell(ctx context.Context) error {
	now := time.Now()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if p.req.Progress != nil && now.Sub(p.progressed) >= planTellEvery {
		p.progressed = now
		differing, _ := p.tally.Differing()
		if err := p.req.Progress(PlanProgress{Done: p.looked, Of: p.of(), Differing: differing}); err != nil {
			return err
		}
	}
	if p.req.Interim == nil || now.Sub(p.showed) < p.pause {
		return nil
	}
	err := p.req.Interim(p.report(true))
	p.showed = time.Now()
	p.pause = max(planShowEvery, 20*p.showed.Sub(now)) // most of the time is for events
	return err
}

func (p *planning) of() uint64 { return p.to + 1 - min(p.from, p.to+1) }

func (p *planning) report(partial bool) *plan.Report {
	t := plan.Traffic{
		From: plan.FromArchive, Since: p.req.Since.At.UTC(), Until: p.req.Until.At.UTC(), Of: p.of(), Looked: p.looked,
		Sample: p.req.Sample, Took: time.Since(p.began).Seconds(),
	}
	end := p.end
	if partial || end.IsZero() {
		end = p.now
	}
	if !p.begin.IsZero() && !end.IsZero() {
		t.Seconds = max(end.Sub(p.begin), time.Second).Seconds()
	}
	return p.tally.Report(plan.ReportOptions{Traffic: t, Partial: partial, All: p.req.All, Notes: p.notes})
}
