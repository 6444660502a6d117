package source

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/wye-events/wye/rules"
)

// repository is a Git repository that a test writes commits into. It has no
// working tree, so that a commit may hold what none would.
type repository struct {
	t     testing.TB
	dir   string
	git   *git.Repository
	files map[string]blob
	sign  func(*object.Commit) // nil: unsigned
	n     int
}

type blob struct {
	mode filemode.FileMode
	text string // the hash of a submodule's commit
}

func newRepository(t testing.TB) *repository {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "rules.git")
	repo, err := git.PlainInit(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	r := &repository{t: t, dir: dir, git: repo, files: map[string]blob{}}
	r.head("main")
	return r
}

// head makes HEAD name a branch.
func (r *repository) head(branch string) {
	r.t.Helper()
	r.must(r.git.Storer.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, plumbing.NewBranchReferenceName(branch))))
}

func (r *repository) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// set puts a file into the next commit.
func (r *repository) set(name, text string) *repository {
	r.files[name] = blob{filemode.Regular, text}
	return r
}

func (r *repository) link(name, to string) *repository {
	r.files[name] = blob{filemode.Symlink, to}
	return r
}

func (r *repository) submodule(name string) *repository {
	r.files[name] = blob{filemode.Submodule, strings.Repeat("1", 40)}
	return r
}

// commit makes a commit on top of a branch, whatever was there, and gives its hash.
func (r *repository) commit(branch string) string {
	r.t.Helper()
	ref := plumbing.NewBranchReferenceName(branch)
	var parents []plumbing.Hash
	if before, err := r.git.Reference(ref, true); err == nil {
		parents = append(parents, before.Hash())
	}
	hash := r.object(parents)
	r.must(r.git.Storer.SetReference(plumbing.NewHashReference(ref, hash)))
	return hash.String()
}

// force makes a branch begin anew, with a commit that has no parent.
func (r *repository) force(branch string) string {
	r.t.Helper()
	hash := r.object(nil)
	r.must(r.git.Storer.SetReference(plumbing.NewHashReference(plumbing.NewBranchReferenceName(branch), hash)))
	return hash.String()
}

func (r *repository) object(parents []plumbing.Hash) plumbing.Hash {
	r.t.Helper()
	r.n++
	who := object.Signature{Name: "A", Email: "a@example.com", When: time.Unix(1_700_000_000+int64(r.n), 0).UTC()}
	c := &object.Commit{Author: who, Committer: who, Message: "c\n", TreeHash: r.tree(""), ParentHashes: parents}
	if r.sign != nil {
		r.sign(c)
	}
	o := r.git.Storer.NewEncodedObject()
	r.must(c.Encode(o))
	hash, err := r.git.Storer.SetEncodedObject(o)
	r.must(err)
	return hash
}

// tree stores the directory of that prefix.
func (r *repository) tree(prefix string) plumbing.Hash {
	r.t.Helper()
	entries := map[string]object.TreeEntry{}
	for name, b := range r.files {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		if dir, _, below := strings.Cut(rest, "/"); below {
			if _, done := entries[dir]; !done {
				entries[dir] = object.TreeEntry{Name: dir, Mode: filemode.Dir, Hash: r.tree(prefix + dir + "/")}
			}
			continue
		}
		entries[rest] = object.TreeEntry{Name: rest, Mode: b.mode, Hash: r.blob(b)}
	}
	t := &object.Tree{}
	for _, e := range entries {
		t.Entries = append(t.Entries, e)
	}
	slices.SortFunc(t.Entries, func(a, b object.TreeEntry) int { return strings.Compare(sortName(a), sortName(b)) })
	o := r.git.Storer.NewEncodedObject()
	r.must(t.Encode(o))
	hash, err := r.git.Storer.SetEncodedObject(o)
	r.must(err)
	return hash
}

// sortName is what Git orders the entries of a tree by.
func sortName(e object.TreeEntry) string {
	if e.Mode == filemode.Dir {
		return e.Name + "/"
	}
	return e.Name
}

func (r *repository) blob(b blob) plumbing.Hash {
	r.t.Helper()
	if b.mode == filemode.Submodule {
		return plumbing.NewHash(b.text)
	}
	o := r.git.Storer.NewEncodedObject()
	o.SetType(plumbing.BlobObject)
	w, err := o.Writer()
	r.must(err)
	_, err = w.Write([]byte(b.text))
	r.must(err)
	r.must(w.Close())
	hash, err := r.git.Storer.SetEncodedObject(o)
	r.must(err)
	return hash
}

func fileNames(files []rules.Source) (names []string) {
	for _, f := range files {
		names = append(names, f.Name)
	}
	return names
}

func TestFilesOfAPath(t *testing.T) {
	r := newRepository(t)
	r.set("README.md", "x").set("top.yaml", "top").set("one.yml", "one").set(".github/w.yaml", "no").set(".hidden.yaml", "no")
	r.set("rules/a.yaml", "a").set("rules/a_test.yaml", "no").set("rules/team-a/a.yaml", "aa").set("rules/team-b/deep/b.yml", "bb")
	r.set("rules/.git-ignored/x.yaml", "no").set("docs/x.md", "x").link("rules/LICENSE", "../README.md").link("latest", "rules")
	commit := r.commit("main")
	for _, c := range []struct {
		path string
		want string
	}{
		{"", "one.yml top.yaml"},
		{"top.yaml", "top.yaml"},
		{"rules", "rules/a.yaml"},
		{"rules/", "rules/a.yaml"},
		{"./rules", "rules/a.yaml"},
		{"rules/...", "rules/a.yaml rules/team-a/a.yaml rules/team-b/deep/b.yml"},
		{"rules/a_test.yaml", "rules/a_test.yaml"}, // who names it means it
	} {
		files, got, err := FromRevision(r.dir, "main", c.path)
		if err != nil {
			t.Errorf("%q: %v", c.path, err)
			continue
		}
		slices.SortFunc(files, func(a, b rules.Source) int { return strings.Compare(a.Name, b.Name) })
		if names := strings.Join(fileNames(files), " "); names != c.want || got != commit {
			t.Errorf("%q: %s of %s, want %s of %s", c.path, names, got, c.want, commit)
		}
	}
	if files, _, err := FromRevision(r.dir, commit[:10], "rules/a.yaml"); err != nil || string(files[0].Text) != "a" {
		t.Errorf("%v, %v", files, err)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	const lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
	r := newRepository(t)
	r.set("good/a.yaml", "a")
	r.link("out/rules.yaml", "../../etc/passwd").link("dirs/etc", "../../etc").set("dirs/a.yaml", "a").link("inside/same", "../good").set("inside/a.yaml", "a")
	r.link("etc", "/etc").submodule("shared").submodule("more/shared").set("more/a.yaml", "a").submodule("odd/x.yaml")
	r.set("lfs/a.yaml", lfs).set("large/a.yaml", strings.Repeat("#", 1<<20+1)).set("none/README.md", "x").set("both/a.yaml", lfs).link("both/b.yaml", "a.yaml")
	r.commit("main")
	for _, c := range []struct{ path, code, file, says string }{
		{"out", rules.CodeSourceLink, "out/rules.yaml", `symbolic link to "../../etc/passwd"`},
		{"out/rules.yaml", rules.CodeSourceLink, "out/rules.yaml", "symbolic link"},
		{"etc", rules.CodeSourceLink, "etc", `symbolic link to "/etc"`},
		{"etc/passwd", rules.CodeSourceLink, "etc", `symbolic link to "/etc"`},
		{"dirs/...", rules.CodeSourceLink, "dirs/etc", "symbolic link"},
		{"inside/...", rules.CodeSourceLink, "inside/same", "symbolic link"},
		{"shared", rules.CodeSourceSubmodule, "shared", "submodule"},
		{"shared/rules", rules.CodeSourceSubmodule, "shared", "submodule"},
		{"more/...", rules.CodeSourceSubmodule, "more/shared", "submodule"},
		{"odd", rules.CodeSourceSubmodule, "odd/x.yaml", "submodule"},
		{"lfs", rules.CodeSourceLFS, "lfs/a.yaml", "Git LFS"},
		{"large", rules.CodeSourceTooMuch, "large/a.yaml", "larger than 1 MiB"},
		{"none", rules.CodeSourcePath, "none", "no rule files"},
		{"nowhere/x", rules.CodeSourcePath, "nowhere/x", "there is no nowhere in the commit"},
		{"good/a.yaml/...", rules.CodeSourcePath, "good/a.yaml/...", "is a file"},
		{"good/a.yaml/b", rules.CodeSourcePath, "good/a.yaml/b", "is a file"},
	} {
		files, _, err := FromRevision(r.dir, "main", c.path)
		var refused *Refused
		if !errors.As(err, &refused) || files != nil {
			t.Errorf("%q: %v, %v", c.path, files, err)
			continue
		}
		p := refused.Problems[0]
		if p.Code != c.code || p.File != c.file || !strings.Contains(p.Message, c.says) || p.Hint == "" || p.Severity != rules.Error {
			t.Errorf("%q: %+v", c.path, p)
		}
	}
	_, _, err := FromRevision(r.dir, "main", "both")
	var refused *Refused
	if !errors.As(err, &refused) || len(refused.Problems) != 2 || !strings.Contains(err.Error(), "and 1 more") {
		t.Errorf("all problems are told: %v", err)
	}
	for _, path := range []string{"..", "../x", "a/../../x", "/etc", "rules/../../..."} {
		if _, _, err := FromRevision(r.dir, "main", path); err == nil || !strings.Contains(err.Error(), "out of the repository") {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestRevisionsThatAreNotThere(t *testing.T) {
	r := newRepository(t)
	r.set("a.yaml", "a")
	r.commit("main")
	for _, c := range []struct{ dir, revision, says string }{
		{r.dir, "nope", `there is no revision "nope"`},
		{t.TempDir(), "main", "there is no Git repository in"},
	} {
		_, _, err := FromRevision(c.dir, c.revision, "")
		var e *Error
		if !errors.As(err, &e) || e.Reason != NotFound || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v", err)
		}
	}
}

// TestRevisionOfAWorkingTree finds the repository from a directory inside it.
func TestRevisionOfAWorkingTree(t *testing.T) {
	dir := t.TempDir()
	repo, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := repo.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	who := &object.Signature{Name: "A", Email: "a@example.com", When: time.Unix(1_700_000_000, 0)}
	for _, text := range []string{"one", "two"} {
		write("rules/a.yaml", text)
		if _, err := tree.Add("rules/a.yaml"); err != nil {
			t.Fatal(err)
		}
		if _, err := tree.Commit(text, &git.CommitOptions{Author: who}); err != nil {
			t.Fatal(err)
		}
	}
	write("rules/a.yaml", "not committed")
	for revision, want := range map[string]string{"HEAD": "two", "HEAD~1": "one"} {
		files, _, err := FromRevision(filepath.Join(dir, "rules"), revision, "rules")
		if err != nil || len(files) != 1 || string(files[0].Text) != want {
			t.Errorf("%s: %v, %v", revision, files, err)
		}
	}
}
