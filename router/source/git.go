package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"github.com/wye-events/wye/rules"
)

// repositoryAt is a Git repository that is looked at again and again.
type repositoryAt struct {
	addr    Address
	opts    Options
	secrets []string      // that must be in no text, of the look that is under way
	dialing chan struct{} // holds a token while a connection by SSH is made
	last    *Snapshot     // what was read last, whether it was signed or not
}

var (
	errTooSlow  = errors.New("it took too long")
	errTooLarge = errors.New("too large")
)

func (g *repositoryAt) tooLarge() error {
	return fmt.Errorf("what is to be fetched of the commit is larger than %d MiB, or unpacks to far more", g.opts.MaxBytes>>20)
}

// check looks at the files that the options name, and empties the directory.
func (g *repositoryAt) check() error {
	g.dialing = make(chan struct{}, 1)
	if g.opts.Keyring != "" {
		if _, err := readKeyring(g.opts.Keyring); err != nil {
			return err
		}
	}
	if _, err := g.token(); err != nil {
		return err
	}
	if g.opts.SSHKey != "" {
		if _, err := os.Stat(g.opts.SSHKey); err != nil {
			return fmt.Errorf("the SSH key: %w", err)
		}
	}
	if g.opts.Temp == "" {
		return nil
	}
	left, _ := filepath.Glob(filepath.Join(g.opts.Temp, "fetch-*")) // of a process that was killed
	for _, dir := range left {
		os.RemoveAll(dir)
	}
	return nil
}

// look finds the commit and reads its files, unless it is the one of the look
// before.
func (g *repositoryAt) look(ctx context.Context) (*Snapshot, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, g.opts.Within, errTooSlow)
	defer cancel()
	found, err := g.find(ctx)
	if err != nil {
		return nil, g.failure(ctx, err)
	}
	g.last = found
	if p := g.unsigned(found); p != nil {
		refused := *found
		refused.files, refused.Problems = nil, rules.Problems{*p}
		return &refused, nil
	}
	return found, nil
}

func (g *repositoryAt) find(ctx context.Context) (*Snapshot, error) {
	if g.addr.url.Scheme == "file" {
		return g.findHere()
	}
	return g.findRemote(ctx)
}

// known is what was read before, if it is of that commit.
func (g *repositoryAt) known(tip plumbing.Hash, name string) *Snapshot {
	if g.last != nil && g.last.tip == tip.String() && g.last.Ref == name {
		return g.last
	}
	return nil
}

// findHere reads a repository of this machine where it is.
func (g *repositoryAt) findHere() (*Snapshot, error) {
	repo, err := open(g.addr.url.Path, false)
	if err != nil {
		return nil, err
	}
	head := ""
	if ref, err := repo.Reference(plumbing.HEAD, false); err == nil && ref.Type() == plumbing.SymbolicReference {
		head = ref.Target().String()
	}
	tip, name, err := g.resolve(head, func(name string) (plumbing.Hash, bool) {
		ref, err := repo.Reference(plumbing.ReferenceName(name), true)
		if err != nil {
			return plumbing.ZeroHash, false
		}
		return ref.Hash(), true
	})
	if err != nil {
		return nil, err
	}
	if known := g.known(tip, name); known != nil {
		return known, nil
	}
	return g.readCommit(repo.Storer, tip, name, false)
}

// resolve finds what the address's branch, tag or reference names, and how that is
// shown. Head is what HEAD stands for, if that is known.
func (g *repositoryAt) resolve(head string, lookup func(name string) (plumbing.Hash, bool)) (plumbing.Hash, string, error) {
	names := []string{"refs/heads/" + g.addr.Ref, "refs/tags/" + g.addr.Ref}
	switch {
	case strings.HasPrefix(g.addr.Ref, "refs/"):
		names = []string{g.addr.Ref}
	case g.addr.Ref == "" && head != "":
		names = []string{head}
	case g.addr.Ref == "":
		names = []string{"HEAD"}
	}
	for _, name := range names {
		if hash, ok := lookup(name); ok {
			return hash, strings.TrimPrefix(strings.TrimPrefix(name, "refs/heads/"), "refs/tags/"), nil
		}
	}
	if g.addr.Ref == "" {
		return plumbing.ZeroHash, "", &Error{NotFound, fmt.Errorf("%s: the repository's HEAD names no branch with a commit; name a branch after a #", g.addr.Repository())}
	}
	return plumbing.ZeroHash, "", &Error{NotFound, fmt.Errorf("%s: there is no branch or tag %q", g.addr.Repository(), g.addr.Ref)}
}

// readCommit reads the files of the commit that a tip, itself or through tags, names.
func (g *repositoryAt) readCommit(objects storer.EncodedObjectStorer, tip plumbing.Hash, name string, partial bool) (*Snapshot, error) {
	commit, err := commitOf(objects, tip)
	if err != nil {
		return nil, fmt.Errorf("the commit %s cannot be read: %w", short(tip.String()), err)
	}
	sig, err := signatureOf(commit)
	if err != nil {
		return nil, err
	}
	files, problems, err := read(objects, commit, g.addr.In, partial)
	if err != nil {
		return nil, err
	}
	for i := range problems {
		problems[i].Message += fmt.Sprintf(" (%s at %s)", name, short(commit.Hash.String()))
	}
	root, _ := strings.CutSuffix(g.addr.In, everything)
	return &Snapshot{
		Commit: commit.Hash.String(), Ref: name, Problems: problems,
		files: files, root: path.Clean("/" + root)[1:], tip: tip.String(), signed: sig,
	}, nil
}

// tagsMost is how many tags of tags are gone through.
const tagsMost = 8

func commitOf(objects storer.EncodedObjectStorer, hash plumbing.Hash) (*object.Commit, error) {
	for range tagsMost {
		tag, err := object.GetTag(objects, hash)
		if err != nil {
			break
		}
		hash = tag.Target
	}
	return object.GetCommit(objects, hash)
}
