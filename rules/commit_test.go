package rules

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVersionAndCommit(t *testing.T) {
	const content, commit = "0123456789ab", "89abcdef0123456789abcdef0123456789abcdef"
	for _, c := range []struct{ version, content, commit string }{
		{"", "", ""},
		{content, content, ""},
		{WithCommit(content, ""), content, ""},
		{WithCommit(content, commit), content, "89abcdef0123"},
		{WithCommit(WithCommit(content, commit), "ffffffffffffff"), content, "ffffffffffff"},
		{WithCommit(content, "abc"), content, "abc"},
	} {
		if got := [2]string{ContentOf(c.version), CommitOf(c.version)}; got != [2]string{c.content, c.commit} {
			t.Errorf("%q: %q", c.version, got)
		}
	}
}

func TestLoadCommitNamesTheCommit(t *testing.T) {
	text := Source{"r.yaml", []byte("version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  a: {on: x, when: event.data.n > 1, to: q}\n  b: {on: \"*\", to: q}\n")}
	var l Loader
	plainSet, plain, _ := l.LoadSources(text)
	set, m, problems := l.LoadCommit("0011223344556677", "", text)
	if m == nil {
		t.Fatal(problems)
	}
	want := plainSet.Version + "-001122334455"
	if set.Version != want || m.Version() != want || plainSet.Version != plain.Version() || CommitOf(plain.Version()) != "" {
		t.Errorf("%s and %s, want %s; without: %s", set.Version, m.Version(), want, plain.Version())
	}
	ev := jsonEvent(`{"n": 2}`)
	ev.Type = "x"
	if diff := cmp.Diff(names(plain.Match(ev, nil)), names(m.Match(ev, nil))); diff != "" || len(m.Match(ev, nil)) != 2 {
		t.Error(diff)
	}
	if got, err := m.Explain(ev, ExplainOptions{}); err != nil || got.Version != want {
		t.Errorf("explained by %+v, %v", got, err)
	}
}

// TestLoadCommitBelowARoot: a rule set is the same wherever it is in a repository,
// and its problems name the place there.
func TestLoadCommitBelowARoot(t *testing.T) {
	const good = "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  a: {on: x, to: q}\n"
	var l Loader
	here, _, _ := l.LoadSources(Source{"team/a.yaml", []byte(good)})
	for _, root := range []string{"conf/rules", "conf/rules/", "./conf/rules"} {
		set, m, problems := l.LoadCommit("0011223344556677", root, Source{"conf/rules/team/a.yaml", []byte(good)})
		if m == nil {
			t.Fatal(problems)
		}
		if set.Version != here.Version+"-001122334455" || set.Files[0] != "conf/rules/team/a.yaml" || set.Sources()[0].Name != "team/a.yaml" {
			t.Errorf("%s: %s, not %s; %v, %v", root, set.Version, here.Version, set.Files, set.Sources()[0].Name)
		}
	}
	_, _, problems := l.LoadCommit("0011223344556677", "conf/rules", Source{"conf/rules/team/a.yaml", []byte("nonsense")})
	if len(problems) == 0 || problems[0].File != "conf/rules/team/a.yaml" {
		t.Error(problems)
	}
}

// TestNamedMatcherIsWhole: what a matcher comes to have, its namesake has too.
func TestNamedMatcherIsWhole(t *testing.T) {
	m := &Matcher{changed: true, orders: map[string]*Key{}}
	_, full, _ := LoadSources(Source{"r.yaml", []byte("version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  a: {on: x, to: q}\n")})
	full.changed, full.orders = m.changed, m.orders
	n := reflect.ValueOf(full.as("v")).Elem()
	own := map[string]bool{"version": true, "trees": true, "spare": true}
	for i, f := range reflect.VisibleFields(n.Type()) {
		if !own[f.Name] && n.Field(i).IsZero() {
			t.Errorf("%s is not taken over", f.Name)
		}
	}
}
