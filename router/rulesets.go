package router

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wye-events/wye/rules"
)

// RulesetEntry is a time for which a rule set was in force.
type RulesetEntry struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Revision string `json:"revision,omitempty"` // of Git, with the newest commit that has these rules
	Source   string `json:"source,omitempty"`   // where the rules came from then
	// How it came into force: loaded (from the source), kept (from the store, because
	// the source could not be used at a start) or rollback (by a person). Empty where
	// that is not known.
	How    string `json:"how,omitempty"`
	Reason string `json:"reason,omitempty"` // that the person gave

	At      time.Time `json:"at"`
	Until   time.Time `json:"until,omitzero"` // when another took its place
	InForce bool      `json:"in_force"`       // now
	Kept    bool      `json:"kept"`           // its files are to be had
	// First and Last are the events that it decided: 0 and 0 where there was none or it
	// is not known any more, and Last is 0 for the one that decides now.
	First uint64 `json:"first_sequence,omitempty"`
	Last  uint64 `json:"last_sequence,omitempty"`
}

// Rulesets tells which rule sets were in force and when, the newest first: the last
// reignsKept times, and what is kept of before.
func (r *Router) Rulesets(ctx context.Context) ([]RulesetEntry, error) {
	memories, err := r.bus.Memories(ctx)
	if err != nil {
		return nil, err
	}
	now := r.version()
	kept := map[string]bool{now: true}
	for _, m := range memories {
		kept[m.Name] = true
	}
	noted, known := r.sourcing.entries()
	var all []RulesetEntry
	for _, m := range memories {
		if !known[m.Name] { // older than all that is noted
			all = append(all, RulesetEntry{Version: m.Name, At: m.At.UTC()})
		}
	}
	all = append(all, noted...)
	for i := range all {
		e := &all[i]
		e.Commit, e.Kept = rules.CommitOf(e.Version), kept[e.Version] || r.history.beingKept(e.Version)
		if i+1 < len(all) {
			e.Until = all[i+1].At
		}
		e.InForce = i+1 == len(all) && e.Version == now
	}
	decidedBy(all, r.history.segments())
	slices.Reverse(all)
	return all, nil
}

// entries are the reigns, and the versions that had one.
func (s *sourcing) entries() (all []RulesetEntry, known map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known = map[string]bool{}
	for _, g := range s.reigns {
		known[g.Version] = true
		all = append(all, RulesetEntry{Version: g.Version, Revision: g.Revision, Source: g.Source, How: g.How, Reason: g.Reason, At: g.At})
	}
	return all, known
}

// decidedBy lays the notes of what decided which events beside the times, both in
// their order. A time without an event has no note.
func decidedBy(all []RulesetEntry, line timeline) {
	j := len(line) - 1
	for i := len(all) - 1; i >= 0 && j >= 0; i-- {
		for j >= 0 && !slices.ContainsFunc(all[:i+1], func(e RulesetEntry) bool { return e.Version == line[j].version }) {
			j--
		}
		if j < 0 || line[j].version != all[i].Version {
			continue
		}
		all[i].First = line[j].from
		if j+1 < len(line) {
			all[i].Last = line[j+1].from - 1
		}
		j--
	}
}

// VersionReason is why a rule set that was asked for is not to be had, in a word.
type VersionReason string

const (
	VersionShort     VersionReason = "version_too_short"
	VersionUnknown   VersionReason = "no_such_version"
	VersionAmbiguous VersionReason = "version_ambiguous"
	VersionNotKept   VersionReason = "version_not_kept"
	VersionInForce   VersionReason = "version_in_force"
	VersionNone      VersionReason = "no_previous_version"
	VersionChanged   VersionReason = "version_changed"
)

// VersionError says that a rule set that was asked for is not to be had.
type VersionError struct {
	Asked    string
	Reason   VersionReason
	Versions []string // that could be meant
}

func (e *VersionError) Error() string {
	switch e.Reason {
	case VersionShort:
		return fmt.Sprintf("%q is too short for a version; give at least %d digits of it, or of its commit", e.Asked, shortestVersion)
	case VersionAmbiguous:
		return fmt.Sprintf("%q begins several versions: %s", e.Asked, strings.Join(e.Versions, ", "))
	case VersionNotKept:
		return fmt.Sprintf("rule set %s was in force, but its files are not kept any more", e.Versions[0])
	case VersionInForce:
		return fmt.Sprintf("rule set %s is in force already", e.Versions[0])
	case VersionChanged:
		return fmt.Sprintf("rule set %s came into force meanwhile; look at it, and ask again", e.Versions[0])
	case VersionNone:
		return "no rule set is known that was in force before this one"
	}
	return fmt.Sprintf("no rule set with the version or commit %q was in force, as far as that is known", e.Asked)
}

const (
	// VersionPrevious asks for the rule set before the one in force.
	VersionPrevious = "previous"
	// VersionCurrent asks for the rule set in force.
	VersionCurrent = "current"

	shortestVersion = 4 // digits
)

// Ruleset gives a rule set and its files by its version, its commit, a beginning of
// either of at least 4 digits, "previous" or "current". Where it is not to be had
// the error is a [*VersionError].
func (r *Router) Ruleset(ctx context.Context, asked string) (RulesetEntry, []rules.Source, error) {
	all, err := r.Rulesets(ctx)
	if err != nil {
		return RulesetEntry{}, nil, err
	}
	found, err := findVersion(all, r.version(), asked)
	if err != nil {
		return found, nil, err
	}
	if set := r.set.Load(); set.version == found.Version {
		return found, set.source.Sources(), nil
	}
	if !found.Kept {
		return found, nil, &VersionError{asked, VersionNotKept, []string{found.Version}}
	}
	r.history.untilKept(ctx, found.Version)
	sources, err := r.Kept(ctx, found.Version)
	return found, sources, err
}

// findVersion finds what is asked for among the rule sets that were in force, the
// newest first.
func findVersion(all []RulesetEntry, now, asked string) (RulesetEntry, error) {
	switch asked = strings.ToLower(asked); {
	case asked == VersionPrevious || asked == "":
		return previous(all, now)
	case asked == VersionCurrent:
		asked = now
	case len(asked) < shortestVersion:
		return RulesetEntry{}, &VersionError{Asked: asked, Reason: VersionShort}
	}
	var found []RulesetEntry
	var versions []string
	for _, e := range all {
		if e.is(asked) && !slices.Contains(versions, e.Version) {
			found, versions = append(found, e), append(versions, e.Version)
		}
	}
	switch {
	case len(found) == 0:
		return RulesetEntry{}, &VersionError{Asked: asked, Reason: VersionUnknown}
	case slices.ContainsFunc(found, func(e RulesetEntry) bool { return !e.sameRules(found[0].Version) }):
		return RulesetEntry{}, &VersionError{asked, VersionAmbiguous, versions}
	}
	return slices.MinFunc(found, func(a, b RulesetEntry) int { return cmp.Compare(b.rank(now), a.rank(now)) }), nil
}

// rank prefers, of versions with the same files, the one in force and those whose
// files are kept.
func (e RulesetEntry) rank(now string) int {
	switch {
	case e.Version == now:
		return 2
	case e.Kept:
		return 1
	}
	return 0
}

// is tells whether the entry is meant by a beginning of its version or commit, or by
// a commit in full.
func (e RulesetEntry) is(asked string) bool {
	return strings.HasPrefix(e.Version, asked) || e.Commit != "" && (strings.HasPrefix(e.Commit, asked) || strings.HasPrefix(asked, e.Commit))
}

// sameRules tells whether a version has the same files, of whatever commit.
func (e RulesetEntry) sameRules(version string) bool {
	return rules.ContentOf(e.Version) == rules.ContentOf(version)
}

// previous is the rule set that was in force before the present one came from the
// source. Where that was brought back by a rollback, what it took the place of is
// not meant: another rollback goes further back.
func previous(all []RulesetEntry, now string) (RulesetEntry, error) {
	at := -1
	for i, e := range all {
		if e.sameRules(now) {
			if at = i; e.How != AppliedRollback {
				break
			}
		}
	}
	for _, e := range all[at+1:] {
		if !e.sameRules(now) {
			return e, nil
		}
	}
	return RulesetEntry{}, &VersionError{Asked: VersionPrevious, Reason: VersionNone}
}
