package plan

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/wye-events/wye/rules"
)

// ReportOptions say what a report is of, and what it tells.
type ReportOptions struct {
	Traffic Traffic // what is known of it beside what the tally saw
	Partial bool
	All     bool // also rules and targets without a difference
	Notes   []string
}

// Report tells what was counted so far. The tally may go on after it.
func (t *Tally) Report(o ReportOptions) *Report {
	m := &making{Tally: t, o: o, report: &Report{Partial: o.Partial, Notes: slices.Clone(o.Notes)}}
	m.report.Old, m.report.New = t.c.old.side(), t.c.new.side()
	m.traffic()
	m.events()
	m.rules()
	m.targets()
	m.examples()
	m.notes()
	return m.report
}

// making is a report that is being made.
type making struct {
	*Tally
	o        ReportOptions
	report   *Report
	byTarget []Counts
	rows     []int32 // of the rules of the report
	left     int     // explanations
}

func (s Set) side() Side {
	version := s.Matcher.Version()
	return Side{Version: version, Commit: rules.CommitOf(version), Rules: len(s.Rules.Rules), Targets: len(s.Rules.Targets)}
}

// scaled is a count of the sample, as one of all events.
func (m *making) scaled(n uint64) uint64 {
	if s := m.report.Traffic.Sample; s < 1 {
		return uint64(math.Round(float64(n) / s))
	}
	return n
}

func (m *making) traffic() {
	t := &m.report.Traffic
	*t = m.o.Traffic
	if t.Sample <= 0 || t.Sample > 1 {
		t.Sample = 1
	}
	t.Scaled = t.Sample < 1
	t.Compared = m.Tally.events.looked - m.Tally.events.unreadable
	t.Unreadable = m.Tally.events.unreadable
	t.Looked = max(t.Looked, m.Tally.events.looked)
	t.First, t.Last = m.first.Number, m.last.Number
	t.FirstAt, t.LastAt = m.first.At.UTC(), m.last.At.UTC()
	if t.Seconds == 0 && !t.FirstAt.IsZero() {
		t.Seconds = max(t.LastAt.Sub(t.FirstAt), time.Second).Seconds()
	}
}

func (m *making) events() {
	e := &m.Tally.events
	m.report.Events = Events{
		Compared: m.scaled(e.looked - e.unreadable), Differing: m.scaled(e.differing),
		MatchedBefore: m.scaled(e.before), MatchedAfter: m.scaled(e.after),
		NewlyMatched: m.scaled(e.newlyMatched), NewlyUnmatched: m.scaled(e.newlyNot),
	}
}

// rules makes the rows of rules, and sums up those of targets.
func (m *making) rules() {
	m.byTarget = make([]Counts, len(m.c.targets))
	m.report.Rules = []Rule{}
	for i := range m.c.rows {
		r := &m.c.rows[i]
		one := m.rule(int32(i), r)
		differs := r.kind != Unchanged || one.Differ() || one.OtherTargets > 0
		m.report.Differs = m.report.Differs || differs
		if differs || m.o.All && m.pairs[i] != nil {
			m.report.Rules = append(m.report.Rules, one)
			m.rows = append(m.rows, int32(i))
		} else {
			m.report.UnchangedRules++
		}
	}
	m.sortRules()
}

// sortRules puts the largest difference first.
func (m *making) sortRules() {
	order := make([]int, len(m.rows))
	for i := range order {
		order[i] = i
	}
	all, rows := m.report.Rules, m.rows
	size := func(i int) uint64 { return all[i].Size() + all[i].OtherTargets }
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(size(b), size(a)), cmp.Compare(unlike(all[b].Change), unlike(all[a].Change)))
	})
	m.report.Rules, m.rows = make([]Rule, len(order)), make([]int32, len(order))
	for i, at := range order {
		m.report.Rules[i], m.rows[i] = all[at], rows[at]
	}
}

// unlike is 0 for what did not change.
func unlike(k Kind) int {
	if k == Unchanged {
		return 0
	}
	return 1
}

func (m *making) rule(n int32, r *row) Rule {
	one := Rule{Name: r.name(), Change: r.kind, Routes: []Route{}}
	at := r.new
	if at == nil {
		at = r.old
	}
	one.File, one.Line = at.Place.File, at.Place.Line
	if r.old != nil && r.new != nil {
		one.Settings = ruleSettings(r.old.Rule, r.new.Rule)
	}
	if r.kind == Renamed {
		one.Was = r.old.Name
	}
	one.Counts = m.counts(m.pairs[n], r.old != nil, r.new != nil)
	one.PayloadChanged = m.scaled(m.payloads[route{n, -1}])
	if !r.sameTo {
		one.OtherTargets = one.StillMatched
	}
	m.routes(n, r, &one)
	return one
}

// routes makes the rows of a rule's targets.
func (m *making) routes(n int32, r *row, one *Rule) {
	for _, at := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(r.oldTo, r.newTo)))) {
		was, is := slices.Contains(r.oldTo, at), slices.Contains(r.newTo, at)
		to := Route{Target: m.c.targets[at].name, Change: Unchanged, Counts: m.counts(m.pairs[n], was, is)}
		switch {
		case !was:
			to.Change = Added
		case !is:
			to.Change = Removed
		}
		to.PayloadChanged = m.scaled(m.payloads[route{n, at}])
		one.Routes = append(one.Routes, to)
		m.byTarget[at].add(&to.Counts)
		m.report.Deliveries.add(&to.Counts)
	}
}

// counts are those of a rule or a route that there was before, or is after.
func (m *making) counts(p *pairs, was, is bool) (c Counts) {
	if p == nil {
		return c
	}
	for old := range state(states) {
		for new := range state(states) {
			n := p[old][new]
			if n == 0 {
				continue
			}
			o, a := old, new
			if !was {
				o = idle
			}
			if !is {
				a = idle
			}
			c.pair(o, a, n)
		}
	}
	for _, n := range c.all() {
		*n = m.scaled(*n)
	}
	c.Before, c.After = c.StillMatched+c.NoLongerMatched, c.StillMatched+c.NewlyMatched
	return c
}

// pair counts a pair of states.
func (c *Counts) pair(old, new state, n uint64) {
	turn := func(before, after bool, come, gone, still *uint64) {
		switch {
		case before && after:
			*still += n
		case after:
			*come += n
		case before:
			*gone += n
		}
	}
	turn(old.what() == live, new.what() == live, &c.NewlyMatched, &c.NoLongerMatched, &c.StillMatched)
	turn(old.fails(), new.fails(), &c.NewlyInError, &c.NoLongerInError, &c.StillInError)
	for _, one := range []struct {
		is state
		to *uint64
		of state
	}{{dead, &c.DeadBefore, old}, {dead, &c.DeadAfter, new}, {shadow, &c.ShadowBefore, old}, {shadow, &c.ShadowAfter, new}} {
		if one.of.what() == one.is {
			*one.to += n
		}
	}
}

// all are the counts that are counted, and not sums of others.
func (c *Counts) all() []*uint64 {
	return []*uint64{
		&c.NewlyMatched, &c.NoLongerMatched, &c.StillMatched, &c.PayloadChanged,
		&c.NewlyInError, &c.NoLongerInError, &c.StillInError,
		&c.DeadBefore, &c.DeadAfter, &c.ShadowBefore, &c.ShadowAfter,
	}
}

func (c *Counts) add(other *Counts) {
	mine, theirs := c.all(), other.all()
	for i := range mine {
		*mine[i] += *theirs[i]
	}
	c.Before += other.Before
	c.After += other.After
}

func (m *making) targets() {
	m.report.Targets = []Target{}
	peaks := m.minutes.busiest()
	for i := range m.c.targets {
		t := &m.c.targets[i]
		one := Target{Name: t.name, Change: t.kind, Settings: t.settings, Counts: m.byTarget[i]}
		one.Kind = kindOf(t.either())
		one.Load = m.load(&one.Counts, peaks[i])
		differs := t.kind != Unchanged || one.Differ()
		m.report.Differs = m.report.Differs || differs
		if differs || m.o.All {
			m.report.Targets = append(m.report.Targets, one)
		} else {
			m.report.UnchangedTargets++
		}
	}
	slices.SortStableFunc(m.report.Targets, func(a, b Target) int {
		return cmp.Or(cmp.Compare(b.Size(), a.Size()), cmp.Compare(unlike(b.Change), unlike(a.Change)))
	})
}

// either is the target as it is now, or was.
func (t *target) either() rules.Target {
	if t.new != nil {
		return *t.new
	}
	return *t.old
}

func (m *making) load(c *Counts, peak load) (l Load) {
	if seconds := m.report.Traffic.Seconds; seconds > 0 {
		l.BeforePerSecond, l.AfterPerSecond = rounded(float64(c.Before)/seconds), rounded(float64(c.After)/seconds)
		l.BeforePeakMinute, l.AfterPeakMinute = m.scaled(uint64(peak.before)), m.scaled(uint64(peak.after))
	}
	if c.Before > 0 {
		percent := math.Round(1000*(float64(c.After)-float64(c.Before))/float64(c.Before)) / 10
		l.Percent = &percent
	}
	return l
}

// rounded is a rate with four digits that count.
func rounded(rate float64) float64 {
	short, _ := strconv.ParseFloat(strconv.FormatFloat(rate, 'g', 4, 64), 64)
	return short
}
