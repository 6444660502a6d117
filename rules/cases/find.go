package cases

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wye-events/wye/rules"
)

// testFiles finds what a path stands for: the path of the rules, the test files,
// and whether only these are meant.
func testFiles(path string) (rulePath string, names []string, only bool) {
	root, below := rules.Root(path)
	info, err := os.Stat(root)
	switch {
	case err == nil && info.IsDir():
		names = testsIn(root, below)
	case err != nil: // loading the rules tells
	case rules.IsTestFile(root):
		return filepath.Dir(root), []string{root}, true
	default:
		names = slices.DeleteFunc(testsIn(filepath.Dir(root), false), func(name string) bool { return ofAnother(name, root) })
	}
	return path, names, false
}

// testsIn are the test files of a directory, or of all below it, in order of name.
// As of rule files, what begins with a dot is skipped.
func testsIn(dir string, below bool) (names []string) {
	filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case name != dir && strings.HasPrefix(e.Name(), "."), e.IsDir() && name != dir && !below:
			if e.IsDir() {
				return fs.SkipDir
			}
		case !e.IsDir() && rules.IsTestFile(e.Name()):
			names = append(names, name)
		}
		return nil
	})
	return names
}

// ofAnother tells whether a test file is that of another rule file than the one
// meant: b_test.yaml, where there is a b.yaml beside it.
func ofAnother(testFile, ruleFile string) bool {
	stem := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(testFile, ".yaml"), ".yml"), "_test")
	for _, ext := range []string{".yaml", ".yml"} {
		if info, err := os.Stat(stem + ext); err == nil && !info.IsDir() {
			return filepath.Clean(stem+ext) != filepath.Clean(ruleFile)
		}
	}
	return false
}

// Files are the rule files and test files that a path stands for now. The events
// that the tests name are in the Files of a [Loader].
func Files(path string) []string {
	rulePath, tests, _ := testFiles(path)
	files, _ := rules.Files(rulePath)
	return append(files, tests...)
}
