package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/plan"
	"github.com/wye-events/wye/router/source"
	"github.com/wye-events/wye/rules"
)

// planSet is one of the rule sets of a plan.
type planSet struct {
	name   string // as it was named
	path   string // on the disk; empty for a revision
	root   string // where its files are: a directory or a file, from here or in the repository
	commit string
	loaded plan.Set
}

// planSets are both of them; old is nil where it is the server's.
type planSets struct{ old, new *planSet }

// defaultPath is where rules are if nothing is said.
const defaultPath = "rules.yaml"

// sets finds and loads the rule sets.
func (f *planFlags) sets(cmd *cobra.Command, what string) (sets planSets, err error) {
	l := &planLoader{flags: f, in: cmd.InOrStdin(), talk: cmd.ErrOrStderr()}
	if what == "" {
		what = defaultPath
	}
	old := f.old
	if before, after, ok := revisionRange(what); ok {
		if old != "" {
			return sets, fmt.Errorf("--old %s: %s says already what it is compared with", plain(old, 80), plain(what, 80))
		}
		if sets.old, err = l.revision(before); err == nil {
			sets.new, err = l.revision(after)
		}
		return sets, err
	}
	if strings.Contains(what, "...") && !isPath(what) && !strings.HasSuffix(what, "...") {
		return sets, fmt.Errorf("%s: write two revisions with two dots, as main..HEAD", plain(what, 80))
	}
	if old == "" && f.events != "" {
		return sets, errors.New("--events compares without a server: say with --old what NEW is compared with, or give two revisions, as main..HEAD")
	}
	if sets.new, err = l.either(what); err == nil && old != "" {
		sets.old, err = l.either(old)
	}
	return sets, err
}

// revisionRange reads main..HEAD; a side that is left out is HEAD.
func revisionRange(what string) (before, after string, ok bool) {
	before, after, ok = strings.Cut(what, "..")
	if !ok || isPath(what) || strings.HasPrefix(after, ".") || strings.HasSuffix(what, "...") {
		return "", "", false
	}
	if before == "" {
		before = "HEAD"
	}
	if after == "" {
		after = "HEAD"
	}
	return before, after, true
}

// isPath tells whether there is a file or a directory of this name.
func isPath(what string) bool {
	root, _ := rules.Root(what)
	_, err := os.Stat(root)
	return err == nil || what == stdinPath
}

// planLoader loads the rule sets of a plan, with one loader so that what they have
// in common is compiled once.
type planLoader struct {
	flags  *planFlags
	loader rules.Loader
	in     io.Reader
	talk   io.Writer
}

// either loads a path, or where there is none such a revision.
func (l *planLoader) either(what string) (*planSet, error) {
	if isPath(what) {
		return l.file(what)
	}
	s, err := l.revision(what)
	var none *source.Error
	if errors.As(err, &none) && none.Reason == source.NotFound && l.flags.path == "" {
		return nil, failed(fmt.Errorf("%s: there is no such file or directory, and as a revision: %w", plain(what, 200), none))
	}
	return s, err
}

func (l *planLoader) file(path string) (*planSet, error) {
	if path == stdinPath && l.flags.events == stdinPath {
		return nil, errors.New("the rules and --events cannot both be standard input")
	}
	set, matcher, problems := load(&l.loader, path, l.in)
	if err := l.refused(path, problems); err != nil {
		return nil, err
	}
	root, _ := rules.Root(path)
	return &planSet{name: path, path: path, root: root, loaded: plan.Set{Rules: set, Matcher: matcher}}, nil
}

func (l *planLoader) revision(revision string) (*planSet, error) {
	path := l.flags.path
	if path == "" {
		path = defaultPath
	}
	files, commit, err := source.FromRevision(".", revision, path)
	if bad := (*source.Refused)(nil); errors.As(err, &bad) {
		return nil, l.refused(revision, bad.Problems)
	}
	if err != nil {
		return nil, failed(fmt.Errorf("%s: %w", plain(revision, 200), err))
	}
	root, _ := rules.Root(path)
	set, matcher, problems := l.loader.LoadCommit(commit, root, files...)
	if err := l.refused(revision, problems); err != nil {
		return nil, err
	}
	return &planSet{name: revision, root: root, commit: commit, loaded: plan.Set{Rules: set, Matcher: matcher}}, nil
}

// refused says what is wrong with a rule set in the words of `wye check`.
func (l *planLoader) refused(name string, problems rules.Problems) error {
	if !problems.HasErrors() {
		return nil
	}
	if err := problems.Write(l.talk, colorOn(l.talk)); err != nil {
		return failed(err)
	}
	return failed(fmt.Errorf("%s: the rules do not load (%s)", plain(name, 200), verdict(nil, problems)))
}

// files are the files of a set as the server takes them.
func (s *planSet) files() []api.RuleFile {
	if s == nil {
		return nil
	}
	sources := s.loaded.Rules.Sources()
	all := make([]api.RuleFile, len(sources))
	for i, f := range sources {
		all[i] = api.RuleFile{Name: f.Name, Text: string(f.Text)}
	}
	return all
}

// place is where a file of the set is, as it is shown. The server knows it by its
// name below the root of the set.
func (s *planSet) place(file string, fromServer bool) string {
	switch {
	case s == nil || !fromServer:
		return file
	case slices.Contains(s.loaded.Rules.Files, s.root): // it is that file
		return s.root
	case s.path == stdinPath:
		return stdinName
	}
	return filepath.ToSlash(filepath.Join(s.root, filepath.FromSlash(file)))
}
