package deliverybench

import (
	"context"
	"errors"
	"fmt"

	"github.com/wye-events/wye/cmd/wye/bench/process"
)

// ManyRow is a number of targets, with so many matches of every event.
type ManyRow struct {
	Targets int     `json:"targets"`
	Matches int     `json:"matches"`
	Wye     Figures `json:"wye"`
	// Deliveries are those a second.
	Deliveries float64 `json:"deliveries_per_second"`
	// OfOne is the events a second divided by those of one target with as many
	// matches.
	OfOne *float64 `json:"of_one"`
	// Peak is the most memory that Wye had, in MB; absent where the system does
	// not tell.
	Peak *float64 `json:"peak_mb,omitempty"`
}

// targets measures how much it matters how many targets there are.
func (r *run) targets() {
	for _, matches := range choose(r.cfg, []int{1, 2, 3}, []int{1, 2}) {
		var one float64
		for _, n := range choose(r.cfg, []int{1, 10, 100, 1000}, []int{1, 10}) {
			s := plain(kindHTTP, defaultConcurrency)
			s.targets, s.matches = n, matches
			row := ManyRow{Targets: n, Matches: matches}
			if !r.try(fmt.Sprintf("%s, %d matches", counted(n, "target"), matches), func() error { return row.measure(r.ctx, r.cfg, s) }) {
				continue
			}
			if n == 1 {
				one = row.Wye.EventsPerSecond
			}
			row.OfOne = quotient(row.Wye.EventsPerSecond, one)
			r.report.Targets = append(r.report.Targets, row)
		}
	}
}

func (m *ManyRow) measure(ctx context.Context, cfg Config, s scene) error {
	st, err := set(ctx, cfg, s)
	defer st.strike()
	if err != nil {
		return err
	}
	if err := st.measure(ctx, &m.Wye); err != nil {
		return err
	}
	m.Deliveries = m.Wye.EventsPerSecond * float64(s.matches)
	_, m.Peak, err = st.memory()
	return err
}

// memory is what Wye has of it now and had at most, in MB, or nil where the
// system does not tell.
func (st *stage) memory() (now, peak *float64, err error) {
	m, err := process.MemoryOf(st.wye.PID())
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, st.wye.Broken(err)
	}
	a, b := float64(m.Now)/1e6, float64(m.Peak)/1e6
	return &a, &b, nil
}
