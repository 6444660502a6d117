package source

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"github.com/wye-events/wye/rules"
)

// Bounds of what is read of one commit.
const (
	fileMost  = 1<<20 + 1 // bytes of a file; what is larger the loader refuses
	filesMost = 10_000
	bytesMost = 256 << 20 // of all files
	treesMost = 20_000    // directories looked at
	depthMost = 64        // directories within each other
)

// everything is the end of a path that stands for a directory and all below it.
const everything = "..."

// treeReader reads the rule files of a path in the tree of a commit.
type treeReader struct {
	objects  storer.EncodedObjectStorer
	partial  bool // blobs that are too large may be missing
	root     *object.Tree
	files    []rules.Source
	problems rules.Problems
	trees    int
	bytes    int64
	full     bool
}

// read gives the rule files of a path in a commit's tree, or problems where one of
// them cannot be read. The error is one of the repository.
func read(objects storer.EncodedObjectStorer, commit *object.Commit, in string, partial bool) ([]rules.Source, rules.Problems, error) {
	root, err := object.GetTree(objects, commit.TreeHash)
	if err != nil {
		return nil, nil, fmt.Errorf("the commit %s cannot be read: %w", short(commit.Hash.String()), err)
	}
	r := &treeReader{objects: objects, partial: partial, root: root}
	if err := r.path(in); err != nil {
		return nil, nil, err
	}
	if len(r.files) == 0 && len(r.problems) == 0 {
		r.refuse(rules.CodeSourcePath, shown(in), "the directory has no rule files", "rule files end in .yaml; directories inside it are read where the path ends in /...")
	}
	if len(r.problems) > 0 {
		return nil, r.problems, nil
	}
	return r.files, nil, nil
}

func (r *treeReader) refuse(code, file, message, hint string) {
	r.problems = append(r.problems, rules.Problem{Severity: rules.Error, Code: code, File: file, Message: message, Hint: hint})
}

func shown(in string) string {
	if in == "" || in == everything {
		return "/"
	}
	return in
}

// path reads what a path stands for: a file, the files of a directory, or with
// /... those below it too.
func (r *treeReader) path(in string) error {
	dir, deep := strings.CutSuffix(in, everything)
	dir = path.Clean("/" + dir)[1:]
	tree := r.root
	var done string
	for rest := dir; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		done = path.Join(done, name)
		e := entry(tree, name)
		switch {
		case e == nil:
			r.refuse(rules.CodeSourcePath, shown(in), fmt.Sprintf("there is no %s in the commit", done), "look at the path after the branch; it is taken from the root of the repository")
			return nil
		case r.special(done, e):
			return nil
		case e.Mode == filemode.Dir:
			var err error
			if tree, err = object.GetTree(r.objects, e.Hash); err != nil {
				return unreadableObject(done, err)
			}
		case rest != "" || deep:
			r.refuse(rules.CodeSourcePath, shown(in), done+" is a file, not a directory", "look at the path after the branch")
			return nil
		default:
			return r.file(done, e)
		}
	}
	return r.dir(dir, tree, deep, 0)
}

func entry(tree *object.Tree, name string) *object.TreeEntry {
	for i := range tree.Entries {
		if tree.Entries[i].Name == name {
			return &tree.Entries[i]
		}
	}
	return nil
}

// special refuses what is neither a file nor a directory.
func (r *treeReader) special(name string, e *object.TreeEntry) bool {
	switch e.Mode {
	case filemode.Symlink:
		r.refuse(rules.CodeSourceLink, name, "it is a symbolic link"+r.to(e), "links are not followed in Git; put the file itself there")
	case filemode.Submodule:
		r.refuse(rules.CodeSourceSubmodule, name, "it is a submodule, whose files are in another repository", "put the rule files themselves there, or serve the other repository")
	default:
		return false
	}
	return true
}

// to is where a link leads, as far as that can be said.
func (r *treeReader) to(e *object.TreeEntry) string {
	text, err := r.text(e.Hash)
	if err != nil || len(text) > 200 {
		return ""
	}
	return fmt.Sprintf(" to %q", text)
}

func (r *treeReader) dir(name string, tree *object.Tree, deep bool, depth int) error {
	if r.trees++; depth > depthMost || r.trees > treesMost {
		r.tooMuch(fmt.Sprintf("there are more than %d directories, or more than %d within each other", treesMost, depthMost))
		return nil
	}
	for i := range tree.Entries {
		e := &tree.Entries[i]
		if r.full {
			return nil
		}
		if strings.HasPrefix(e.Name, ".") || strings.ContainsAny(e.Name, "/\\") {
			continue
		}
		if err := r.in(path.Join(name, e.Name), e, deep, depth); err != nil {
			return err
		}
	}
	return nil
}

// in reads one entry of a directory.
func (r *treeReader) in(name string, e *object.TreeEntry, deep bool, depth int) error {
	if e.Mode == filemode.Dir {
		if !deep {
			return nil
		}
		tree, err := object.GetTree(r.objects, e.Hash)
		if err != nil {
			return unreadableObject(name, err)
		}
		return r.dir(name, tree, deep, depth+1)
	}
	if !isRuleFile(e.Name) {
		if deep && (e.Mode == filemode.Submodule || r.linksToDirectory(name, e)) {
			r.special(name, e)
		}
		return nil
	}
	if r.special(name, e) {
		return nil
	}
	return r.file(name, e)
}

// linksToDirectory tells whether an entry is a link to a directory, or out of the
// repository: rules may be meant to be there.
func (r *treeReader) linksToDirectory(name string, e *object.TreeEntry) bool {
	if e.Mode != filemode.Symlink {
		return false
	}
	text, err := r.text(e.Hash)
	to := path.Join(path.Dir(name), string(text))
	if err != nil || path.IsAbs(string(text)) || to == ".." || strings.HasPrefix(to, "../") {
		return true
	}
	found, err := r.root.FindEntry(to)
	return to == "." || err == nil && found.Mode == filemode.Dir
}

func isRuleFile(name string) bool {
	ext := path.Ext(name)
	return (ext == ".yaml" || ext == ".yml") && !strings.HasSuffix(strings.TrimSuffix(name, ext), "_test")
}

func (r *treeReader) tooMuch(message string) {
	if !r.full {
		r.full = true
		r.refuse(rules.CodeSourceTooMuch, "/", message, "name a smaller part of the repository by its path")
	}
}

const lfsFirst = "version https://git-lfs.github.com/spec/"

func (r *treeReader) file(name string, e *object.TreeEntry) error {
	text, err := r.text(e.Hash)
	var large *largeError
	switch {
	case errors.As(err, &large):
		r.refuse(rules.CodeSourceTooMuch, name, "the file is larger than 1 MiB, which is the most that a rule file may have", "split it into several files of the same directory")
		return nil
	case err != nil:
		return unreadableObject(name, err)
	case strings.HasPrefix(string(text[:min(len(text), len(lfsFirst))]), lfsFirst):
		r.refuse(rules.CodeSourceLFS, name, "it is a pointer into Git LFS, not the file itself", "keep rule files out of LFS: see the patterns in .gitattributes")
		return nil
	}
	r.bytes += int64(len(text))
	if len(r.files) >= filesMost || r.bytes > bytesMost {
		r.tooMuch(fmt.Sprintf("there are more than %d rule files, or more than %d MiB of them", filesMost, bytesMost>>20))
		return nil
	}
	r.files = append(r.files, rules.Source{Name: name, Text: text})
	return nil
}

// largeError says that a blob is larger than a rule file may be.
type largeError struct{}

func (*largeError) Error() string { return "the file is too large" }

// text is the text of a blob.
func (r *treeReader) text(hash plumbing.Hash) ([]byte, error) {
	blob, err := object.GetBlob(r.objects, hash)
	if r.partial && errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, &largeError{}
	}
	if err != nil {
		return nil, err
	}
	if blob.Size >= fileMost {
		return nil, &largeError{}
	}
	from, err := blob.Reader()
	if err != nil {
		return nil, err
	}
	defer from.Close()
	return io.ReadAll(io.LimitReader(from, fileMost))
}

func unreadableObject(name string, err error) error {
	return fmt.Errorf("%s cannot be read from the repository: %w", name, err)
}

// short is as much of a commit's hash as people read.
func short(hash string) string { return hash[:min(len(hash), 12)] }
