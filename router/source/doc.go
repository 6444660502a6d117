// Package source is where rule sets come from, a path or a Git repository, and
// how it is told whether what is there may be used. It hands out the texts of rule
// files; what they say, whether they load and what is in force is not its business.
// It knows no events, no CEL and no HTTP serving.
//
// # Paths
//
// A path is a file, a directory, or DIR/... with all below it. Its files are read
// by the loader of package rules, which knows what has not changed.
//
// # Git
//
//	git+https://HOST/REPO.git#branch:path     also git+http, git+ssh
//	git+file:///abs/repo#branch:path          read where it is
//
// The branch is that of the remote's HEAD by default, and may be a tag, a full
// reference (refs/…) or, of a local repository, whatever names a commit. The path
// is one inside the repository, with the same forms as above, and by default its
// root.
//
// A look ([Source.Look]) asks what the branch points at, and fetches that one
// commit if it is another than before:
//
//	references ─► the same commit: what was read before
//	           └► pack of one commit, into a file, counted ─► its objects measured
//	                       ─► signature, where one is required ─► files of the path
//
// Nothing is checked out. Files are read from the commit's tree, so a name in it
// can lead nowhere else; what would need more than the tree is refused with its
// path: symbolic links, submodules, pointers into Git LFS. Whatever a repository
// holds, it costs a bounded time ([Options.Within]), a bounded file in the
// temporary directory ([Options.MaxBytes]) and about as much memory. Blobs that are
// too large for a rule file are not even sent by servers that can leave them out.
//
// What is wrong is told as an [Error], with a [Reason] for programs, or as
// problems like those of rule files. No text that this package makes has a
// credential in it.
package source
