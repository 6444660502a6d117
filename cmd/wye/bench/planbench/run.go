package planbench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/process"
	"github.com/wye-events/wye/router/plan"
)

// differs is the exit status of a plan that finds something.
const differs = 1

// command runs wye, and gives what it prints.
func (b *bench) command(ctx context.Context, args ...string) (out []byte, ended *os.ProcessState, err error) {
	cmd := exec.CommandContext(ctx, b.Binary, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if args[0] == "send" {
		if cmd.Stdin, err = os.Open(b.events); err != nil {
			return nil, nil, err
		}
	}
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && args[0] == "plan" && exit.ExitCode() == differs {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("wye %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), cmd.ProcessState, err
}

// plan runs wye plan, and measures it.
func (b *bench) plan(ctx context.Context, args ...string) (row Row, err error) {
	start := time.Now()
	out, ended, err := b.command(ctx, append([]string{"plan", b.new, "--old", b.old, "--format", "json"}, args...)...)
	if err != nil {
		return row, err
	}
	row.Seconds = time.Since(start).Seconds()
	row.CommandCPU = (ended.UserTime() + ended.SystemTime()).Seconds()
	row.PeakMemory = peakOf(ended)
	var report plan.Report
	if err := json.Unmarshal(out, &report); err != nil {
		return row, fmt.Errorf("wye plan: its report cannot be read: %w", err)
	}
	if report.Events.Compared != uint64(b.Events) {
		return row, fmt.Errorf("wye plan compared over %d events of %d", report.Events.Compared, b.Events)
	}
	row.Differing = report.Events.Differing
	row.EventsPerSecond = float64(b.Events) / row.Seconds
	row.MillionSeconds = 1e6 / row.EventsPerSecond
	return row, nil
}

func (b *bench) fromFile(ctx context.Context) (Row, error) {
	b.say("comparing over the file")
	row, err := b.plan(ctx, "--events", b.events)
	row.From = plan.FromFile
	return row, err
}

// fromArchive sends the events to a Wye whose rule matches none of them, and has
// that compare.
func (b *bench) fromArchive(ctx context.Context) (row Row, err error) {
	wye, addrs, err := b.serve(ctx)
	if err != nil {
		return row, err
	}
	defer wye.Stop()
	b.say("sending %d events", b.Events)
	if _, _, err := b.command(ctx, "send", "-", "--to", "http://"+addrs[0], "--batch", "500", "--concurrency", "4"); err != nil {
		return row, err
	}
	b.say("comparing over the archive")
	before, err := process.Used(wye.PID())
	if err != nil {
		return row, err
	}
	if row, err = b.plan(ctx, "--server", "http://"+addrs[1]); err != nil {
		return row, wye.Broken(err)
	}
	row.From = plan.FromArchive
	after, err := process.Used(wye.PID())
	row.ServerCPU = (after - before).Seconds()
	memory, memoryErr := process.MemoryOf(wye.PID())
	row.PeakMemory = memory.Peak
	return row, errors.Join(err, memoryErr)
}

const quietRules = `version: 1
targets: {nobody: {queue: {name: nobody}}}
rules:
  none: {on: nothing.of.this.type, to: nobody}
`

func (b *bench) serve(ctx context.Context) (*process.Process, []string, error) {
	addrs, err := process.FreeAddrs(3)
	if err != nil {
		return nil, nil, err
	}
	rules := filepath.Join(b.dir, "rules.yaml")
	if err := os.WriteFile(rules, []byte(quietRules), 0o600); err != nil {
		return nil, nil, err
	}
	// What is kept came in over hours: the ids of nearly all of it are remembered no
	// more. With those of a million, half of the time would go into collections.
	p, err := process.Start(ctx, "wye serve", b.Binary, "serve", "--rules", rules, "--data", filepath.Join(b.dir, "data"),
		"--http", addrs[0], "--admin", addrs[1], "--nats", addrs[2], "--duplicate-window", "1s")
	if err != nil {
		return nil, nil, err
	}
	if err := p.UntilReady(ctx, "http://"+addrs[1]+"/-/ready"); err != nil {
		p.Stop()
		return nil, nil, err
	}
	return p, addrs, nil
}
