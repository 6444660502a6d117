package main

import "github.com/wye-events/wye/rules"

// matchTally counts what became of the lines. Lines = Matched + Unmatched +
// Buried + Invalid, as a server would count them: an event that no rule selects
// but one makes a dead letter of is not unmatched.
type matchTally struct {
	Lines, Matched, Unmatched, Buried, Invalid int

	Errors int   // conditions that failed on an event
	Read   int64 // bytes
}

// ruleTally is how many events a rule selected, or would if it were no shadow, and on how many it failed.
type ruleTally struct {
	Rule            *rules.CompiledRule
	Matched, Errors int
}

func (t *matchTally) add(u matchTally) {
	t.Lines += u.Lines
	t.Matched += u.Matched
	t.Unmatched += u.Unmatched
	t.Buried += u.Buried
	t.Invalid += u.Invalid
	t.Errors += u.Errors
	t.Read += u.Read
}

func (w *matchWorker) count(found []rules.Match) {
	matched, dead := false, false
	for i := range found {
		if found[i].Err != nil {
			w.sum.Errors++
		}
		matched = matched || selected(&found[i])
		dead = dead || buried(&found[i])
	}
	switch {
	case matched:
		w.sum.Matched++
	case dead:
		w.sum.Buried++
	default:
		w.sum.Unmatched++
	}
}

func (w *matchWorker) countRules(found []rules.Match) {
	for i := range found {
		t := w.perRule[found[i].Rule]
		if t == nil {
			t = &ruleTally{Rule: found[i].Rule}
			w.perRule[found[i].Rule] = t
		}
		if found[i].Err != nil {
			t.Errors++
		}
		if says(&found[i]) {
			t.Matched++
		}
	}
}

func (w *matchWorker) merge() {
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	for rule, t := range w.perRule {
		sum := w.m.perRule[rule]
		if sum == nil {
			w.m.perRule[rule] = t
			continue
		}
		sum.Matched += t.Matched
		sum.Errors += t.Errors
	}
}
