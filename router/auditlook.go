package router

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/rules"
)

// audit is one that runs.
type audit struct {
	r        *Router
	progress func(AuditProgress)
	report   AuditReport
	ledger   *ledger
	read     uint64 // what the router had read when the audit began
	floor    uint64 // what was settled when the outcomes were read
	unknown  map[string]string
	replays  map[string]bool // deliveries of replays that wait
}

// progressEvery is how many events or batches go by between two reports.
const progressEvery = 1 << 13

// events reads the archive, and finds out what each event leads to.
func (a *audit) events(ctx context.Context) error {
	from, to := a.report.From, a.report.To
	a.ledger, a.unknown = newLedger(from, to), map[string]string{}
	d := &decider{a: a, line: a.r.history.segments()}
	next := from
	err := a.r.bus.WalkEvents(ctx, from, to, func(rec bus.Record) error {
		if err := a.absent(ctx, next, rec.Sequence); err != nil {
			return err
		}
		if next = rec.Sequence + 1; rec.Sequence == from {
			a.report.FromAt = rec.Time.UTC()
		}
		a.report.ToAt = rec.Time.UTC()
		if rec.Sequence%progressEvery == 0 {
			a.progress(AuditProgress{"events", rec.Sequence - from, to + 1 - from})
		}
		shape, err := d.decide(ctx, &rec)
		if err == nil {
			a.ledger.enter(rec.Sequence, shape)
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.absent(ctx, next, to+1)
}

// absent deals with events that were not among those read: those that were
// trimmed from the archive meanwhile leave the account, the others cannot be
// read.
func (a *audit) absent(ctx context.Context, from, to uint64) error {
	if from >= to {
		return nil
	}
	archive, err := a.r.bus.Archive(ctx)
	if err != nil {
		return err
	}
	for seq := from; seq < to; seq++ {
		if seq >= archive.First {
			a.ledger.enter(seq, shapeUnreadable)
		}
	}
	return nil
}

// decider tells what an event leads to, by the rules that decided it.
type decider struct {
	a       *audit
	line    timeline
	version string
	matcher *rules.Matcher
	known   bool // version and matcher are of the event before
	found   []rules.Match
}

func (d *decider) decide(ctx context.Context, rec *bus.Record) (uint32, error) {
	if rec.Sequence > d.a.read {
		return shapeUndecided, nil
	}
	ev, err := eventOf(rec)
	if err != nil {
		return shapeUnreadable, nil
	}
	version := d.line.decided(rec.Sequence)
	if !d.known || version != d.version {
		if err := d.use(ctx, version); err != nil {
			return 0, err
		}
	}
	if d.matcher == nil {
		return shapeUnknown, nil
	}
	d.found = d.matcher.MatchAt(ev.Event, ev.at, d.found[:0])
	return d.a.ledger.shapeOf(d.found), nil
}

// use makes ready the rule set of a version.
func (d *decider) use(ctx context.Context, version string) (err error) {
	d.version, d.matcher, d.known = version, nil, true
	why := "which rule set decided it is not known"
	switch now := d.a.r.set.Load(); version {
	case "":
	case now.version:
		d.matcher = now.matcher
	default:
		d.matcher, why, err = d.a.r.history.matcher(ctx, version)
	}
	if d.matcher == nil {
		d.a.unknown[version] = why
	}
	return err
}

// look finds out what became of each delivery. The order of the steps is what
// makes it exact. A delivery below the floor that has not ended is in the
// backlog; when it ends, its outcome is written down before it leaves the
// backlog. A dead letter that goes away is first written down as discarded, or
// as redriven, and in the latter case is put into the backlog before it goes. So:
//
//  1. the floor is taken, and what was written down up to now is read;
//  2. it is seen which dead letters are there;
//  3. the backlog is read;
//  4. what was written down meanwhile is read.
//
// What is below the floor and was in none of these does not exist.
func (a *audit) look(ctx context.Context) error {
	a.floor, _ = a.r.window.state()
	a.r.outcomes.sync(ctx)
	w, err := a.r.bus.WalkOutcomes(ctx, 0, a.report.FromAt.Add(-clockSlack), a.batches())
	if err != nil || ctx.Err() != nil {
		return cmpErr(err, ctx)
	}
	for i, f := range a.ledger.fates {
		if f == fateRedriving {
			a.ledger.fates[i] = fateRedriven
		}
	}
	if err := a.letters(ctx); err != nil {
		return err
	}
	if err := a.backlog(ctx); err != nil {
		return err
	}
	a.r.outcomes.sync(ctx)
	if w.Next > 0 {
		_, err = a.r.bus.WalkOutcomesFrom(ctx, w.Next, a.batches())
	} else {
		_, err = a.r.bus.WalkOutcomes(ctx, 0, time.Time{}, a.batches())
	}
	return cmpErr(err, ctx)
}

// cmpErr is an error, or why ctx ended.
func cmpErr(err error, ctx context.Context) error {
	if err == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// batches reads batches of outcomes.
func (a *audit) batches() func([]byte) bool {
	var done uint64
	return func(batch []byte) bool {
		for line := range bytes.Lines(batch) {
			a.line(line)
		}
		if done++; done%(progressEvery/outcomeBatch) == 0 {
			a.progress(AuditProgress{Stage: "outcomes", Done: done * outcomeBatch})
		}
		return true
	}
}

// line takes in one outcome.
func (a *audit) line(text []byte) {
	o, ok := quickLine(text)
	if !ok {
		var slow outcomeLine
		if json.Unmarshal(text, &slow) != nil {
			return
		}
		o = auditLine{slow.Sequence, []byte(slow.Rule), []byte(slow.Target), slow.Outcome, slow.DeadLetter, slow.Replay != ""}
	}
	if !a.ledger.has(o.sequence) {
		return
	}
	if o.replay {
		if _, ended := outcomeFates[o.outcome]; ended {
			a.report.Replayed.Ended++
		}
		return
	}
	at, ok := a.ledger.place(o.sequence, o.rule, o.target)
	if !ok {
		if a.ledger.events[o.sequence-a.ledger.from].shape >= shapesSpecial || a.ledger.events[o.sequence-a.ledger.from].shape == shapeUnmatched {
			a.report.Extra++
		}
		return
	}
	a.ledger.ended(at, o.outcome, o.letter)
}

// auditLine is what an audit needs of an outcome.
type auditLine struct {
	sequence     uint64
	rule, target []byte
	outcome      string
	letter       uint64
	replay       bool
}

// quickLine reads a line as [outcomeRecord.append] writes it.
func quickLine(b []byte) (o auditLine, ok bool) {
	b, ok = bytes.CutPrefix(b, []byte(`{"sequence":`))
	if !ok {
		return o, false
	}
	o.sequence, b = digits(b)
	if o.rule, b, ok = quoted(b, `,"rule":"`); !ok {
		return o, false
	}
	if o.target, b, ok = quoted(b, `,"target":"`); !ok {
		return o, false
	}
	outcome, b, ok := quoted(b, `,"outcome":"`)
	if !ok {
		return o, false
	}
	for _, known := range outcomesKnown {
		if string(outcome) == known {
			o.outcome = known
		}
	}
	if _, letter, found := bytes.Cut(b, []byte(`,"dead_letter":`)); found {
		o.letter, _ = digits(letter)
	}
	o.replay = bytes.Contains(b, []byte(`,"replay":"`))
	return o, o.outcome != ""
}

var outcomesKnown = []string{
	string(outcomeDelivered), string(outcomeDead), string(outcomeExpired), string(outcomeDropped), outcomeRedriven, outcomeDiscarded,
}

func digits(b []byte) (n uint64, rest []byte) {
	for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
		n, b = n*10+uint64(b[0]-'0'), b[1:]
	}
	return n, b
}

func quoted(b []byte, before string) (text, rest []byte, ok bool) {
	if b, ok = bytes.CutPrefix(b, []byte(before)); !ok {
		return nil, nil, false
	}
	text, rest, ok = bytes.Cut(b, []byte{'"'})
	return text, rest, ok
}

// letters looks whether the dead letters are there.
func (a *audit) letters(ctx context.Context) error {
	if len(a.ledger.letters) == 0 {
		return nil
	}
	a.progress(AuditProgress{Stage: "dead letters", Of: uint64(len(a.ledger.letters))})
	kept, err := a.r.bus.DeadKept(ctx)
	if err != nil {
		return err
	}
	for at, number := range a.ledger.letters {
		there := kept(number)
		switch f := a.ledger.fates[at]; {
		case f == fateRedriven && there:
			a.ledger.fates[at] = fateWaiting // the redrive has yet to put it into the backlog
		case (f == fateDead || f == fateExpired) && !there:
			a.ledger.fates[at] |= fateNoLetter
		}
	}
	return nil
}

// backlog looks what waits.
func (a *audit) backlog(ctx context.Context) error {
	var done uint64
	a.replays = map[string]bool{}
	waiting, err := a.r.bus.Waiting(ctx)
	if err != nil || len(waiting) == 0 {
		return err
	}
	_, err = a.r.bus.WalkBacklog(ctx, "*", time.Time{}, func(rec bus.Record) bool {
		if done++; done%progressEvery == 0 {
			a.progress(AuditProgress{Stage: "backlog", Done: done})
		}
		a.entry(rec)
		return true
	})
	return cmpErr(err, ctx)
}

// entry takes in what waits.
func (a *audit) entry(rec bus.Record) {
	seq, rule, target, replay, ok := readDeliveryID(rec.Header)
	if !ok {
		l, _, err := readLetter(rec)
		if err != nil {
			return
		}
		seq, rule, target, replay = l.Sequence, l.Rule, l.Target, l.Replay
	}
	if !a.ledger.has(seq) {
		return
	}
	if replay != "" {
		a.replays[deliveryID(seq, rule, target, replay)] = true
		return
	}
	at, ok := a.ledger.place(seq, []byte(rule), []byte(target))
	if ok && (a.ledger.fates[at] == fateNone || a.ledger.fates[at] == fateRedriven) {
		a.ledger.fates[at] = fateWaiting
	}
}

// readDeliveryID reads the delivery from the id of its message: see [storedID].
func readDeliveryID(header map[string][]string) (seq uint64, rule, target, replay string, ok bool) {
	id := header[bus.IDHeader]
	if len(id) != 1 {
		return 0, "", "", "", false
	}
	text, _, ok := strings.Cut(id[0], "@")
	if !ok {
		return 0, "", "", "", false
	}
	text, replay, _ = strings.Cut(text, "~")
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return 0, "", "", "", false
	}
	seq, err := strconv.ParseUint(parts[0], 10, 64)
	return seq, parts[1], parts[2], replay, err == nil
}
