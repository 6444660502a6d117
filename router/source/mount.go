package source

import (
	"os"
	"path/filepath"
	"strings"
)

// Note says what is odd about the place, "" for nothing: a file that is a mount of
// its own, as a Kubernetes subPath or a single file given to a container makes it,
// stays the file that it was when it is replaced outside.
func (a Address) Note() string {
	if a.Git() {
		return ""
	}
	name, err := filepath.Abs(a.Path)
	if err != nil {
		return ""
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "" // there is none but on Linux
	}
	if info, err := os.Stat(name); err != nil || info.IsDir() || !mounted(string(table), name) {
		return ""
	}
	return "this file is mounted by itself (in Kubernetes: subPath), so its changes are not seen until a restart; mount its directory"
}

// mounted tells whether something is mounted at just that path. The path is the
// fifth field of a line of the table.
func mounted(table, path string) bool {
	for l := range strings.Lines(table) {
		if fields := strings.Fields(l); len(fields) > 4 && unescaped.Replace(fields[4]) == path {
			return true
		}
	}
	return false
}

// unescaped reads the characters that a field cannot have.
var unescaped = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
