package rules

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// wholeTree ends a path that means a directory and all directories below it.
const wholeTree = "..."

// Root is the directory that a path stands for and whether the directories
// below it are meant too; for a file, the file.
func Root(path string) (root string, below bool) {
	root, below = strings.CutSuffix(path, wholeTree)
	if !below || root != "" && !os.IsPathSeparator(root[len(root)-1]) {
		return filepath.Clean(path), false
	}
	return filepath.Clean(root), true
}

// IsTestFile tells whether a file is one of tests by its name: *_test.yaml or
// *_test.yml. Those are never part of a rule set.
func IsTestFile(name string) bool {
	base, ok := cutYAML(filepath.Base(name))
	return ok && strings.HasSuffix(base, "_test")
}

// IsRuleFile tells whether a file in a directory is part of its rule set by its
// name: *.yaml or *.yml, without those of tests and those that begin with a dot.
func IsRuleFile(name string) bool {
	base := filepath.Base(name)
	_, ok := cutYAML(base)
	return ok && base[0] != '.' && !IsTestFile(base)
}

func cutYAML(name string) (base string, ok bool) {
	if base, ok = strings.CutSuffix(name, ".yaml"); !ok {
		base, ok = strings.CutSuffix(name, ".yml")
	}
	return base, ok
}

// Files are the rule files that a path stands for, in order of name: a file, the
// rule files of a directory, or, where the path is DIR/..., those of a directory
// and all directories below it.
//
// What begins with a dot is skipped (a Kubernetes ConfigMap keeps its versions in
// such directories). Links to files are followed (a ConfigMap's files are links
// into them), links to directories are not. What cannot be read is a problem.
func Files(path string) ([]string, Problems) {
	if root, below := Root(path); !below && IsTestFile(root) && isFile(root) {
		return nil, Problems{{
			Severity: Error, Code: codeEmpty, File: path,
			Message: "this is a file of tests, which has no rules",
			Hint:    "name the file or directory with the rules; files that end in _test.yaml are not part of them",
		}}
	}
	return filesOf(path, IsRuleFile)
}

// FilesAndTests are the files that a path stands for as in [Files], and with them
// the files of tests.
func FilesAndTests(path string) ([]string, Problems) {
	return filesOf(path, func(name string) bool { return IsRuleFile(name) || IsTestFile(name) })
}

// filesOf are the files that a path stands for: of directories, those with names
// that are wanted.
func filesOf(path string, wanted func(name string) bool) ([]string, Problems) {
	root, below := Root(path)
	info, err := os.Stat(root)
	switch {
	case err == nil && below && !info.IsDir():
		err = errors.New("it is not a directory")
		fallthrough
	case err != nil:
		return nil, Problems{unreadable(root, err)}
	case !info.IsDir():
		return []string{path}, nil
	}
	names, problems := filesIn(root, below, wanted)
	if len(names) == 0 && len(problems) == 0 {
		return nil, Problems{noFiles(path, below)}
	}
	slices.Sort(names)
	return names, problems
}

func noFiles(path string, below bool) Problem {
	p := Problem{
		Severity: Error, Code: codeEmpty, File: path,
		Message: "the directory has no rule files",
		Hint:    "rule files end in .yaml; to read the directories inside it too, write " + filepath.Join(path, wholeTree),
	}
	if below {
		p.Message, p.Hint = "there are no rule files in the directory and below it", "rule files end in .yaml"
	}
	return p
}

func filesIn(dir string, below bool, wanted func(name string) bool) (names []string, problems Problems) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, Problems{unreadable(dir, err)}
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir() && below:
			more, ps := filesIn(name, below, wanted)
			names, problems = append(names, more...), append(problems, ps...)
		case wanted(name) && !isDirectory(name):
			names = append(names, name)
		}
	}
	return names, problems
}

func isDirectory(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

// below is the name of a file below the root of its set, with slashes.
func below(root, name string) string {
	if rel, err := filepath.Rel(root, name); err == nil && rel != "." {
		return filepath.ToSlash(rel)
	}
	return filepath.Base(name)
}
