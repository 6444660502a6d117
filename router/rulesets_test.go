package router

import (
	"errors"
	"fmt"
	"testing"
)

// entriesOf makes a history of "version how" words, the newest first. A version
// that ends in ! is not kept.
func entriesOf(words ...string) (all []RulesetEntry) {
	for _, word := range words {
		e := RulesetEntry{How: AppliedLoaded, Kept: true}
		fmt.Sscan(word, &e.Version, &e.How)
		if n := len(e.Version) - 1; e.Version[n] == '!' {
			e.Version, e.Kept = e.Version[:n], false
		}
		for i := range e.Version {
			if e.Version[i] == '-' {
				e.Commit = e.Version[i+1:]
			}
		}
		all = append(all, e)
	}
	return all
}

const (
	a1 = "aaaaaaaaaaaa-111111111111"
	a2 = "aaaaaaaaaaaa-122222222222"
	ab = "aaaabbbbbbbb-222222222222"
	c3 = "cccccccccccc-333333333333"
	d  = "dddddddddddd"
)

func TestFindVersion(t *testing.T) {
	for name, c := range map[string]struct {
		all   []RulesetEntry
		asked string
		want  string // a version or a reason
	}{
		"in full":                        {entriesOf(c3, ab), ab, ab},
		"a beginning":                    {entriesOf(c3, ab), "aaaa", ab},
		"in capitals":                    {entriesOf(c3, ab), "AAAAB", ab},
		"without its commit":             {entriesOf(c3, ab), "aaaabbbbbbbb", ab},
		"a commit":                       {entriesOf(c3, ab), "222222222222", ab},
		"a beginning of a commit":        {entriesOf(c3, ab), "2222", ab},
		"a commit in full":               {entriesOf(c3, ab), "2222222222223333333333334444444444445555", ab},
		"without a commit":               {entriesOf(c3, d), "dddd", d},
		"current":                        {entriesOf(c3, ab), "current", c3},
		"too short":                      {entriesOf(c3, ab), "aaa", "version_too_short"},
		"unknown":                        {entriesOf(c3, ab), "abab", "no_such_version"},
		"of two":                         {entriesOf(c3, ab, a1), "aaaa", "version_ambiguous"},
		"of two with the same files":     {entriesOf(c3, a2, ab, a1), "aaaaaaaaaaaa", a2},
		"of those the one that is kept":  {entriesOf(c3, a2+"!", ab, a1), "aaaaaaaaaaaa", a1},
		"of those the one in force":      {entriesOf(a1, ab, a2), "aaaaaaaaaaaa", a1},
		"not kept":                       {entriesOf(c3, ab+"!"), "aaaa", ab},
		"previous":                       {entriesOf(c3, ab, a1), "previous", ab},
		"nothing, which is the previous": {entriesOf(c3, ab, a1), "", ab},
		"none before":                    {entriesOf(c3), "", "no_previous_version"},
		"another commit is none before":  {entriesOf(a2, a1), "", "no_previous_version"},
		"after a rollback":               {entriesOf(ab+" rollback", c3, ab, a1), "", a1},
		"after two":                      {entriesOf(a1+" rollback", ab+" rollback", c3, ab, a1, d), "", d},
		"after the last":                 {entriesOf(a1+" rollback", ab+" rollback", c3, ab, a1), "", "no_previous_version"},
		"after the source had it again":  {entriesOf(ab, c3, ab, a1), "", c3},
		"after one to long ago":          {entriesOf(d+" rollback", c3, ab), "", c3},
	} {
		got, err := findVersion(c.all, c.all[0].Version, c.asked)
		found := got.Version
		if refused := (*VersionError)(nil); errors.As(err, &refused) {
			found = string(refused.Reason)
		}
		if found != c.want {
			t.Errorf("%s: %q is %s, want %s", name, c.asked, found, c.want)
		}
	}
}

func TestDecidedBy(t *testing.T) {
	for name, c := range map[string]struct {
		all  []RulesetEntry // the oldest first
		line timeline
		want string
	}{
		"one":               {entriesOf(d), lineOf(segment{1, d}), "1-0"},
		"nothing yet":       {entriesOf(d), nil, "0-0"},
		"each":              {entriesOf(d, c3), lineOf(segment{1, d}, segment{5, c3}), "1-4 5-0"},
		"not the newest":    {entriesOf(d, c3), lineOf(segment{1, d}), "1-0 0-0"},
		"not the middle":    {entriesOf(d, c3, ab), lineOf(segment{1, d}, segment{9, ab}), "1-8 0-0 9-0"},
		"twice":             {entriesOf(d, c3, d), lineOf(segment{1, d}, segment{5, c3}, segment{9, d}), "1-4 5-8 9-0"},
		"an unknown one":    {entriesOf(c3, ab), lineOf(segment{1, d}, segment{5, c3}, segment{9, ab}), "5-8 9-0"},
		"unknown, and last": {entriesOf(c3), lineOf(segment{1, c3}, segment{5, d}), "1-4"},
	} {
		decidedBy(c.all, c.line)
		got := ""
		for i, e := range c.all {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprintf("%d-%d", e.First, e.Last)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
