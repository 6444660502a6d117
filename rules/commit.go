package rules

import "strings"

// CommitOf is the commit in a version of a rule set that came from Git, 12 hex
// digits, and "" where the version names none.
func CommitOf(version string) string {
	_, commit, _ := strings.Cut(version, "-")
	return commit
}

// ContentOf is the part of a version that tells of the contents of the files:
// what [Version] gives. Two versions with the same one decide alike.
func ContentOf(version string) string {
	content, _, _ := strings.Cut(version, "-")
	return content
}

// commitDigits is how much of a commit's hash a version has.
const commitDigits = 12

// WithCommit is a version with the commit that its files came from, of which the
// first 12 digits are taken; without a commit it is the version as it is.
func WithCommit(version, commit string) string {
	if commit == "" {
		return version
	}
	return ContentOf(version) + "-" + commit[:min(commitDigits, len(commit))]
}

// LoadCommit does what [Loader.LoadSources] does with files of a commit of a Git
// repository, of which the names are paths in it: they are shown so, and count for
// the version as far as they are below root, the set's place in the repository
// ("" for the repository itself). The version of what is returned names the
// commit, if there is one.
func (l *Loader) LoadCommit(commit, root string, files ...Source) (*Ruleset, *Matcher, Problems) {
	inputs := make([]input, len(files))
	for i, f := range files {
		inputs[i] = input{f, below(root, f.Name), true}
	}
	set, m, problems := l.load(inputs, nil)
	if m == nil || commit == "" {
		return set, m, problems
	}
	named := *set
	named.Version = WithCommit(set.Version, commit)
	return &named, m.as(named.Version), problems
}

// as is the matcher under another version. Both decide alike, and share what
// they are made of; trees and spare are made as they are needed.
func (m *Matcher) as(version string) *Matcher {
	return &Matcher{
		version: version, rules: m.rules, known: m.known,
		index: m.index, byID: m.byID, changed: m.changed,
		orders: m.orders, plain: m.plain,
	}
}
