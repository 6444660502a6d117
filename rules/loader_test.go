package rules

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/rules/rulestest"
)

// scene is a directory of rule files that a test changes at random.
type scene struct {
	dir   string
	r     *rand.Rand
	files map[string][]string // rules by file
}

var sceneConditions = []string{
	"", "    when: event.data.x > %d\n", "    when: event.data.s == \"v%d\" && event.source.startsWith('/s')\n",
	"    when: event.data.l.exists(i, i.n == %d)\n", "    when: 'event.data.t in [\"a\", \"b%d\"]'\n",
	"    when: |\n      event.data.x > %d\n      && event.type != \"y\"\n",
}

// faults are rules with something wrong, one for each way to find it.
var sceneFaults = []string{
	"  bad%d:\n    on: a\n    when: event.sorce == \"%d\"\n    to: q\n",
	"  bad%d:\n    on: a\n    to: nowhere%d\n",
	"  bad%d:\n    on: a..b%d\n    to: q\n",
	"  bad%d:\n    when: event.data.x > %d\n    to: q\n",
	"  bad%d: [%d\n",
	"  r1:\n    on: a\n    to: q\n  # %d %d\n",
	"  bad%d:\n    on: a\n    when: event.data.x > \"%d\n    to: q\n",
}

func (s *scene) rule(fault bool) string {
	n := s.r.IntN(40)
	if fault {
		return fmt.Sprintf(sceneFaults[s.r.IntN(len(sceneFaults))], n, n)
	}
	when := sceneConditions[s.r.IntN(len(sceneConditions))]
	if when != "" {
		when = fmt.Sprintf(when, s.r.IntN(100))
	}
	return fmt.Sprintf("  r%d-%d:\n    on: com.example.t%d\n%s    to: q\n", s.r.IntN(1000), n, n%7, when)
}

// change edits one file, or removes it, or mends it.
func (s *scene) change() {
	name := fmt.Sprintf("%s/f%d.yaml", s.dir, s.r.IntN(4))
	rules := s.files[name]
	at := 0
	if len(rules) > 0 {
		at = s.r.IntN(len(rules))
	}
	switch s.r.IntN(10) {
	case 0:
		delete(s.files, name)
		os.Remove(name)
		return
	case 1:
		rules = append(rules[:at:at], append([]string{s.rule(true)}, rules[at:]...)...)
	case 2, 3, 4:
		var good []string
		for _, r := range rules {
			if !strings.Contains(r, "bad") && !strings.Contains(r, " r1:") {
				good = append(good, r)
			}
		}
		rules = good
	case 5:
		if len(rules) > 0 {
			rules = append(rules[:at:at], rules[at+1:]...)
		}
	case 6:
		if len(rules) > 0 {
			rules = append([]string{}, rules...)
			rules[at] = s.rule(false)
		}
	default:
		rules = append(rules[:at:at], append([]string{s.rule(false)}, rules[at:]...)...)
	}
	s.files[name] = rules
	s.write(name, rules)
}

func (s *scene) write(name string, rules []string) {
	text := "version: 1\n"
	if len(rules) > 0 {
		text += "rules:\n" + strings.Join(rules, "")
	}
	os.WriteFile(name, []byte(text), 0o644)
}

// TestLoaderAgreesWithLoad: after any sequence of changes a Loader gives what a
// fresh load does, be it a rule set or problems.
func TestLoaderAgreesWithLoad(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := &scene{dir: t.TempDir(), r: rand.New(rand.NewPCG(seed, 0)), files: map[string][]string{}}
			write(t, s.dir+"/targets.yaml", "version: 1\ntargets: {q: {queue: {name: q}}}\n")
			var l Loader
			good := 0
			for range 60 {
				s.change()
				set, m, problems := l.Load(s.dir)
				wantSet, want, wantProblems := Load(s.dir)
				if diff := cmp.Diff(wantProblems, problems); diff != "" {
					t.Fatal(diff)
				}
				if diff := cmp.Diff(wantSet, set, asData); diff != "" {
					t.Fatal(diff)
				}
				if want == nil {
					continue
				}
				good++
				sameMatcher(t, want, m, set)
			}
			if good < 10 {
				t.Errorf("only %d of the sets were good", good)
			}
		})
	}
}

func sameMatcher(t *testing.T, want, got *Matcher, set *Ruleset) {
	t.Helper()
	if len(got.Rules()) != len(want.Rules()) || got.Version() != want.Version() {
		t.Fatalf("%d rules of version %s, not %d of %s", len(got.Rules()), got.Version(), len(want.Rules()), want.Version())
	}
	for i, r := range got.Rules() {
		if r.Rule != set.Rules[i] || r.Name != want.Rules()[i].Name {
			t.Fatalf("rule %d is %s", i, r.Name)
		}
	}
	ev := jsonEvent(`{"x": 50, "s": "v5", "t": "a", "l": [{"n": 3}]}`)
	for n := range 7 {
		ev.Type, ev.Source = fmt.Sprintf("com.example.t%d", n), "/s"
		if diff := cmp.Diff(names(want.Match(ev, nil)), names(got.Match(ev, nil))); diff != "" {
			t.Fatal(diff)
		}
	}
}

func names(matches []Match) (names []string) {
	for _, m := range matches {
		names = append(names, fmt.Sprint(m.Rule.Name, m.Err))
	}
	return names
}

// TestUnchangedRulesAreKept: what has not changed is the same in memory, and is
// not compiled again.
func TestUnchangedRulesAreKept(t *testing.T) {
	const rules = "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  a: {on: x, to: q}\n  b: {on: x, when: event.data.x > 1, to: q}\n"
	other := Source{"other.yaml", []byte("version: 1\nrules:\n  c: {on: x, when: event.data.x > 3, to: q}\n")}
	var l Loader
	set, m, _ := l.LoadSources(Source{"r.yaml", []byte(rules)}, other)
	again, sameMatcher, _ := l.LoadSources(Source{"r.yaml", []byte(rules)}, other)
	if again != set || sameMatcher != m || l.Report().Compiled != 0 {
		t.Error("the same files are another set")
	}
	changed := strings.Replace(rules, "> 1", "> 2", 1)
	next, nm, _ := l.LoadSources(Source{"r.yaml", []byte(changed)}, other)
	if next.Rules[0] != set.Rules[0] || next.Rules[2] != set.Rules[2] || nm.Rules()[0] != m.Rules()[0] || nm.Rules()[2] != m.Rules()[2] {
		t.Error("a rule that has not changed is another")
	}
	if next.Rules[1] == set.Rules[1] || next.Rules[1].When != "event.data.x > 2" || set.Rules[1].When != "event.data.x > 1" {
		t.Error("a changed rule is still the old one")
	}
	if r := l.Report(); r.Compiled != 2 || r.Rules != 3 || r.Files != 2 || r.Targets != 1 || r.TextBytes == 0 {
		t.Errorf("%+v", r)
	}
}

// TestOldTextsAreNotKeptForEver: rules that never change do not hold every text
// that their file has ever had.
func TestOldTextsAreNotKeptForEver(t *testing.T) {
	var l Loader
	var first *Rule
	for i := range maxAge + 2 {
		set, _, problems := l.LoadSources(Source{"r.yaml", fmt.Appendf(nil,
			"version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  a: {on: x, to: q}\n  b: {on: y%d, to: q}\n", i)})
		if set == nil {
			t.Fatal(problems)
		}
		if i == 0 {
			first = set.Rules[0]
		}
		if kept := set.Rules[0] == first; kept != (i <= maxAge) {
			t.Fatalf("after %d changes: kept %v", i, kept)
		}
	}
}

func TestProgressIsTold(t *testing.T) {
	var l Loader
	last := map[string]Progress{}
	l.Progress = func(p Progress) { last[p.What] = p }
	l.LoadSources(rulestest.Sources[Source](rulestest.Mixed(1000))...)
	if p := last["files"]; p.Done != 1 || p.Total != 1 {
		t.Error(p)
	}
	if p := last["conditions"]; p.Done != 1000 || p.Total != 1000 {
		t.Error(p)
	}
}

func TestLoaderIsSafeForManyGoroutines(t *testing.T) {
	s := &scene{dir: t.TempDir(), r: rand.New(rand.NewPCG(9, 0)), files: map[string][]string{}}
	write(t, s.dir+"/targets.yaml", "version: 1\ntargets: {q: {queue: {name: q}}}\n")
	var l Loader
	var loads sync.WaitGroup
	for range 4 {
		loads.Go(func() {
			for range 20 {
				if _, m, _ := l.Load(s.dir); m != nil {
					m.Match(jsonEvent(`{"x": 50}`), nil)
				}
			}
		})
	}
	for range 20 {
		s.change()
	}
	loads.Wait()
}

// BenchmarkReloadOne changes one file of ten rules in a directory of 100,000,
// and loads the directory again.
func BenchmarkReloadOne(b *testing.B) {
	dir := b.TempDir()
	for _, f := range rulestest.Mixed(100_000).Files() {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	var l Loader
	n := 0
	load := func() {
		var text strings.Builder
		text.WriteString("version: 1\nrules:\n")
		for i := range 10 {
			fmt.Fprintf(&text, "  new-%d:\n    on: com.example.t%d\n    when: event.data.x > %d\n    to: audit\n", i, i, n+i)
		}
		n++
		if err := os.WriteFile(filepath.Join(dir, "small.yaml"), []byte(text.String()), 0o644); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		_, m, problems := l.Load(dir)
		b.StopTimer()
		if m == nil {
			b.Fatal(problems)
		}
	}
	load()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		load()
	}
}
