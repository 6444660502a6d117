package rules

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
)

// digest is the SHA-256 of a file's text.
type digest [sha256.Size]byte

// named is a file as far as it counts for a version.
type named struct {
	name string
	sum  digest
}

// Version is what [Ruleset.Version] would be of these files, without looking at
// what they say.
func Version(files ...Source) string {
	all := make([]named, len(files))
	for i, f := range files {
		all[i] = named{f.within(), sha256.Sum256(f.Text)}
	}
	return version(all)
}

// within is the file's name as it counts for the version.
func (s Source) within() string {
	if filepath.IsAbs(s.Name) {
		return filepath.Base(s.Name)
	}
	return filepath.ToSlash(filepath.Clean(s.Name))
}

// version identifies what the files say. It is made of a hash of each, so that
// a file that has not changed need not be read again for it. The names are those
// below the root of the set, so that the same files in another place are the
// same rule set.
func version(files []named) string {
	slices.SortFunc(files, func(a, b named) int {
		return cmp.Or(cmp.Compare(a.name, b.name), bytes.Compare(a.sum[:], b.sum[:]))
	})
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%d %s %x ", len(f.name), f.name, f.sum)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}
