package source

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNoteOfAFileMountedByItself mounts a file as a subPath does, and replaces it
// outside: what is mounted stays as it was, and a note says so.
func TestNoteOfAFileMountedByItself(t *testing.T) {
	outside, inside := filepath.Join(t.TempDir(), "rules.yaml"), filepath.Join(t.TempDir(), "rules.yaml")
	writeFile(t, outside, "one")
	writeFile(t, inside, "")
	if err := syscall.Mount(outside, inside, "", syscall.MS_BIND, ""); err != nil {
		t.Skip("needs the right to mount: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(inside, 0); err != nil {
			t.Error(err)
		}
	})
	writeFile(t, outside+".new", "two")
	if err := os.Rename(outside+".new", outside); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(inside); err != nil || string(text) != "one" {
		t.Errorf("%q, %v", text, err)
	}
	if note := mustParse(t, inside).Note(); !strings.Contains(note, "subPath") {
		t.Errorf("%q", note)
	}
	if note := mustParse(t, outside).Note(); note != "" {
		t.Errorf("%q", note)
	}
	if note := mustParse(t, filepath.Dir(inside)).Note(); note != "" {
		t.Errorf("%q", note)
	}
}
