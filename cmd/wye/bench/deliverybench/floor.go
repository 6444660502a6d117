package deliverybench

import (
	"context"
	"os"
	"strconv"

	"github.com/wye-events/wye/cmd/wye/bench/process"
)

// withoutWye measures the floor of a scene: its target, called directly. Offered
// is the rate for the latencies.
func withoutWye(ctx context.Context, cfg Config, s scene, offered float64) (f Figures, err error) {
	st, err := prepare(cfg, s)
	defer st.strike()
	if err != nil {
		return f, err
	}
	addrs, err := process.FreeAddrs(1)
	if err != nil {
		return f, err
	}
	p, err := process.StartRole(ctx, cfg.Self, roleDirect, "--kind", s.kind, "--concurrency", strconv.Itoa(s.concurrency),
		"--batch", strconv.Itoa(s.batch), "--url", st.receiver.url(), "--dir", st.dir, "--listen", addrs[0], "--size", strconv.Itoa(cfg.Size))
	if err != nil {
		return f, err
	}
	st.end = append(st.end, p.Stop)
	addr, err := p.Ready()
	if err != nil {
		return f, err
	}
	if s.subject() != "" {
		if err := st.subscribe(addr); err != nil {
			return f, err
		}
	}
	before, after, err := st.alone(ctx, p, 0)
	if err != nil {
		return f, err
	}
	f.setRate(before, after)
	f.Offered = offer(offered, f.EventsPerSecond)
	if before, after, err = st.alone(ctx, p, f.Offered); err != nil {
		return f, err
	}
	f.setLatency(before, after)
	f.P50, f.P99 = nil, nil // nobody has accepted them
	f.failed(st.ledger.deliveries.Tally())
	told, err := p.Ask(sayTally)
	f.failed(told)
	return f, err
}

// alone has the role deliver for a while.
func (st *stage) alone(ctx context.Context, p *process.Process, rate float64) (before, after sight, err error) {
	if _, err = p.Ask(sayGo + " " + strconv.FormatFloat(rate, 'f', -1, 64)); err != nil {
		return before, after, err
	}
	if err = pause(ctx, warmUp(st.cfg)); err != nil {
		return before, after, err
	}
	if before, err = st.lookAt(p); err != nil {
		return before, after, err
	}
	if err = pause(ctx, st.cfg.Duration); err != nil {
		return before, after, err
	}
	if after, err = st.lookAt(p); err != nil {
		return before, after, err
	}
	_, err = p.Ask(sayStop)
	return before, after, err
}

// lookAt counts an event when the target has taken it.
func (st *stage) lookAt(p *process.Process) (sight, error) {
	s := st.ledger.look()
	t, err := p.Ask(sayTally)
	if err != nil {
		return s, err
	}
	s.done = t.Done
	return s, s.clocks(p.PID(), os.Getpid())
}
