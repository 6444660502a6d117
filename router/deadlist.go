package router

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/wye-events/wye/router/bus"
)

// findWithin bounds one look through the dead letters; who asks goes on from
// where it ended.
const findWithin = 10 * time.Second

// FindDead gives up to limit of the dead letters that are meant from number from
// on, oldest first and without their events, and the number to go on from: 0
// where there are no more.
func (r *Router) FindDead(ctx context.Context, s LetterSelection, from uint64, limit int) (letters []DeadLetter, next uint64, err error) {
	letters = []DeadLetter{}
	next, err = r.lookThrough(ctx, s, from, func(f found) error {
		letters = append(letters, deadLetter(f, false))
		if len(letters) >= limit {
			return errEnough
		}
		return nil
	})
	return letters, next, err
}

// lookThrough shows visit the dead letters that are meant, for a while, and
// gives the number to go on from, 0 at the end. One that the condition fails on
// is not meant.
func (r *Router) lookThrough(ctx context.Context, s LetterSelection, from uint64, visit func(found) error) (next uint64, err error) {
	filter, err := s.filter()
	if err != nil {
		return 0, err
	}
	until := time.Now().Add(findWithin)
	err = filter.each(ctx, r.bus, from, math.MaxUint64-1, func(rec bus.Record) error {
		next = rec.Sequence + 1
		if f, selected, err := filter.judge(rec); selected && err == nil {
			if err := visit(f); err != nil {
				return err
			}
		}
		if time.Now().After(until) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return next, nil
	}
	return 0, err
}

// DeadCause is a group of dead letters that died of the same: of one target, for
// one reason, with the same answer or error.
type DeadCause struct {
	Target  string    `json:"target"`
	Reason  string    `json:"reason"`
	Status  int       `json:"status,omitempty"` // of the last attempt
	Error   string    `json:"error,omitempty"`  // of one of them, where there is no status
	Count   uint64    `json:"count"`
	First   time.Time `json:"first"` // when the first of them died
	Last    time.Time `json:"last"`
	Example uint64    `json:"example"` // the number of the newest
	Rules   []string  `json:"rules"`   // that led to the target, up to 5
	Key     string    `json:"key"`     // tells the causes of one answer apart
}

const (
	mostCauses     = 500
	mostCauseRules = 5
	causeErrorText = 120
)

// causes are groups by their keys.
type causes map[string]*DeadCause

// DeadCauses groups the dead letters that are meant from number from on by what
// they died of, the most first, and gives the number to go on from: 0 where all
// were looked at.
func (r *Router) DeadCauses(ctx context.Context, s LetterSelection, from uint64) (all []DeadCause, next uint64, err error) {
	groups := causes{}
	next, err = r.lookThrough(ctx, s, from, func(f found) error {
		groups.add(&f)
		return nil
	})
	return groups.sorted(), next, err
}

func (c causes) add(f *found) {
	d := DeadCause{Target: bus.DeadTarget(f.Record), Error: "cannot be read", Count: 1, First: f.Time, Last: f.Time, Example: f.Sequence, Rules: []string{}}
	if f.err == nil {
		l := &f.letter
		d.Target, d.Reason, d.Status, d.First, d.Last = l.Target, l.Reason, lastStatus(l.Attempts), l.At, l.At
		d.Error, d.Rules = "", append(d.Rules, l.Rule)
		if d.Status == 0 {
			d.Error = cmp.Or(l.Error, lastError(l.Attempts))
		}
	}
	d.key()
	if len(c) >= mostCauses && c[d.Key] == nil {
		d.Target, d.Reason, d.Status, d.Error = "", "", 0, "other causes"
		d.key()
	}
	MergeDeadCauses(c, []DeadCause{d})
}

// key makes what tells causes apart. Errors that differ only in numbers, such as
// those of ports, are one.
func (d *DeadCause) key() {
	text := d.Error
	if runes := []rune(text); len(runes) > causeErrorText {
		text = string(runes[:causeErrorText])
	}
	d.Error = text
	var shape strings.Builder
	digits := false
	for _, c := range text {
		isDigit := c >= '0' && c <= '9'
		if !isDigit || !digits {
			if isDigit {
				c = '0'
			}
			shape.WriteRune(c)
		}
		digits = isDigit
	}
	d.Key = strings.Join([]string{d.Target, d.Reason, statusText(d.Status), shape.String()}, " ")
}

func statusText(status int) string {
	if status == 0 {
		return "-"
	}
	return string([]byte{byte('0' + status/100%10), byte('0' + status/10%10), byte('0' + status%10)})
}

// MergeDeadCauses adds groups of a later part of the dead letters to those of an
// earlier one.
func MergeDeadCauses(into map[string]*DeadCause, later []DeadCause) {
	for _, d := range later {
		have := into[d.Key]
		if have == nil {
			into[d.Key] = &d
			continue
		}
		have.Count += d.Count
		if d.First.Before(have.First) {
			have.First = d.First
		}
		if !d.Last.Before(have.Last) {
			have.Last = d.Last
		}
		have.Example = max(have.Example, d.Example)
		for _, rule := range d.Rules {
			if len(have.Rules) < mostCauseRules && !slices.Contains(have.Rules, rule) {
				have.Rules = append(have.Rules, rule)
				slices.Sort(have.Rules)
			}
		}
	}
}

func (c causes) sorted() []DeadCause { return SortDeadCauses(c) }

// SortDeadCauses gives groups in order, the largest first.
func SortDeadCauses(groups map[string]*DeadCause) []DeadCause {
	all := []DeadCause{}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, *groups[key])
	}
	slices.SortStableFunc(all, func(a, b DeadCause) int { return cmp.Compare(b.Count, a.Count) })
	return all
}

// ExportDead shows visit the dead letters that are meant whole, oldest first, up
// to the newest that there is when it begins.
func (r *Router) ExportDead(ctx context.Context, s LetterSelection, visit func(DeadLetter) error) error {
	filter, err := s.filter()
	if err != nil {
		return err
	}
	last, err := r.bus.LastDead(ctx)
	if err != nil {
		return err
	}
	return filter.each(ctx, r.bus, sinceNumbers, last, func(rec bus.Record) error {
		if f, selected, err := filter.judge(rec); selected && err == nil {
			return visit(deadLetter(f, true))
		}
		return nil
	})
}
