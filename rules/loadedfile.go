package rules

import (
	"cmp"
	"crypto/sha256"
	"os"
	"slices"
	"time"

	"github.com/google/cel-go/common/types/ref"
)

// loadedFile is what one rule file says, checked as far as that needs no other
// file. It is not changed once the load that read it is over.
type loadedFile struct {
	name   string
	within string // its name below the root of the set
	text   string // without a byte order mark
	bom    bool   // it had one
	sum    digest
	info   os.FileInfo // nil where it was not read from a disk
	read   time.Time

	targets  []Target
	keys     map[string]*Key // of the targets' orders, by their text
	rules    []*Rule         // in order of name
	problems Problems
	broken   bool // it could not be understood in full

	// parts are the conditions of the rules, for the matcher that is made of
	// them; nil once it is made.
	parts []conditionParts
	// adopted are the rules that were there before, whose conditions are known to
	// be right; nil like parts.
	adopted []bool
	// age is how many texts of this file its rules come from, at most.
	age int
}

// conditionParts is a condition taken apart. The zero value is that of a rule
// without one.
type conditionParts struct {
	shape  *shape
	consts []ref.Val
}

func newLoadedFile(in input, info os.FileInfo) *loadedFile {
	text := withoutBOM(in.Text)
	return &loadedFile{
		name: in.Name, within: in.within, text: string(text), bom: len(text) < len(in.Text),
		sum: sha256.Sum256(in.Text), info: info, read: time.Now(),
	}
}

// source is the file as it was read.
func (f *loadedFile) source() Source {
	text := make([]byte, 0, len(f.text)+len(utf8BOM))
	if f.bom {
		text = append(text, utf8BOM...)
	}
	return Source{Name: f.within, Text: append(text, f.text...)}
}

// settled is how much older than its reading a file's time must be to be
// trusted: within one tick of the file system's clock it can be changed twice
// with the same time.
func settled(modified time.Time) time.Duration {
	if modified.Nanosecond() == 0 {
		return 3 * time.Second // FAT counts in two seconds
	}
	return 50 * time.Millisecond
}

// isStill tells whether the file on the disk is surely the one that was read.
func (f *loadedFile) isStill(now os.FileInfo) bool {
	return f != nil && f.info != nil && now.Mode().IsRegular() && os.SameFile(f.info, now) &&
		f.info.Size() == now.Size() && f.info.ModTime().Equal(now.ModTime()) &&
		f.read.Sub(now.ModTime()) > settled(now.ModTime())
}

// readAgain is the file after it was read again and found to be the same.
func (f *loadedFile) readAgain(info os.FileInfo) *loadedFile {
	if info != nil {
		f.info, f.read = info, time.Now()
	}
	return f
}

// parse reads the text.
func (f *loadedFile) parse() {
	if !f.parsePlainly() {
		f.parseTree()
	}
}

// parseTree reads the text by way of its YAML tree, which is what finds every
// fault in it.
func (f *loadedFile) parseTree() {
	out, problems := parseFile(f.lines())
	f.problems, f.broken = problems, problems.HasErrors()
	f.add(out)
}

// add adds what was parsed.
func (f *loadedFile) add(out parsed) {
	for i := range out.targets {
		f.targets = append(f.targets, out.targets[i].Target)
	}
	values := make([]Rule, len(out.rules))
	for i := range out.rules {
		values[i] = out.rules[i].Rule
		f.rules = append(f.rules, &values[i])
	}
	byName := func(a, b *Rule) int { return cmp.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(f.rules, byName) {
		slices.SortStableFunc(f.rules, byName)
	}
}

// lines is the file with its lines, to point into.
func (f *loadedFile) lines() *file { return fileOf(f.name, f.text) }

// maxAge bounds how many old texts of a file are held in memory by rules that
// have not changed since.
const maxAge = 16

// adopt puts the rules of an earlier text of the file in the place of those that
// are the same, so that nothing that was made of them must be made again.
func (f *loadedFile) adopt(before *loadedFile) {
	if before == nil || before.age == maxAge {
		return
	}
	old := before.rules
	f.adopted = make([]bool, len(f.rules))
	for i, r := range f.rules {
		for len(old) > 0 && old[0].Name < r.Name {
			old = old[1:]
		}
		if len(old) > 0 && old[0].same(r) {
			f.rules[i], f.age = old[0], before.age+1
			f.adopted[i] = true
			old = old[1:]
		}
	}
}

// same tells whether two rules of a file are the same and stand in the same
// place.
func (r *Rule) same(other *Rule) bool {
	return r.Name == other.Name && r.When == other.When && r.Description == other.Description &&
		slices.Equal(r.On, other.On) && slices.Equal(r.To, other.To) &&
		r.Enabled == other.Enabled && r.OnError == other.OnError &&
		r.Mode == other.Mode && r.Sample == other.Sample && r.Until.Equal(other.Until) &&
		r.Place.Equal(other.Place) && r.Place.style == other.Place.style
}
