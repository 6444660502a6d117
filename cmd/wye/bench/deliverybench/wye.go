package deliverybench

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/load"
)

// arriving is how long what was accepted may take to arrive when no more is sent.
const arriving = 10 * time.Second

// warmUp is how long a load runs before it is measured.
func warmUp(cfg Config) time.Duration { return min(cfg.Duration/2, 500*time.Millisecond) }

// throughWye measures a scene.
func throughWye(ctx context.Context, cfg Config, s scene) (f Figures, err error) {
	st, err := set(ctx, cfg, s)
	defer st.strike()
	if err != nil {
		return f, err
	}
	err = st.measure(ctx, &f)
	return f, err
}

// measure fills in the figures of a stage that is set.
func (st *stage) measure(ctx context.Context, f *Figures) error {
	before, after, err := st.window(ctx, 0, f)
	if err != nil {
		return err
	}
	f.setRate(before, after)
	f.Offered = offer(st.cfg.Rate, f.EventsPerSecond)
	if before, after, err = st.window(ctx, f.Offered, f); err != nil {
		return err
	}
	f.setLatency(before, after)
	f.Repeated = st.ledger.repeated.Load()
	f.failed(st.ledger.deliveries.Tally())
	f.Aside, err = st.aside(ctx)
	return err
}

// window loads Wye for a while, and gives what is seen after the warm-up and at
// the end.
func (st *stage) window(ctx context.Context, rate float64, f *Figures) (before, after sight, err error) {
	g, err := st.load(ctx, rate)
	if err != nil {
		return before, after, err
	}
	defer g.Stop()
	if err = pause(ctx, warmUp(st.cfg)); err != nil {
		return before, after, err
	}
	if before, err = st.look(); err != nil {
		return before, after, err
	}
	if err = pause(ctx, st.cfg.Duration); err != nil {
		return before, after, err
	}
	if after, err = st.look(); err != nil {
		return before, after, err
	}
	return before, after, st.settle(ctx, g, f)
}

func (st *stage) look() (sight, error) {
	s := st.ledger.look()
	return s, s.clocks(st.wye.PID(), os.Getpid())
}

// settle ends a load and waits for what was accepted to arrive.
func (st *stage) settle(ctx context.Context, g *load.Generator, f *Figures) error {
	g.Stop()
	sent := g.Tally()
	f.failed(sent)
	all := st.sent + sent.Done
	st.sent, st.last = all, g.Last()
	err := until(ctx, arriving, func() bool { return st.ledger.whole.Load() >= all })
	f.Undelivered = all - min(all, st.ledger.whole.Load())
	return err
}

// until waits for something, and no longer than that; whether it has come to
// pass, the caller sees.
func until(ctx context.Context, longest time.Duration, ready func() bool) error {
	for end := time.Now().Add(longest); !ready() && time.Now().Before(end); {
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
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
