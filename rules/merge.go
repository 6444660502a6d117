package rules

import (
	"cmp"
	"slices"
)

// change is what a load does to the rule set that was loaded before.
type change struct {
	files   []*loadedFile
	set     *Ruleset
	old     *loadedSet // nil where there was none
	removed []int      // the rules of the old set that are gone, by their number
	added   []addedRule
	at      []int // before which rule of the old set each of the added comes

	compiled []*CompiledRule // all rules of the new set
}

// addedRule is a rule that the old set did not have, or not like this.
type addedRule struct {
	*CompiledRule
	conditionParts
}

// link puts the files together to a rule set. Where something is wrong between
// them, or they have not changed, it makes no new one.
func (l *Loader) link(files []*loadedFile) (*loadedSet, Problems) {
	if l.last != nil && slices.Equal(files, l.last.files) {
		return l.last, nil
	}
	c := &change{files: files, old: l.last}
	c.compare()
	targets := targetsOf(files)
	if c.namedTwice() || twiceIn(targets) || c.unknownTarget(targets) {
		return nil, linkProblems(files)
	}
	if problemsOf(files).HasErrors() {
		return nil, nil
	}
	c.make(targets)
	for _, f := range files {
		f.parts, f.adopted = nil, nil
	}
	m := c.matcher(l.shapes)
	m.orders = ordersOf(files)
	return &loadedSet{files, l.files, c.set, c.compiled, m}, nil
}

// compare finds out which rules are gone and which have come.
func (c *change) compare() {
	var before []*loadedFile
	if c.old != nil {
		before = c.old.files
	}
	kept := map[*Rule]bool{}
	oldFiles, newFiles := different(before, c.files), different(c.files, before)
	for _, f := range oldFiles {
		for _, r := range f.rules {
			kept[r] = false
		}
	}
	for _, f := range newFiles {
		for i, r := range f.rules {
			if _, was := kept[r]; was {
				kept[r] = true
				continue
			}
			c.add(r, f.parts[i])
		}
	}
	for r, is := range kept {
		if !is {
			at, _ := c.find(r.Name)
			c.removed = append(c.removed, at)
		}
	}
	slices.Sort(c.removed)
	c.place()
}

// different are the files of one list that are not in the other.
func different(files, others []*loadedFile) (only []*loadedFile) {
	in := make(map[*loadedFile]bool, len(others))
	for _, f := range others {
		in[f] = true
	}
	for _, f := range files {
		if !in[f] {
			only = append(only, f)
		}
	}
	return only
}

func (c *change) add(r *Rule, parts conditionParts) {
	var when *condition
	if r.When != "" {
		when = &condition{text: r.When}
	}
	c.added = append(c.added, addedRule{newCompiledRule(r, when), parts})
}

// place finds where in the old set the added rules come.
func (c *change) place() {
	byName := func(a, b addedRule) int { return cmp.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(c.added, byName) {
		slices.SortStableFunc(c.added, byName)
	}
	c.at = make([]int, len(c.added))
	for i := range c.added {
		c.at[i], _ = c.find(c.added[i].Name)
	}
}

// find is the number of a rule of the old set, or before which it would be.
func (c *change) find(name string) (int, bool) {
	if c.old == nil {
		return 0, false
	}
	return slices.BinarySearchFunc(c.old.set.Rules, name, func(r *Rule, name string) int { return cmp.Compare(r.Name, name) })
}

// namedTwice tells whether an added rule has the name of another.
func (c *change) namedTwice() bool {
	for i := range c.added {
		if i > 0 && c.added[i-1].Name == c.added[i].Name {
			return true
		}
		if at, found := c.find(c.added[i].Name); found {
			if _, gone := slices.BinarySearch(c.removed, at); !gone {
				return true
			}
		}
	}
	return false
}

func targetsOf(files []*loadedFile) (targets []Target) {
	for _, f := range files {
		targets = append(targets, f.targets...)
	}
	slices.SortStableFunc(targets, func(a, b Target) int { return cmp.Compare(a.Name, b.Name) })
	return targets
}

func twiceIn(targets []Target) bool {
	for i := 1; i < len(targets); i++ {
		if targets[i-1].Name == targets[i].Name {
			return true
		}
	}
	return false
}

// unknownTarget tells whether a rule sends to a target that does not exist. The
// rules that were there before need not be looked at while no target goes.
func (c *change) unknownTarget(targets []Target) bool {
	known := make(map[string]bool, len(targets))
	for _, t := range targets {
		known[t.Name] = true
	}
	if c.old != nil && !slices.ContainsFunc(c.old.set.Targets, func(t Target) bool { return !known[t.Name] }) {
		return slices.ContainsFunc(c.added, func(r addedRule) bool { return r.unknown(known) })
	}
	return slices.ContainsFunc(c.files, func(f *loadedFile) bool {
		return slices.ContainsFunc(f.rules, func(r *Rule) bool { return r.unknown(known) })
	})
}

// make makes the new set of the old one and of what has changed.
func (c *change) make(targets []Target) {
	versions := make([]named, len(c.files))
	c.set = &Ruleset{Targets: targets, Files: make([]string, len(c.files)), files: c.files}
	for i, f := range c.files {
		c.set.Files[i], versions[i] = f.name, named{f.within, f.sum}
	}
	c.set.Version = version(versions)
	var rules []*Rule
	if c.old != nil {
		rules, c.compiled = c.old.set.Rules, c.old.compiled
	}
	c.set.Rules = spliced(c, rules, func(r addedRule) *Rule { return r.Rule })
	c.compiled = spliced(c, c.compiled, func(r addedRule) *CompiledRule { return r.CompiledRule })
}

// spliced is a list of the old set without what is gone and with what has come.
func spliced[T any](c *change, old []T, of func(addedRule) T) []T {
	list := make([]T, 0, len(old)-len(c.removed)+len(c.added))
	from, removed := 0, c.removed
	for i, r := range c.added {
		for len(removed) > 0 && removed[0] < c.at[i] {
			list = append(list, old[from:removed[0]]...)
			from, removed = removed[0]+1, removed[1:]
		}
		list = append(append(list, old[from:c.at[i]]...), of(r))
		from = c.at[i]
	}
	for _, at := range removed {
		list = append(list, old[from:at]...)
		from = at + 1
	}
	return append(list, old[from:]...)
}

// matcher is the matcher of the new set.
func (c *change) matcher(known *shapes) *Matcher {
	if c.old == nil {
		return newMatcher(c.set.Version, c.compiled, c.parts(), known)
	}
	removed := make([]*CompiledRule, len(c.removed))
	for i, at := range c.removed {
		removed[i] = c.old.compiled[at]
	}
	return c.old.matcher.with(c.set.Version, c.compiled, removed, c.added)
}

// parts are those of the conditions of a set of which all rules were added.
func (c *change) parts() []conditionParts {
	parts := make([]conditionParts, len(c.added))
	for i := range c.added {
		parts[i] = c.added[i].conditionParts
	}
	return parts
}
