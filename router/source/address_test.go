package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ text, kind, shown, ref, in string }{
		{"rules.yaml", "file", "rules.yaml", "", ""},
		{"rules/...", "tree", "rules/...", "", ""},
		{"git+https://h.example/r.git", "git", "git+https://h.example/r.git", "", ""},
		{"git+https://h.example/r.git#", "git", "git+https://h.example/r.git", "", ""},
		{"git+https://h.example/r.git#main", "git", "git+https://h.example/r.git#main", "main", ""},
		{"git+https://h.example/r.git#main:rules/...", "git", "git+https://h.example/r.git#main:rules/...", "main", "rules/..."},
		{"git+https://h.example/r.git#:rules", "git", "git+https://h.example/r.git#:rules", "", "rules"},
		{"git+https://h.example/r.git#feature/x:a/b.yaml", "git", "git+https://h.example/r.git#feature/x:a/b.yaml", "feature/x", "a/b.yaml"},
		{"git+https://me:s3cret@h.example/r.git#main", "git", "git+https://me:redacted@h.example/r.git#main", "main", ""},
		{"git+https://s3cret@h.example/r.git", "git", "git+https://redacted@h.example/r.git", "", ""},
		{"git+ssh://git@h.example:2222/r.git#v1", "git", "git+ssh://git@h.example:2222/r.git#v1", "v1", ""},
		{"git+file:///srv/r.git#refs/heads/main:x", "git", "git+file:///srv/r.git#refs/heads/main:x", "refs/heads/main", "x"},
	} {
		a, err := Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if a.Kind() != c.kind || a.String() != c.shown || a.Ref != c.ref || a.In != c.in || a.Git() != (c.kind == "git") {
			t.Errorf("%s: %s %s %q %q", c.text, a.Kind(), a, a.Ref, a.In)
		}
		if strings.Contains(a.ID()+a.Repository()+a.String(), "s3cret") {
			t.Errorf("%s shows a secret: %s, %s", c.text, a, a.ID())
		}
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for text, says := range map[string]string{
		"":                                      "expected a path",
		"https://h.example/r.git":               "use a path, or a Git repository",
		"git+ftp://h.example/r.git":             `"git+ftp" is not a way`,
		"git+https:///r.git":                    "expected a host and a repository",
		"git+https://h.example":                 "expected a host and a repository",
		"git+file://srv/r.git":                  "three slashes",
		"git+https://h.example/r.git?ref=x":     "a # goes before the branch",
		"git+https://h.example/r.git#a..b":      "not the name of a branch",
		"git+https://h.example/r.git#main:/etc": "leads out of the repository",
		"git+https://h.example/r.git#main:../x": "leads out of the repository",
		"git+https://me:s3cret@h.example/%zz":   "cannot be read",
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestPathsOfThisMachine(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	a, b := mustParse(t, "rules.yaml"), mustParse(t, filepath.Join(dir, "rules.yaml"))
	if a.ID() != b.ID() || a.ID() == mustParse(t, "other.yaml").ID() || mustParse(t, "x").ID() == mustParse(t, "x/...").ID() {
		t.Errorf("%s, %s", a.ID(), b.ID())
	}
	if mustParse(t, dir).Kind() != "directory" || a.Note() != "" {
		t.Errorf("%s, %s", mustParse(t, dir).Kind(), a.Note())
	}
}

func mustParse(t testing.TB, text string) Address {
	t.Helper()
	a, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestMounted(t *testing.T) {
	const table = `36 35 98:0 / / rw,noatime shared:1 - ext4 /dev/root rw
40 36 98:0 /pods/x/volumes/rules/..2026/rules.yaml /etc/wye/rules.yaml ro - ext4 /dev/root rw
41 36 98:0 / /etc/with\040space/a.yaml ro - ext4 /dev/root rw
42 36 0:41 / /etc/conf rw - tmpfs tmpfs rw
`
	for path, want := range map[string]bool{
		"/etc/wye/rules.yaml": true, "/etc/with space/a.yaml": true, "/etc/wye": false, "/etc/wye/other.yaml": false, "/etc/conf/rules.yaml": false,
	} {
		if mounted(table, path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}
