package router

import (
	"context"
	"fmt"
	"time"
)

// An audit proves for a stretch of the archive that every event that was
// accepted ended as it must. Two sums have to hold:
//
//	events accepted     = unmatched + matched + unreadable + undecided + unknown
//	deliveries expected = delivered + dead-lettered + expired + dropped
//	                      + waiting + under way + unaccounted
//
// and unknown and unaccounted have to be 0. The left sides come from the archive
// alone: every event is matched again, with the rule set that decided it. The
// right sides come from what was written down of each delivery, and for those of
// which nothing was, from where they are now. So nothing is proved by a counter.
//
// It is exact while Wye runs, for it looks in the order in which things move
// (see [audit.look]): the end of the stretch is set first, and an event above
// the floor may be under way, one below it may not.

// AuditBound is an end of a stretch of the archive: a sequence, or a moment. With
// neither it is the end of what is kept.
type AuditBound struct {
	Sequence uint64
	Time     time.Time
}

func (b AuditBound) open() bool { return b.Sequence == 0 && b.Time.IsZero() }

// AuditRequest says which events are audited: those from From on, up to and
// with To. Progress, if not nil, is called now and then, by one goroutine.
type AuditRequest struct {
	From, To AuditBound
	Progress func(AuditProgress)
}

// AuditProgress is how far an audit is.
type AuditProgress struct {
	// Stage is "events", "outcomes", "dead letters", "backlog" or "breaks".
	Stage string `json:"stage"`
	Done  uint64 `json:"done"`
	Of    uint64 `json:"of,omitempty"` // where it is known
}

// AuditReport is what an audit found.
type AuditReport struct {
	Balanced bool `json:"balanced"`
	// From and To are the first and the last event of the stretch, and when they
	// were stored. Where there is none, From is To+1.
	From   uint64    `json:"from"`
	To     uint64    `json:"to"`
	FromAt time.Time `json:"from_at,omitzero"`
	ToAt   time.Time `json:"to_at,omitzero"`
	At     time.Time `json:"at"` // the moment that it tells of
	Took   float64   `json:"took_seconds"`
	Notes  []string  `json:"notes,omitempty"`

	Events     AuditEvents     `json:"events"`
	Deliveries AuditDeliveries `json:"deliveries"`
	// Discarded are those of the dead-lettered and expired deliveries whose
	// letters a person has discarded.
	Discarded uint64 `json:"discarded"`
	// Extra are outcomes of deliveries that the rules that decided do not expect:
	// made before a crash, when others were in force.
	Extra uint64 `json:"extra"`
	// Replayed are the deliveries of replays, which repeat events.
	Replayed AuditReplayed `json:"replayed"`

	Rules   []AuditRow `json:"rules"`
	Targets []AuditRow `json:"targets"`

	// Breaks are the first of the events that break the sums; Broken is how many
	// breaks there are.
	Breaks []AuditBreak `json:"breaks"`
	Broken uint64       `json:"broken"`
}

// AuditEvents is the first sum.
type AuditEvents struct {
	Accepted   uint64 `json:"accepted"`
	Unmatched  uint64 `json:"unmatched"`
	Matched    uint64 `json:"matched"`
	Unreadable uint64 `json:"unreadable"`
	Undecided  uint64 `json:"undecided"` // not read by the router yet
	Unknown    uint64 `json:"unknown"`   // the rule set that decided is not to be had
}

// AuditDeliveries is the second sum.
type AuditDeliveries struct {
	Expected     uint64 `json:"expected"`
	Delivered    uint64 `json:"delivered"`
	DeadLettered uint64 `json:"dead_lettered"`
	Expired      uint64 `json:"expired"`
	Dropped      uint64 `json:"dropped"`
	Waiting      uint64 `json:"waiting"`
	UnderWay     uint64 `json:"under_way"`
	Unaccounted  uint64 `json:"unaccounted"`
}

// Pending are the deliveries that have not ended.
func (d AuditDeliveries) Pending() uint64 { return d.Waiting + d.UnderWay }

// AuditReplayed counts what became of the deliveries of replays.
type AuditReplayed struct {
	Ended   uint64 `json:"ended"`
	Waiting uint64 `json:"waiting"`
}

// AuditRow is the second sum of one rule or one target.
type AuditRow struct {
	Name string `json:"name"`
	AuditDeliveries
}

// AuditBreak is an event that breaks a sum. Rule and Target are empty where it
// is the event as a whole.
type AuditBreak struct {
	Sequence uint64 `json:"sequence"`
	ID       string `json:"id,omitempty"`
	Source   string `json:"source,omitempty"`
	Rule     string `json:"rule,omitempty"`
	Target   string `json:"target,omitempty"`
	Why      string `json:"why"`
}

// breaksKept bounds the breaks that a report names.
const breaksKept = 1000

// AuditWindowError says that a stretch cannot be audited as it was asked for.
type AuditWindowError struct{ Text string }

func (e *AuditWindowError) Error() string { return e.Text }

// Audit proves, or disproves, that the accounts of a stretch of the archive
// balance. One audit runs at a time; another waits for it.
func (r *Router) Audit(ctx context.Context, req AuditRequest) (*AuditReport, error) {
	select {
	case r.auditing <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-r.auditing }()
	began := time.Now()
	a := &audit{r: r, progress: req.Progress}
	if a.progress == nil {
		a.progress = func(AuditProgress) {}
	}
	a.report = AuditReport{At: began.UTC(), Rules: []AuditRow{}, Targets: []AuditRow{}, Breaks: []AuditBreak{}}
	if err := a.window(ctx, req); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{a.events, a.look, a.sum} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	a.report.Took = time.Since(began).Seconds()
	return &a.report, nil
}

// window sets the stretch, once for the whole audit.
func (a *audit) window(ctx context.Context, req AuditRequest) error {
	archive, err := a.r.bus.Archive(ctx)
	if err != nil {
		return err
	}
	a.read = a.r.read.Load()
	from, to := archive.First, archive.Last
	if !req.From.open() {
		if from, err = a.bound(ctx, req.From, archive.Last); err != nil {
			return err
		}
	}
	if !req.To.open() {
		if to, err = a.bound(ctx, req.To, archive.Last); err != nil {
			return err
		}
		if !req.To.Time.IsZero() {
			to-- // the first that was stored later
		}
	}
	if req.backwards() {
		return &AuditWindowError{"the stretch ends before it begins"}
	}
	if from < archive.First {
		a.note("events before %d are not kept any more and are not in this account", archive.First)
		from = archive.First
	}
	to = max(min(to, archive.Last), from-1)
	a.report.From, a.report.To = from, to
	return nil
}

// backwards tells whether the stretch ends before it begins.
func (req AuditRequest) backwards() bool {
	if req.From.Sequence > 0 && req.To.Sequence > 0 {
		return req.From.Sequence > req.To.Sequence
	}
	return !req.From.Time.IsZero() && !req.To.Time.IsZero() && req.From.Time.After(req.To.Time)
}

// bound is the first event at a bound or later.
func (a *audit) bound(ctx context.Context, b AuditBound, last uint64) (uint64, error) {
	if b.Sequence > 0 {
		return b.Sequence, nil
	}
	seq, err := a.r.bus.EventSince(ctx, b.Time)
	if seq == 0 || seq > last {
		seq = last + 1
	}
	return seq, err
}

func (a *audit) note(format string, args ...any) {
	a.report.Notes = append(a.report.Notes, fmt.Sprintf(format, args...))
}
