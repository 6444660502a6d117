package source

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/wye-events/wye/rules"
)

// Options say how a Git repository is read. The zero value of a field means its
// default.
type Options struct {
	// Temp is a directory of the source's own for what it fetches; it is emptied.
	// Default: one in the system's directory for temporary files, for each fetch.
	Temp     string
	Within   time.Duration // the time that a look may take; default 1m
	MaxBytes int64         // of what is fetched at a time, and of what any of it is unpacked; default 64 MiB

	Token         string // for HTTP; TokenFile goes before it
	TokenFile     string // read at each look, so that it may change
	SSHKey        string // file of a private key; default the SSH agent's keys
	SSHPassphrase string // of the key, where it has one
	KnownHosts    string // file; default the user's and the system's known_hosts

	// Keyring is a file of the keys that may sign: armored OpenPGP public keys, or
	// SSH keys in the form of an allowed-signers file. With it a commit that none
	// of them signed is refused. It is read at each look.
	Keyring string
}

// Defaults of [Options].
const (
	DefaultWithin   = time.Minute
	DefaultMaxBytes = 64 << 20
)

// Source is a place that rules come from. It is safe for use by many goroutines;
// looks come one after the other.
type Source struct {
	addr Address
	git  *repositoryAt // nil for a path
	turn chan struct{} // holds a token while nobody looks
}

// Open gives the source at an address. It reads no rules; an error means that the
// options do not fit, or that a file that they name cannot be used.
func Open(addr Address, opts Options) (*Source, error) {
	s := &Source{addr: addr, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	if !addr.Git() {
		return s, nil
	}
	if opts.Within == 0 {
		opts.Within = DefaultWithin
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = DefaultMaxBytes
	}
	s.git = &repositoryAt{addr: addr, opts: opts}
	return s, s.git.check()
}

// Address is where the source is.
func (s *Source) Address() Address { return s.addr }

// Snapshot is what a look found: the files of one commit, or that a path is to be
// loaded. It is never changed.
type Snapshot struct {
	Commit   string // the full hash; "" for a path
	Ref      string // what named it, such as main or v1.2
	Problems rules.Problems

	path   string         // for a path
	files  []rules.Source // with their names in the repository
	root   string         // of the set in the repository
	tip    string         // what the reference named: the commit, or a tag of it
	signed signed         // to look at its signature again
}

// Revision is the commit as people and Flux write it: main@sha1:<commit>; "" for
// a path.
func (s *Snapshot) Revision() string {
	if s.Commit == "" {
		return ""
	}
	return s.Ref + "@sha1:" + s.Commit
}

// Load loads the files by the loader that the caller keeps for this source. Where
// they are those of the version that is in force, the version stays, though the
// commit is another.
func (s *Snapshot) Load(l *rules.Loader, inForce string) (*rules.Ruleset, *rules.Matcher, rules.Problems) {
	if s.path != "" {
		return l.Load(s.path)
	}
	if s.Problems.HasErrors() {
		return nil, nil, s.Problems
	}
	commit := s.Commit
	if c := rules.CommitOf(inForce); c != "" && rules.ContentOf(inForce) == rules.Version(s.within()...) {
		commit = c
	}
	return l.LoadCommit(commit, s.root, s.files...)
}

// within are the files with their names below the root of the set.
func (s *Snapshot) within() []rules.Source {
	files := make([]rules.Source, len(s.files))
	for i, f := range s.files {
		rel := strings.TrimPrefix(strings.TrimPrefix(f.Name, s.root), "/")
		if rel == "" {
			rel = path.Base(f.Name)
		}
		files[i] = rules.Source{Name: rel, Text: f.Text}
	}
	return files
}

// Look looks what is there now. Of a path it only says so: the loader reads it.
// What is wrong with the files of a commit is in [Snapshot.Problems]; an error is
// an [*Error], or that ctx ended.
func (s *Source) Look(ctx context.Context) (*Snapshot, error) {
	if s.git == nil {
		return &Snapshot{path: s.addr.Path}, nil
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { s.turn <- struct{}{} }()
	return s.git.look(ctx)
}
