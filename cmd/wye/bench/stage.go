package bench

import (
	"context"
	"os"
	"slices"
	"strconv"
	"sync"

	"github.com/wye-events/wye/cmd/wye/bench/process"
)

// scene says what has to be on stage to measure one row.
type scene struct {
	router router
	sink   bool
	// event is the type of the events that are sent; empty where the router is
	// its own load.
	event string
	rate  float64 // events a second; 0 for a closed loop
}

// router starts what is measured, and tells where it takes events.
type router func(ctx context.Context, s *stage) (p *process.Process, addr string, err error)

// stage is the processes of one row and the directory they may use.
type stage struct {
	cfg   Config
	name  string // of the row
	dir   string
	sink  string // URL; empty without a sink
	admin string // URL of Wye's admin interface; empty without Wye

	router, load, sinkProcess *process.Process
}

// set starts everything: the sink, the router, the load. Whatever is returned,
// strike must follow.
func (s *stage) set(ctx context.Context, c scene) (err error) {
	if s.dir, err = os.MkdirTemp(s.cfg.Dir, "wye-bench-"); err != nil {
		return err
	}
	if c.sink {
		var addr string
		if s.sinkProcess, addr, err = s.role(ctx, "sink"); err != nil {
			return err
		}
		s.sink = "http://" + addr + "/"
	}
	var addr string
	if s.router, addr, err = c.router(ctx, s); err != nil {
		return err
	}
	if c.event == "" {
		s.load = s.router
		return nil
	}
	s.load, _, err = s.role(ctx, "load", "--addr", addr, "--type", c.event,
		"--rate", strconv.FormatFloat(c.rate, 'f', -1, 64))
	return err
}

// role starts one of our roles with the settings that all of them share.
func (s *stage) role(ctx context.Context, name string, flags ...string) (*process.Process, string, error) {
	flags = append([]string{
		"--dir", s.dir, "--sink", s.sink,
		"--connections", strconv.Itoa(s.cfg.Connections), "--size", strconv.Itoa(s.cfg.Size),
	}, flags...)
	if s.cfg.Profile != "" {
		flags = append(flags, "--profile", s.profilePath(name))
	}
	p, err := process.StartRole(ctx, s.cfg.Self, name, flags...)
	if err != nil {
		return nil, "", err
	}
	addr, err := p.Ready()
	if err != nil {
		p.Stop()
		return nil, "", err
	}
	return p, addr, nil
}

// strike ends all processes, and removes the directory.
func (s *stage) strike() {
	var ending sync.WaitGroup
	for _, p := range s.processes() {
		ending.Go(p.Stop)
	}
	ending.Wait()
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// processes are those that run, each once.
func (s *stage) processes() (all []*process.Process) {
	for _, p := range []*process.Process{s.load, s.router, s.sinkProcess} {
		if p != nil && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// ours is a router that is one of our roles.
func ours(role string, flags ...string) router {
	return func(ctx context.Context, s *stage) (*process.Process, string, error) {
		return s.role(ctx, role, flags...)
	}
}
