package router

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// LetterSelection says which dead letters are meant: those that meet all that is
// said. Where nothing is, All must say so, so that nobody means all of them by
// an oversight.
type LetterSelection struct {
	All     bool     `json:"all,omitempty"`
	Numbers []uint64 `json:"numbers,omitempty"`
	Where   string   `json:"where,omitempty"` // CEL over event, rule, target, reason, status, error, attempts and at
	Target  string   `json:"target,omitempty"`
	Rule    string   `json:"rule,omitempty"`
	Reason  string   `json:"reason,omitempty"`
}

// numbersMost bounds the numbers that can be named.
const numbersMost = 1000

// check refuses a selection of which it is not clear what it means, for work
// that changes something.
func (s *LetterSelection) check() error {
	said := len(s.Numbers) > 0 || s.Where != "" || s.Target != "" || s.Rule != "" || s.Reason != ""
	switch {
	case !said && !s.All:
		return badRequest("say which dead letters are meant: numbers, where, target, rule or reason; or all")
	case said && s.All:
		return badRequest("all dead letters, or some: all goes with no numbers, where, target, rule or reason")
	}
	return nil
}

// letterFilter is a selection that can be asked about letters.
type letterFilter struct {
	LetterSelection
	where *rules.LetterCondition
}

// filter makes the selection ready to be asked. The order of its numbers is theirs.
func (s LetterSelection) filter() (*letterFilter, error) {
	f := &letterFilter{LetterSelection: s}
	if len(s.Numbers) > numbersMost {
		return nil, badRequest("%d numbers are too many; name at most %d, or say which are meant with a condition", len(s.Numbers), numbersMost)
	}
	f.Numbers = slices.Compact(slices.Sorted(slices.Values(s.Numbers)))
	if len(f.Numbers) > 0 && f.Numbers[0] == 0 {
		return nil, badRequest("0 is not the number of a dead letter; they count from 1")
	}
	if strings.ContainsAny(s.Target, " .*>\t\r\n") {
		return nil, badRequest("target %q is not the name of a target", s.Target)
	}
	if s.Where == "" {
		return f, nil
	}
	var problems rules.Problems
	if f.where, problems = rules.NewLetterCondition("where", s.Where); f.where == nil {
		return nil, &RequestError{Detail: "the condition cannot be used: " + problems[0].Message, Problems: problems}
	}
	return f, nil
}

// facts are what a condition can ask about a letter.
func (l *letter) facts() rules.LetterFacts {
	return rules.LetterFacts{
		Rule: l.Rule, Target: l.Target, Reason: l.Reason, Error: cmp.Or(l.Error, lastError(l.Attempts)),
		Status: lastStatus(l.Attempts), Attempts: l.Tried, At: l.At,
	}
}

// selects tells whether a letter is meant. The error is that of the condition.
func (f *letterFilter) selects(l *letter, ev *cloudevent.Event) (bool, error) {
	if f.Target != "" && l.Target != f.Target || f.Rule != "" && l.Rule != f.Rule || f.Reason != "" && l.Reason != f.Reason {
		return false, nil
	}
	if f.where == nil {
		return true, nil
	}
	return f.where.Holds(ev, l.facts())
}

// selectsUnreadable tells whether an entry is meant of which only the target is known.
func (f *letterFilter) selectsUnreadable(target string) bool {
	return f.where == nil && f.Rule == "" && f.Reason == "" && (f.Target == "" || f.Target == target)
}

// found is a dead letter as it was read.
type found struct {
	bus.Record
	letter letter
	event  *cloudevent.Event
	err    error // why it cannot be read
}

// openLetter reads a dead letter.
func openLetter(rec bus.Record) (f found) {
	f.Record = rec
	f.letter, f.event, f.err = readLetter(rec)
	return f
}

// judge reads a dead letter and tells whether it is meant.
func (f *letterFilter) judge(rec bus.Record) (d found, selected bool, err error) {
	if d = openLetter(rec); d.err != nil {
		return d, f.selectsUnreadable(bus.DeadTarget(rec)), nil
	}
	selected, err = f.selects(&d.letter, d.event)
	return d, selected, err
}

const (
	lettersAtOnce = 256
	sinceNumbers  = 1 // letters are numbered from here on
)

// each shows visit the dead letters from number from to until that may be meant,
// in order, until it has an error.
func (f *letterFilter) each(ctx context.Context, b *bus.Bus, from, until uint64, visit func(bus.Record) error) error {
	if len(f.Numbers) > 0 {
		return f.eachNumber(ctx, b, from, until, visit)
	}
	for from = max(from, sinceNumbers); from <= until; {
		got, _, err := b.DeadLetters(ctx, f.Target, from, lettersAtOnce)
		if err != nil || len(got) == 0 {
			return err
		}
		for _, rec := range got {
			if rec.Sequence > until {
				return nil
			}
			if err := visit(rec); err != nil {
				return err
			}
		}
		from = got[len(got)-1].Sequence + 1
	}
	return nil
}

// eachNumber is each for letters that are named.
func (f *letterFilter) eachNumber(ctx context.Context, b *bus.Bus, from, until uint64, visit func(bus.Record) error) error {
	for _, n := range f.Numbers {
		if n < from || n > until {
			continue
		}
		got, _, err := b.DeadLetters(ctx, "", n, 1)
		if err != nil {
			return err
		}
		if len(got) == 0 || got[0].Sequence != n {
			continue // it is gone
		}
		if err := visit(got[0]); err != nil {
			return err
		}
	}
	return nil
}

// conditionFailed says why a condition did not answer, without what is particular to
// one letter.
func conditionFailed(err error) string { return fmt.Sprintf("%.200s", err.Error()) }
