// Package process runs the parts of a benchmark as processes of their own, so
// that the operating system tells how much of the machine each one takes: roles
// of this program, which are asked over their input, and Wye itself.
package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/measure"
)

// graceful is how long a process may take to end when it is asked to.
const graceful = 5 * time.Second

// Process is a child: one of our roles, or the Wye that is measured.
type Process struct {
	name  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Reader // what a role answers
	out   io.Closer     // where lines come from
	log   *tail
	ended chan struct{} // closed when the process is gone
	once  sync.Once
}

// Start runs a program until ctx ends or Stop is called. What it prints goes to
// its log.
func Start(ctx context.Context, name string, argv ...string) (*Process, error) {
	return start(ctx, name, nil, argv...)
}

// start runs a program. What it prints goes to out, or, like its errors, to its
// log.
func start(ctx context.Context, name string, out *os.File, argv ...string) (*Process, error) {
	p := &Process{name: name, log: new(tail), ended: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, argv[0], argv[1:]...)
	p.cmd.Cancel = p.terminate
	p.cmd.WaitDelay = graceful
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if out != nil {
		p.cmd.Stdout = out
	}
	dieWithParent(p.cmd)
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended shows in what it was needed for
		close(p.ended)
	}()
	return p, nil
}

// StartRole runs one of our roles, which is to be asked whether it is ready.
func StartRole(ctx context.Context, self []string, role string, flags ...string) (*Process, error) {
	answers, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p, err := start(ctx, role, out, slices.Concat(self, []string{role}, flags)...)
	if err != nil {
		answers.Close()
		return nil, err
	}
	p.lines, p.out = bufio.NewReader(answers), answers
	return p, nil
}

// Ready waits for the first line of a role, which tells where it listens.
func (p *Process) Ready() (addr string, err error) {
	var h hello
	err = p.read(&h)
	return h.Addr, err
}

// Ask gives a role a command and takes its answer.
func (p *Process) Ask(command string) (t measure.Tally, err error) {
	if _, err := fmt.Fprintln(p.in, command); err != nil {
		return t, p.Broken(err)
	}
	return t, p.read(&t)
}

func (p *Process) read(into any) error {
	line, err := p.lines.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, into)
	}
	if err != nil {
		return p.Broken(err)
	}
	return nil
}

// Broken explains an error by what the process wrote last.
func (p *Process) Broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) || errors.Is(err, syscall.EPIPE) {
		err = errors.New("it ended")
	}
	if last := strings.TrimSpace(p.log.String()); last != "" {
		return fmt.Errorf("%s: %w; its last words:\n%s", p.name, err, last)
	}
	return fmt.Errorf("%s: %w", p.name, err)
}

// Stop ends the process and waits for that: a role ends with its input, Wye
// with a signal, and what does neither is killed. It may come twice.
func (p *Process) Stop() {
	p.once.Do(func() {
		p.in.Close()
		if p.lines == nil {
			_ = p.terminate()
		}
		select {
		case <-p.ended:
		case <-time.After(graceful):
			_ = p.cmd.Process.Kill()
			<-p.ended
		}
		if p.out != nil {
			p.out.Close()
		}
	})
}

func (p *Process) terminate() error { return p.cmd.Process.Signal(syscall.SIGTERM) }

// PID is the number that the operating system gave the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }
