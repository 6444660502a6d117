package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFilesOfAPath(t *testing.T) {
	dir := t.TempDir()
	outside := t.TempDir()
	write(t, outside+"/o.yaml", "")
	for _, name := range []string{
		"b.yaml", "a.yml", "a_test.yaml", "b_test.yml", ".c.yaml", "README.md", "sub/c.yaml", "sub/deep/d.yml",
		"sub/d_test.yaml", ".git/e.yaml", "odd.yaml/f.yaml", "none/x.txt", "tests/_test.yaml", "tests/latest.yaml",
	} {
		write(t, filepath.Join(dir, name), "")
	}
	for link, to := range map[string]string{"linked": outside, "up": "..", "l.yaml": filepath.Join(outside, "o.yaml"), "z.yaml": "sub"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	for path, want := range map[string]string{
		"":                "a.yml b.yaml l.yaml",
		"/...":            "a.yml b.yaml l.yaml odd.yaml/f.yaml sub/c.yaml sub/deep/d.yml tests/latest.yaml",
		"/sub/...":        "sub/c.yaml sub/deep/d.yml",
		"/linked/...":     "linked/o.yaml",
		"/sub/c.yaml":     "sub/c.yaml",
		"/README.md":      "README.md",
		"/a_test.yaml":    "WYE002",
		"/none":           "WYE002",
		"/none/...":       "WYE002",
		"/sub/c.yaml/...": "WYE001",
		"/absent/...":     "WYE001",
		"/b...":           "WYE001",
	} {
		names, problems := Files(dir + path)
		var got []string
		for _, name := range names {
			got = append(got, below(dir, name))
		}
		for _, p := range problems {
			got = append(got, p.Code)
		}
		if diff := cmp.Diff(strings.Fields(want), got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestFilesAndTestsOfAPath(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.yaml", "b_test.yml", ".c_test.yaml", "sub/d_test.yaml", "README.md"} {
		write(t, filepath.Join(dir, name), "")
	}
	for path, want := range map[string]string{
		"":                  "b.yaml b_test.yml",
		"/...":              "b.yaml b_test.yml sub/d_test.yaml",
		"/sub":              "sub/d_test.yaml",
		"/b_test.yml":       "b_test.yml",
		"/absent_test.yaml": "WYE001",
	} {
		names, problems := FilesAndTests(dir + path)
		var got []string
		for _, name := range names {
			got = append(got, below(dir, name))
		}
		for _, p := range problems {
			got = append(got, p.Code)
		}
		if diff := cmp.Diff(strings.Fields(want), got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestWorkingDirectoryAsAPath(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "sub/c.yaml", "")
	for _, path := range []string{"...", "./..."} {
		if names, problems := Files(path); len(problems) > 0 || !slices.Equal(names, []string{"sub/c.yaml"}) {
			t.Error(path, names, problems)
		}
	}
}

// TestSourcesOfASet: the files of a set make the same set again, wherever it
// lies, and files of one name in two directories are two.
func TestSourcesOfASet(t *testing.T) {
	const target = "version: 1\ntargets: {q: {queue: {name: q}}}\n"
	one, two := "\xef\xbb\xbfversion: 1\nrules: {a: {on: x, to: q}}\n", "version: 1\nrules: {b: {on: x, to: q}}\n"
	load := func(a, b string) *Ruleset {
		dir := t.TempDir()
		write(t, dir+"/targets.yaml", target)
		write(t, dir+"/a/rules.yaml", a)
		write(t, dir+"/b/rules.yaml", b)
		write(t, dir+"/b/rules_test.yaml", "nonsense")
		set, _, problems := Load(dir + "/...")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return set
	}
	set := load(one, two)
	want := []Source{{"a/rules.yaml", []byte(one)}, {"b/rules.yaml", []byte(two)}, {"targets.yaml", []byte(target)}}
	if diff := cmp.Diff(want, set.Sources()); diff != "" {
		t.Error(diff)
	}
	again, _, problems := LoadSources(set.Sources()...)
	if len(problems) > 0 || again.Version != set.Version || Version(set.Sources()...) != set.Version {
		t.Error(again, problems)
	}
	if moved := load(one, two); moved.Version != set.Version {
		t.Error("the same files in another place are another version")
	}
	if swapped := load(two, one); swapped.Version == set.Version {
		t.Error("what is in two files of one name may be swapped")
	}
}

// TestOneLoaderForTwoPaths: a file below one root and another is not mixed up.
func TestOneLoaderForTwoPaths(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a/rules.yaml", "version: 1\ntargets: {q: {queue: {name: q}}}\n")
	var l Loader
	for _, path := range []string{"/...", "/a", "/..."} {
		set, _, _ := l.Load(dir + path)
		if want, _, _ := Load(dir + path); set.Version != want.Version {
			t.Errorf("%s: version %s, want %s", path, set.Version, want.Version)
		}
	}
}
