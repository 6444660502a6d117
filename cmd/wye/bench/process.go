package bench

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

// process is a child: one of our roles, or the Wye that is measured.
type process struct {
	name  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Reader // what a role answers
	out   io.Closer     // where lines come from
	log   *tail
	ended chan struct{} // closed when the process is gone
	once  sync.Once
}

// start runs a program until ctx ends or stop is called. What it prints goes
// to out, or, like its errors, to its log.
func start(ctx context.Context, name string, out *os.File, argv ...string) (*process, error) {
	p := &process{name: name, log: new(tail), ended: make(chan struct{})}
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

// startRole runs one of our roles, which is to be asked whether it is ready.
func startRole(ctx context.Context, self []string, role string, flags ...string) (*process, error) {
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

// ready waits for the first line of a role, which tells where it listens.
func (p *process) ready() (addr string, err error) {
	var h hello
	err = p.read(&h)
	return h.Addr, err
}

// ask gives a role a command and takes its answer.
func (p *process) ask(command string) (t measure.Tally, err error) {
	if _, err := fmt.Fprintln(p.in, command); err != nil {
		return t, p.broken(err)
	}
	return t, p.read(&t)
}

func (p *process) read(into any) error {
	line, err := p.lines.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, into)
	}
	if err != nil {
		return p.broken(err)
	}
	return nil
}

// broken explains an error by what the process wrote last.
func (p *process) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) || errors.Is(err, syscall.EPIPE) {
		err = errors.New("it ended")
	}
	if last := strings.TrimSpace(p.log.String()); last != "" {
		return fmt.Errorf("%s: %w; its last words:\n%s", p.name, err, last)
	}
	return fmt.Errorf("%s: %w", p.name, err)
}

// stop ends the process and waits for that: a role ends with its input, Wye
// with a signal, and what does neither is killed. It may come twice.
func (p *process) stop() {
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

func (p *process) terminate() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
