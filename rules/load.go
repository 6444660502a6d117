package rules

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Source is a rule file in memory.
type Source struct {
	// Name is the file's name below the root of its rule set, with slashes, such
	// as payments/rules.yaml. It is shown in problems and counts for the version
	// of the set; of an absolute name only the last part counts.
	Name string
	Text []byte
}

// Load reads the rule files that a path stands for (see [Files]) as one rule
// set: parses, checks and compiles them. It reports everything that is wrong at
// once, in order of place. Where one of the problems is an error, there is no
// rule set and no matcher.
//
// What passes here is what runs. Whoever loads the same path again and again
// keeps a [Loader].
func Load(path string) (*Ruleset, *Matcher, Problems) { return new(Loader).Load(path) }

// LoadSources does what [Load] does with files that are already in memory.
func LoadSources(files ...Source) (*Ruleset, *Matcher, Problems) {
	return new(Loader).LoadSources(files...)
}

// readFile reads a file, but no more of it than it takes to see that it is too
// large, and nothing that is not a file (a pipe would never end).
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readSome(f)
}

// readSome reads a rule file, as far as it takes to see that it is too large.
func readSome(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, maxFileSize+4)) }

// ReadSource reads one rule file, as from standard input, and no more of it than
// it takes to see that it is too large.
func ReadSource(name string, r io.Reader) (Source, error) {
	text, err := readSome(r)
	if err != nil {
		return Source{}, fmt.Errorf("read %s: %w", name, err)
	}
	return Source{Name: name, Text: text}, nil
}

// ReadFile reads one rule file, or what is wrong with reading it.
func ReadFile(name string) (Source, Problems) {
	text, err := readFile(name)
	if err != nil {
		return Source{}, Problems{unreadable(name, err)}
	}
	return Source{Name: name, Text: text}, nil
}

func unreadable(name string, err error) Problem {
	p := Problem{Severity: Error, Code: codeRead, File: name}
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.Message, p.Hint = "there is no such file or directory", "look at the path; it is taken from the working directory"
	case errors.Is(err, fs.ErrPermission):
		p.Message, p.Hint = "the file may not be read", "look at its permissions"
	case errors.As(err, &pathErr):
		p.Message = fmt.Sprintf("the file cannot be read: %s", pathErr.Err)
	default:
		p.Message = fmt.Sprintf("the file cannot be read: %s", err)
	}
	return p
}
