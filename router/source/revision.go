package source

import (
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/wye-events/wye/rules"
)

// FromRevision reads the rule files of a path in a revision of a local
// repository, and gives them with the commit's full hash. repoDir is any directory
// of the working tree, or a bare repository; revision is what Git takes for one
// (main, HEAD~1, v1.2, a hash); path is one from the repository's root: a file, a
// directory, DIR/... or "" for the root. Names of the files are paths in the
// repository.
//
// What is wrong with the files there is a [*Refused].
func FromRevision(repoDir, revision, path string) ([]rules.Source, string, error) {
	if err := checkIn(path); err != nil {
		return nil, "", err
	}
	repo, commit, err := commitIn(repoDir, revision)
	if err != nil {
		return nil, "", err
	}
	files, problems, err := read(repo.Storer, commit, path, false)
	if err != nil {
		return nil, "", err
	}
	if len(problems) > 0 {
		return nil, "", &Refused{Revision: revision, Problems: problems}
	}
	return files, commit.Hash.String(), nil
}

// Refused says that the files of a revision cannot be used as they are there.
type Refused struct {
	Revision string
	Problems rules.Problems
}

func (e *Refused) Error() string {
	p := e.Problems[0]
	text := fmt.Sprintf("%s in %s: %s", p.File, e.Revision, p.Message)
	if more := len(e.Problems) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more problems)", more)
	}
	return text
}

// open opens the repository on this machine that is in dir, or above it.
func open(dir string, above bool) (*git.Repository, error) {
	repo, err := git.PlainOpenWithOptions(dir, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
	if above && errors.Is(err, git.ErrRepositoryNotExists) {
		repo, err = git.PlainOpenWithOptions(dir, &git.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	}
	if errors.Is(err, git.ErrRepositoryNotExists) {
		return nil, &Error{Reason: NotFound, Err: fmt.Errorf("there is no Git repository in %s", dir)}
	}
	if err != nil {
		return nil, &Error{Reason: NotFound, Err: fmt.Errorf("the Git repository in %s cannot be read: %w", dir, err)}
	}
	return repo, nil
}

// commitIn is the commit that a revision names in a repository on this machine.
func commitIn(dir, revision string) (*git.Repository, *object.Commit, error) {
	repo, err := open(dir, true)
	if err != nil {
		return nil, nil, err
	}
	hash, err := repo.ResolveRevision(plumbing.Revision(revision))
	if err != nil {
		return nil, nil, &Error{Reason: NotFound, Err: fmt.Errorf("there is no revision %q in the repository in %s", revision, dir)}
	}
	commit, err := repo.CommitObject(*hash)
	if err != nil {
		return nil, nil, &Error{Reason: NotFound, Err: fmt.Errorf("%q is no commit in the repository in %s: %w", revision, dir, err)}
	}
	return repo, commit, nil
}
