package routertest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/wye-events/wye/router"
)

// Build builds the real binary and gives its path.
func Build(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wye")
	args := append([]string{"build", "-o", path}, BuildFlags...)
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

// Status is what /api/v1/status says.
func (p *Process) Status() (s router.Status) {
	p.ask("/api/v1/status", &s)
	return s
}

// Targets is what /api/v1/targets says.
func (p *Process) Targets() (all []router.TargetStatus) {
	p.ask("/api/v1/targets", &all)
	return all
}

func (p *Process) ask(path string, into any) {
	p.t.Helper()
	res, err := client.Get("http://" + p.admin + path)
	if err == nil {
		defer res.Body.Close()
		err = json.NewDecoder(res.Body).Decode(into)
	}
	if err != nil {
		p.t.Fatal(fmt.Errorf("ask wye: %w", err))
	}
}

// Floored waits until every accepted event is settled.
func (p *Process) Floored() {
	p.t.Helper()
	Until(p.t, "the floor reaches the head", func() bool {
		s := p.Status()
		return s.Floor == s.Head
	}, func() any { return []any{p.Status(), p.Targets()} })
}

// Drained waits until every accepted event is settled and no backlog is left.
func (p *Process) Drained() {
	p.t.Helper()
	p.Floored()
	Until(p.t, "the backlogs are empty", func() bool {
		for _, t := range p.Targets() {
			if t.Waiting > 0 || t.Active > 0 {
				return false
			}
		}
		return true
	}, func() any { return p.Targets() })
}

// FlooredAt waits until every event up to a sequence is settled.
func (p *Process) FlooredAt(seq uint64) {
	p.t.Helper()
	Until(p.t, "the floor reaches what was there", func() bool { return p.Status().Floor >= seq },
		func() any { return []any{seq, p.Status(), p.Targets()} })
}

// Move lets the next start use another directory.
func (p *Process) Move(data string) { p.data = data }
