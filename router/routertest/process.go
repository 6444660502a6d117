package routertest

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Build builds the real binary and gives its path.
func Build(t testing.TB) string {
	t.Helper()
	return BuildIn(t, t.TempDir(), BuildFlags...)
}

// BuildIn builds the real binary in a directory, with these flags of `go build`.
func BuildIn(t testing.TB, dir string, flags ...string) string {
	t.Helper()
	path := filepath.Join(dir, "wye")
	args := append([]string{"build", "-o", path}, flags...)
	out, err := exec.CommandContext(t.Context(), "go", append(args, "github.com/wye-events/wye/cmd/wye")...).CombinedOutput()
	if err != nil {
		t.Fatalf("build wye: %v\n%s", err, out)
	}
	return path
}

// Process is `wye serve`, which can be killed and started again on the same
// directory and addresses.
type Process struct {
	*Publisher
	t             testing.TB
	binary, rules string
	data          string
	http, admin   string
	flags         []string
	log           *tailLog
	cmd           *exec.Cmd
	exited        chan error
}

// NewProcess prepares a `wye serve` on free addresses; Start starts it.
func NewProcess(t testing.TB, binary, rulesYAML, data string, flags ...string) *Process {
	t.Helper()
	p := &Process{
		t: t, binary: binary, rules: filepath.Join(t.TempDir(), "rules.yaml"), data: data,
		http: freeAddress(t), admin: freeAddress(t), flags: flags, log: newTailLog(t, "wye serve"),
	}
	p.Publisher = NewPublisher("http://" + p.http)
	if err := os.WriteFile(p.rules, []byte(rulesYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd != nil {
			p.Kill()
		}
	})
	return p
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Start starts the process and returns when it is ready to take events.
func (p *Process) Start() {
	p.t.Helper()
	args := append([]string{"serve", "--rules", p.rules, "--data", p.data, "--http", p.http, "--admin", p.admin, "--nats", ""}, p.flags...)
	p.cmd = exec.Command(p.binary, args...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal("start wye: ", err)
	}
	exited, cmd := make(chan error, 1), p.cmd
	p.exited = exited
	go func() { exited <- cmd.Wait() }()
	Until(p.t, "wye is ready", func() bool {
		select {
		case err := <-exited:
			p.cmd = nil
			p.t.Fatal("wye ended at its start: ", err)
		default:
		}
		res, err := client.Get("http://" + p.admin + "/-/ready")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, func() any { return p.log.String() })
}

// Signal sends a signal to the process.
func (p *Process) Signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal("signal wye: ", err)
	}
}

// Kill ends the process with SIGKILL.
func (p *Process) Kill() { p.end(syscall.SIGKILL) }

// Stop ends the process with SIGTERM; it must end well.
func (p *Process) Stop() {
	p.t.Helper()
	if err := p.end(syscall.SIGTERM); err != nil {
		p.t.Fatal("wye did not stop well: ", err)
	}
}

func (p *Process) end(s syscall.Signal) error {
	if p.cmd == nil {
		return nil
	}
	p.cmd.Process.Signal(s)
	err := <-p.exited
	p.cmd = nil
	client.CloseIdleConnections()
	return err
}

// Address is where the process takes events over HTTP.
func (p *Process) Address() string { return p.http }

// Move lets the next start use another directory.
func (p *Process) Move(data string) { p.data = data }
