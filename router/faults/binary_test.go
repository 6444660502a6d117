package faults

import (
	"log"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/wye-events/wye/router/routertest"
)

// binaries are built once for all tests.
var binaries = struct {
	sync.Mutex
	dir  string
	path map[string]string // by name
}{path: map[string]string{}}

func TestMain(m *testing.M) {
	var err error
	if binaries.dir, err = os.MkdirTemp("", "wye-faults"); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	os.RemoveAll(binaries.dir)
	os.Exit(code)
}

// binary is the real binary, built as this test is.
func binary(t *testing.T) string {
	t.Helper()
	return built(t, "tested", routertest.BuildFlags...)
}

// plain is the real binary as people run it, without the race detector: for
// what is measured.
func plain(t *testing.T) string {
	t.Helper()
	return built(t, "plain")
}

func built(t *testing.T, name string, flags ...string) string {
	t.Helper()
	binaries.Lock()
	defer binaries.Unlock()
	if binaries.path[name] == "" {
		dir := filepath.Join(binaries.dir, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		binaries.path[name] = routertest.BuildIn(t, dir, flags...)
	}
	return binaries.path[name]
}
