package rules

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wye-events/wye/rules/logic"
)

// box is what a rule is compared with others by.
type box struct {
	rule    *Rule
	formula *logic.Formula // nil where it has no condition
	terms   []logic.Known  // what must hold of terms for it to be true
	parts   []string       // its condition, or the terms of its &&, each in one spelling; sorted
	types   []logic.Known  // what is known of the type of its events
	costly  bool
}

// box is nil for a rule that takes nothing.
func (c *conditionFinder) box() *box {
	b := &box{rule: c.rule, terms: c.known, types: c.known}
	if c.root == nil {
		return b
	}
	b.formula = c.root.formula
	if !logic.Possible(c.known, logic.Goal{Formula: b.formula, Want: logic.IsTrue}) {
		return nil // whatever would do the same as it
	}
	b.terms = logic.Constrained(c.known, logic.Goal{Formula: b.formula, Want: logic.IsTrue})
	b.costly = isCostly(c.root.expr)
	all := []*part{c.root}
	if c.root.op == partAnd {
		all = c.root.kids
	}
	for _, p := range all {
		b.parts = append(b.parts, c.formulas.key(p.expr))
	}
	slices.Sort(b.parts)
	b.parts = slices.Compact(b.parts)
	return b
}

// delivers tells whether the rule delivers what it takes.
func (b *box) delivers() bool { return b != nil && b.rule.Enabled && b.rule.Mode != ModeShadow }

// Bounds of how many rules one is compared with, so that many alike take no time
// that grows with their square.
const (
	maxRivals  = 2_000
	maxImplied = 64
)

// overlaps finds rules whose events go to the same targets by another rule
// already.
func (f *finder) overlaps() {
	byKey := map[string][]*box{}
	for _, b := range f.boxes {
		if b.delivers() && b.rule.Sample == 1 {
			for _, key := range b.keys() {
				byKey[key] = append(byKey[key], b)
			}
		}
	}
	done := f.counter("rules against each other", len(f.boxes))
	inParallel((len(f.boxes)+chunk-1)/chunk, func(n int) {
		some := f.boxes[n*chunk : min((n+1)*chunk, len(f.boxes))]
		for _, b := range some {
			if b.delivers() {
				f.overlap(b, byKey)
			}
		}
		done(len(some))
	})
}

// anyType stands for event types with stars among the keys.
const anyType = "*"

// keys are those under which a rule is found by the rules that it may cover: each
// target with each type, and a value that must be there.
func (b *box) keys() (keys []string) {
	const many = 64
	types := map[string]bool{}
	for _, on := range b.rule.On {
		if isPattern(on) {
			on = anyType
		}
		types[on] = true
	}
	values := []string{""}
	for _, t := range b.terms {
		if all, ok := t.Set.Finite(); ok && t.Term != "event.type" && len(all) > 0 && len(all) <= many {
			values = nil
			for _, v := range all {
				values = append(values, t.Term+"="+v)
			}
			break
		}
	}
	for _, to := range b.rule.To {
		for on := range types {
			for _, v := range values {
				keys = append(keys, to+" "+on+" "+v)
			}
		}
	}
	return keys
}

// lookUps are the keys under which rules are found that may cover this one.
func (b *box) lookUps() (keys []string) {
	values := []string{""}
	for _, t := range b.terms {
		if all, ok := t.Set.Finite(); ok && len(all) > 0 {
			values = append(values, t.Term+"="+all[0])
		}
	}
	for _, on := range []string{b.rule.On[0], anyType} {
		for _, v := range values {
			keys = append(keys, b.rule.To[0]+" "+on+" "+v)
		}
	}
	return keys
}

// overlap finds the rule that covers another; one that is equal before others.
func (f *finder) overlap(b *box, byKey map[string][]*box) {
	var by *box
	compared, implied := 0, 0
	for _, key := range b.lookUps() {
		for _, other := range byKey[key] {
			if compared++; compared > maxRivals || implied > maxImplied {
				break
			}
			if other == b || !other.mayCover(b) {
				continue
			}
			implied++
			if !other.covers(b) {
				continue
			}
			if b.covers(other) && b.rule.Sample == 1 {
				if b.before(other) {
					continue // told there
				}
				f.overlapped(b, other, codeEqual)
				return
			}
			if by == nil || other.before(by) {
				by = other
			}
		}
	}
	if by != nil {
		f.overlapped(b, by, codeShadowed)
	}
}

func (b *box) before(o *box) bool {
	return cmp.Or(cmp.Compare(b.rule.Place.File, o.rule.Place.File), cmp.Compare(b.rule.Place.Line, o.rule.Place.Line),
		cmp.Compare(b.rule.Place.Column, o.rule.Place.Column)) < 0
}

// mayCover is a quick look at whether it is worth finding out: what must hold
// for this one to be true is something that the other asks about too.
func (b *box) mayCover(o *box) bool {
	for _, t := range b.terms {
		if !slices.ContainsFunc(o.terms, func(known logic.Known) bool { return known.Term == t.Term }) {
			return false
		}
	}
	return true
}

// covers tells whether all events of the other rule go to all of its targets by
// this one.
func (b *box) covers(o *box) bool {
	r, other := b.rule, o.rule
	switch {
	case !b.delivers() || r.Sample != 1:
		return false
	case !r.Until.IsZero() && (other.Until.IsZero() || other.Until.After(r.Until)):
		return false
	case slices.ContainsFunc(other.To, func(to string) bool { return !contained(r.To, to) }):
		return false
	case !coverTypes(r.On, other.On):
		return false
	case b.formula == nil:
		return true
	}
	subset := !slices.ContainsFunc(b.parts, func(part string) bool { return !contained(o.parts, part) })
	if other.OnError != OnErrorSkip && (r.OnError != other.OnError || !slices.Equal(b.parts, o.parts)) {
		return false
	}
	if subset || b.costly {
		return subset
	}
	goals := []logic.Goal{{Formula: b.formula, Want: logic.NotTrue}}
	if o.formula != nil {
		goals = append(goals, logic.Goal{Formula: o.formula, Want: logic.IsTrue})
	}
	return !logic.Possible(o.types, goals...)
}

func (f *finder) overlapped(b, by *box, code string) {
	r, other := b.rule, by.rule
	where := fmt.Sprintf("line %d", f.of(other).key.Line)
	if other.Place.File != r.Place.File {
		where = fmt.Sprintf("%s, %s", filepath.ToSlash(other.Place.File), where)
	}
	targets := strings.Join(r.To, ", ")
	message := fmt.Sprintf("rule %q sends nothing to %s that rule %q (%s) does not send there already", r.Name, targets, other.Name, where)
	hint := "each event is delivered twice: remove one of the two rules, or make its condition another"
	if code == codeEqual {
		message = fmt.Sprintf("rule %q does the same as rule %q (%s)", r.Name, other.Name, where)
	}
	f.add(f.at(r, placeOf(f.of(r).key), code, Warning, message, hint))
}

// coverTypes tells whether every type of one list is one that another takes.
func coverTypes(wide, narrow []string) bool {
	return !slices.ContainsFunc(narrow, func(n string) bool {
		return !slices.ContainsFunc(wide, func(w string) bool { return coversType(w, n) })
	})
}

// coversType tells whether every type that one pattern means is one that another
// means too.
func coversType(wide, narrow string) bool {
	if wide == narrow {
		return true
	}
	w, n := compileType(wide), compileType(narrow)
	switch {
	case !isPattern(narrow):
		return isPattern(wide) && w.fits(narrow)
	case n.rest && !w.rest, !w.rest && len(w.tokens) != len(n.tokens):
		return false
	case w.rest && (len(n.tokens) < len(w.tokens) || len(n.tokens) == len(w.tokens) && !n.rest):
		return false
	}
	for i, token := range w.tokens {
		if token != n.tokens[i] && token != "*" && (strings.Contains(n.tokens[i], "*") || !fitsToken(token, n.tokens[i])) {
			return false
		}
	}
	return true
}
