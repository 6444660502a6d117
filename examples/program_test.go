package examples_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wye-events/wye/router/routertest"
)

// patience is how long a test waits for something that should come at once.
const patience = 20 * time.Second

var binaries struct {
	sync.Mutex
	dir string
}

func TestMain(m *testing.M) {
	// Programs with the race detector otherwise wait a second before they end.
	os.Setenv("GORACE", "atexit_sleep_ms=10")
	status := m.Run()
	if binaries.dir != "" {
		os.RemoveAll(binaries.dir)
	}
	os.Exit(status)
}

// build builds the command in dir, with the module that is there, once.
func build(t *testing.T, dir, name string, flags ...string) string {
	t.Helper()
	binaries.Lock()
	defer binaries.Unlock()
	if binaries.dir == "" {
		made, err := os.MkdirTemp("", "wye-examples-")
		if err != nil {
			t.Fatal(err)
		}
		binaries.dir = made
	}
	path := filepath.Join(binaries.dir, name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	c := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), ".")...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build in %s: %v\n%s", dir, err, out)
	}
	return path
}

func buildWye(t *testing.T) string {
	t.Helper()
	return build(t, "../cmd/wye", "wye", routertest.BuildFlags...)
}

// program is a running program and what it has printed so far.
type program struct {
	t    *testing.T
	name string

	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed at the next write
}

// run starts a program that is stopped when the test ends.
func run(t *testing.T, env []string, path string, args ...string) *program {
	t.Helper()
	p := &program{t: t, name: filepath.Base(path), changed: make(chan struct{})}
	c := exec.Command(path, args...)
	c.Env = append(os.Environ(), env...)
	c.Stdout, c.Stderr = p, p
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(os.Interrupt)
		c.Wait()
		if t.Failed() {
			t.Logf("%s printed:\n%s", p.name, p.printed())
		}
	})
	return p
}

// Write takes in what the program prints.
func (p *program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(text)
	close(p.changed)
	p.changed = make(chan struct{})
	return len(text), nil
}

func (p *program) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// await waits until the program has printed what the expression finds, and
// gives its groups.
func (p *program) await(expr string) []string {
	p.t.Helper()
	re := regexp.MustCompile(expr)
	late := time.After(patience)
	for {
		p.mu.Lock()
		found, changed := re.FindStringSubmatch(p.text.String()), p.changed
		p.mu.Unlock()
		if found != nil {
			return found[1:]
		}
		select {
		case <-changed:
		case <-late:
			p.t.Fatalf("%s did not print %q; it printed:\n%s", p.name, expr, p.printed())
		}
	}
}

// freePort is a port on which nothing listens now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	return port
}

// eventually asks again and again, for what only asking can tell.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ask() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("after %s it is still not so that %s", patience, what)
		}
	}
}
