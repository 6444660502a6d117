package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/measure"
	"github.com/wye-events/wye/cmd/wye/bench/process"
)

// drain is how long what was accepted may take to arrive after the load ended.
const drain = 10 * time.Second

// snapshot is everything that is counted, at one time.
type snapshot struct {
	at         time.Time
	load, sink measure.Tally
	cpu        usage
}

// usage is processor time: of the router, of that with the load and the sink,
// and of everybody on the machine.
type usage struct {
	router, total, machine time.Duration
	known                  bool
}

// measureScene sets the stage, lets the load run for a while, and gives the
// figures of the window after the warm-up.
func measureScene(ctx context.Context, cfg Config, r row) (f Figures, err error) {
	s := &stage{cfg: cfg, name: r.name}
	defer s.strike()
	if err := s.set(ctx, r.scene); err != nil {
		return f, err
	}
	if err := pause(ctx, min(cfg.Duration, time.Second)); err != nil {
		return f, err
	}
	before, err := s.snapshot()
	if err != nil {
		return f, err
	}
	if err := s.perform(ctx); err != nil {
		return f, err
	}
	after, err := s.snapshot()
	if err != nil {
		return f, err
	}
	f = figuresOf(before, after, s.sinkProcess != nil)
	return f, s.settle(ctx, &f)
}

// perform lets the window pass, and profiles Wye meanwhile where that is asked for.
func (s *stage) perform(ctx context.Context) error {
	if s.cfg.Profile != "" && s.admin != "" {
		return fetchProfile(ctx, s.admin, s.profilePath("wye"), s.cfg.Duration)
	}
	return pause(ctx, s.cfg.Duration)
}

func (s *stage) snapshot() (now snapshot, err error) {
	if now.load, err = s.load.Ask(sayTally); err != nil {
		return now, err
	}
	if s.sinkProcess != nil {
		if now.sink, err = s.sinkProcess.Ask(sayTally); err != nil {
			return now, err
		}
	}
	now.at = time.Now()
	now.cpu, err = s.usage()
	return now, err
}

func (s *stage) usage() (u usage, err error) {
	for _, p := range s.processes() {
		used, err := process.Used(p.PID())
		if errors.Is(err, errors.ErrUnsupported) {
			return usage{}, nil
		}
		if err != nil {
			return u, p.Broken(err)
		}
		u.total += used
		if p == s.router {
			u.router = used
		}
	}
	u.known = true
	u.machine, err = process.UsedByAll()
	return u, err
}

// settle ends the load and waits for what was accepted to arrive: what does
// not would be lost, or late beyond what a benchmark should hide.
func (s *stage) settle(ctx context.Context, f *Figures) error {
	sent, err := s.load.Ask(sayStop)
	if err != nil || s.sinkProcess == nil {
		return err
	}
	until := time.Now().Add(drain)
	for {
		arrived, err := s.sinkProcess.Ask(sayTally)
		if err != nil {
			return err
		}
		f.Undelivered = sent.Done - min(sent.Done, arrived.Distinct)
		f.Repeated = arrived.Done - arrived.Distinct
		if f.Undelivered == 0 || time.Now().After(until) {
			return nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
}
