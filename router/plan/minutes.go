package plan

import (
	"maps"
	"slices"
	"time"
)

// load is how many deliveries a target would have got, before and after.
type load struct{ before, after uint32 }

// minutes counts deliveries by minute and target, for the busiest minute of each.
// Minutes may come in any order.
type minutes struct {
	targets int
	of      map[int64][]load // by minute since 1970
	now     int64
	current []load // that of now; nil where it is not known when the event came

	// peaks are the busiest of the minutes that were let go, to bound memory.
	peaks []load
	gone  map[int64]bool // which they were
	torn  bool           // some minute came again after it was let go
}

// cellsMost bounds the counters that are kept: 32 MiB of them.
const cellsMost = 4 << 20

func newMinutes(targets int) minutes {
	return minutes{targets: targets, of: map[int64][]load{}, peaks: make([]load, targets), gone: map[int64]bool{}}
}

// at goes to the minute of a moment.
func (m *minutes) at(moment time.Time) {
	if moment.IsZero() {
		m.current = nil
		return
	}
	minute := moment.Unix() / 60
	if m.current != nil && minute == m.now {
		return
	}
	m.now, m.current = minute, m.of[minute]
	if m.current == nil {
		m.current = m.open(minute)
	}
}

// open makes a minute, and room for it.
func (m *minutes) open(minute int64) []load {
	for len(m.of) > 1 && (len(m.of)+1)*m.targets > cellsMost {
		m.letGo(slices.Min(slices.Collect(maps.Keys(m.of))))
	}
	m.torn = m.torn || m.gone[minute]
	loads := make([]load, m.targets)
	m.of[minute] = loads
	return loads
}

func (m *minutes) letGo(minute int64) {
	for i, l := range m.of[minute] {
		m.peaks[i] = l.most(m.peaks[i])
	}
	delete(m.of, minute)
	m.gone[minute] = true
}

func (m *minutes) before(targets []int32) {
	if m.current == nil {
		return
	}
	for _, t := range targets {
		m.current[t].before++
	}
}

func (m *minutes) after(targets []int32) {
	if m.current == nil {
		return
	}
	for _, t := range targets {
		m.current[t].after++
	}
}

// merge adds those of another.
func (m *minutes) merge(other *minutes) {
	m.current = nil
	m.torn = m.torn || other.torn
	for minute := range other.gone {
		m.torn = m.torn || m.of[minute] != nil || m.gone[minute]
		m.gone[minute] = true
	}
	for i, p := range other.peaks {
		m.peaks[i] = p.most(m.peaks[i])
	}
	for minute, loads := range other.of {
		mine := m.of[minute]
		if mine == nil {
			mine = m.open(minute)
		}
		for i, l := range loads {
			mine[i].before += l.before
			mine[i].after += l.after
		}
	}
}

func (l load) most(other load) load {
	return load{max(l.before, other.before), max(l.after, other.after)}
}

// busiest is the busiest minute of each target. It is too low where a minute was
// torn apart.
func (m *minutes) busiest() []load {
	peaks := slices.Clone(m.peaks)
	for _, loads := range m.of {
		for i, l := range loads {
			peaks[i] = l.most(peaks[i])
		}
	}
	return peaks
}
