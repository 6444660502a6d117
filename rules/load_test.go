package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// asData compares what rule sets say, not what they were made of.
var asData = cmpopts.IgnoreUnexported(Ruleset{})

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDefaultsAreFilledIn(t *testing.T) {
	set, _, problems := LoadSources(Source{"r.yaml", []byte(`version: 1
targets:
  z: {queue: {name: z}}
  h: {http: {url: "https://a.example"}}
  s: {stream: {subject: a.b}, concurrency: 4, retry: {attempts: 3, first: 10m}}
rules:
  b: {on: a, to: z}
  a: {on: [a, b.*], to: [h, s], when: "true", enabled: false, on_error: match, description: d}
`)})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	retry := Retry{Attempts: 1000, First: time.Second, Max: 5 * time.Minute, Factor: 2, GiveUp: 24 * time.Hour}
	patient := Breaker{Failures: 5, Ratio: 0.5, Over: 30 * time.Second, First: 30 * time.Second, Max: 30 * time.Second} // as its retries are
	breaker := Breaker{Failures: 5, Ratio: 0.5, Over: 30 * time.Second, First: time.Second, Max: 30 * time.Second}
	want := &Ruleset{
		Version: set.Version, Files: []string{"r.yaml"},
		Targets: []Target{
			{Name: "h", HTTP: &HTTP{URL: "https://a.example", Timeout: 15 * time.Second, Format: "binary", RetryAfterMax: time.Hour}, Retry: retry, Concurrency: 32, Breaker: breaker, OnExpired: OnExpiredDeadLetter},
			{Name: "s", Stream: &Stream{Subject: "a.b"}, Concurrency: 4, Breaker: patient, OnExpired: OnExpiredDeadLetter,
				Retry: Retry{Attempts: 3, First: 10 * time.Minute, Max: 10 * time.Minute, Factor: 2, GiveUp: 24 * time.Hour}},
			{Name: "z", Queue: &Queue{Name: "z"}, Retry: retry, Concurrency: 32, Breaker: breaker, OnExpired: OnExpiredDeadLetter},
		},
		Rules: []*Rule{
			{Name: "a", Description: "d", On: []string{"a", "b.*"}, When: "true", To: []string{"h", "s"}, OnError: OnErrorMatch,
				Mode: ModeLive, Sample: 1, Place: Place{File: "r.yaml", Line: 8, Column: 39}},
			{Name: "b", On: []string{"a"}, To: []string{"z"}, Enabled: true, OnError: OnErrorSkip,
				Mode: ModeLive, Sample: 1, Place: Place{File: "r.yaml", Line: 7, Column: 3}},
		},
	}
	if diff := cmp.Diff(want, set, asData); diff != "" {
		t.Error(diff)
	}
	if len(set.Version) != 12 {
		t.Errorf("version %q", set.Version)
	}
}

func TestDirectoryIsOneRuleSet(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/targets.yaml", "version: 1\ntargets: {q: {queue: {name: q}}}\n")
	write(t, dir+"/a.yml", "version: 1\nrules: {a: {on: x, to: q}}\n")
	write(t, dir+"/b.yaml", "version: 1\nrules: {b: {on: x, to: q}}\n")
	write(t, dir+"/.hidden.yaml", "nonsense")
	write(t, dir+"/README.md", "nonsense")
	write(t, dir+"/sub/c.yaml", "nonsense")
	write(t, dir+"/dir.yaml/c.yaml", "nonsense")
	set, m, problems := Load(dir)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if len(set.Files) != 3 || len(m.Rules()) != 2 || m.Version() != set.Version {
		t.Errorf("%v %v", set, m.Rules())
	}
	copied := t.TempDir()
	for _, name := range []string{"a.yml", "b.yaml", "targets.yaml"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(copied, name), string(text))
	}
	if same, _, _ := Load(copied); same.Version != set.Version {
		t.Error("the same files in another place are another version")
	}
	write(t, copied+"/b.yaml", "version: 1\nrules: {b: {on: y, to: q}}\n")
	if other, _, _ := Load(copied); other.Version == set.Version {
		t.Error("another rule is the same version")
	}
}

// TestConfigMap: Kubernetes mounts a ConfigMap as links into a directory that
// it swaps.
func TestConfigMap(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/..2026_01_31/rules.yaml", "version: 1\ntargets: {q: {queue: {name: q}}}\nrules: {a: {on: x, to: q}}\n")
	for link, to := range map[string]string{"..data": "..2026_01_31", "rules.yaml": "..data/rules.yaml"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	set, _, problems := Load(dir)
	if len(problems) > 0 || len(set.Rules) != 1 || len(set.Files) != 1 {
		t.Fatal(set, problems)
	}
}

func TestDefinedTwiceAcrossFiles(t *testing.T) {
	one := "version: 1\ntargets:\n  q: {queue: {name: q}}\nrules:\n  a: {on: x, to: q}\n"
	_, m, problems := LoadSources(Source{"one.yaml", []byte(one)}, Source{"two.yaml", []byte("# two\n" + one)})
	if m != nil {
		t.Error("it loads")
	}
	want := `two.yaml:4:3: error WYE020: the target "q" is defined twice: here and in one.yaml, line 3
    q: {queue: {name: q}}
    ^
    hint: rename or remove one of them; the files of a directory are one rule set
two.yaml:6:3: error WYE020: the rule "a" is defined twice: here and in one.yaml, line 5
    a: {on: x, to: q}
    ^
    hint: rename or remove one of them; the files of a directory are one rule set
`
	if diff := cmp.Diff(want, report(t, problems)); diff != "" {
		t.Error(diff)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/empty/README.md", "")
	write(t, dir+"/link/x", "")
	if err := os.Symlink("nowhere", dir+"/link/rules.yaml"); err != nil {
		t.Skip(err)
	}
	for path, want := range map[string]string{
		dir + "/none.yaml": dir + "/none.yaml: error WYE001: there is no such file or directory\n    hint: look at the path; it is taken from the working directory\n",
		dir + "/empty":     dir + "/empty: error WYE002: the directory has no rule files\n    hint: rule files end in .yaml; to read the directories inside it too, write " + dir + "/empty/...\n",
		dir + "/link":      dir + "/link/rules.yaml: error WYE001: there is no such file or directory\n    hint: look at the path; it is taken from the working directory\n",
		os.DevNull:         os.DevNull + ": error WYE001: the file cannot be read: it is not a file\n",
	} {
		set, m, problems := Load(path)
		if set != nil || m != nil {
			t.Errorf("%s loads", path)
		}
		if diff := cmp.Diff(want, report(t, problems)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

// TestProblemsDoNotDependOnOrder: rules are compiled by several workers, and
// files come in any order.
func TestProblemsDoNotDependOnOrder(t *testing.T) {
	var text strings.Builder
	text.WriteString("version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n")
	for i := range 50 {
		fmt.Fprintf(&text, "  r%d: {on: a, to: q, when: event.sorce == 1}\n", i)
	}
	a, b := Source{"a.yaml", []byte(text.String())}, Source{"b.yaml", []byte("version: 2\n")}
	_, _, first := LoadSources(a, b)
	_, _, second := LoadSources(b, a)
	if diff := cmp.Diff(first, second); diff != "" || len(first) != 51 {
		t.Error(len(first), diff)
	}
}

func TestTenThousandRulesLoadInSeconds(t *testing.T) {
	n := 10_000
	if raceDetector || testing.Short() {
		n = 500
	}
	start := time.Now()
	_, m, problems := LoadSources(Source{"r.yaml", []byte(manyRules(n))})
	if m == nil {
		t.Fatal(problems)
	}
	t.Logf("%d rules in %v", n, time.Since(start))
	ev := jsonEvent(`{"x": 10000, "y": "v42"}`)
	ev.Type = "com.example.t42"
	if got := m.Match(ev, nil); len(got) != 1 || got[0].Rule.Name != "r42" {
		t.Error(got)
	}
}

func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/problems/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(files, "../rules.yaml") {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, m, problems := LoadSources(Source{"rules.yaml", []byte(text)})
		if (m == nil) != problems.HasErrors() {
			t.Fatalf("matcher %v with %v", m, problems)
		}
		lines := strings.Count(text, "\n") + 1
		for _, p := range problems {
			if p.Message == "" || p.Code == "" || p.Line > lines || (p.Line > 0) != (p.Column > 0) {
				t.Fatalf("a problem without a place: %+v", p)
			}
			if p.text(false) == "" {
				t.Fatal("no text")
			}
		}
		if m != nil {
			m.Match(jsonEvent(benchData), nil)
		}
	})
}
