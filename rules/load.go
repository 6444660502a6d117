package rules

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Source is a rule file in memory.
type Source struct {
	Name string // as it is shown in problems
	Text []byte
}

// Load reads a rule file, or all the *.yaml and *.yml files of a directory as
// one rule set: parses, checks and compiles them. It reports everything that
// is wrong at once, in order of place. Where one of the problems is an error,
// there is no rule set and no matcher.
//
// What passes here is what runs. Whoever loads the same path again and again
// keeps a [Loader].
func Load(path string) (*Ruleset, *Matcher, Problems) { return new(Loader).Load(path) }

// LoadSources does what [Load] does with files that are already in memory.
func LoadSources(files ...Source) (*Ruleset, *Matcher, Problems) {
	return new(Loader).LoadSources(files...)
}

// ruleFiles are the files that a path stands for. In a directory, entries that
// begin with a dot are skipped (a Kubernetes ConfigMap keeps its versions in
// them) and links are followed (its files are links into them).
func ruleFiles(path string) ([]string, *Problem) {
	info, err := os.Stat(path)
	if err != nil {
		p := unreadable(path, err)
		return nil, &p
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		p := unreadable(path, err)
		return nil, &p
	}
	var names []string
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if strings.HasPrefix(e.Name(), ".") || ext != ".yaml" && ext != ".yml" {
			continue
		}
		name := filepath.Join(path, e.Name())
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			continue
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, &Problem{
			Severity: Error, Code: codeEmpty, File: path,
			Message: "the directory has no rule files",
			Hint:    "rule files end in .yaml; directories inside it are not read",
		}
	}
	return names, nil
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
	return io.ReadAll(io.LimitReader(f, maxFileSize+4))
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
