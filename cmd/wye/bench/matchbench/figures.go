package matchbench

import (
	"context"
	"slices"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// figures measures the floor and the match in turns.
func figures(ctx context.Context, cfg Config, m *rules.Matcher, events []*cloudevent.Event) (f Figures) {
	wye := &matching{wye: m}
	match := newClock(events, wye.all)
	match.warm(warmUp)
	var floor *clock
	if json := withJSON(events); len(json) > 0 {
		floor = newClock(json, validating)
		floor.warm(cfg.Slice)
	}
	var floors, matches, quotients []float64
	for i := 0; i < cfg.Rounds && (i == 0 || ctx.Err() == nil); i++ {
		matches = append(matches, match.slice(cfg.Slice))
		if floor != nil {
			floors = append(floors, floor.slice(cfg.Slice))
			quotients = append(quotients, matches[i]/floors[i])
		}
	}
	f.Match = timesOf(matches)
	f.EventsPerSecond = 1e9 / f.Match.Median
	if floor != nil {
		times, quotient := timesOf(floors), median(quotients)
		f.Floor, f.Floors = &times, &quotient
	}
	f.Matches, f.Errors = wye.answers(events, counting)
	f.Allocations, f.Bytes = match.allocations(counting)
	f.Candidates = candidates(m, events)
	return f
}

func withJSON(events []*cloudevent.Event) []*cloudevent.Event {
	return slices.DeleteFunc(slices.Clone(events), func(ev *cloudevent.Event) bool { return !ev.DataIsJSON() })
}

// largeBody is the data that shows whether it is read: whoever reads it takes
// many times as long.
const largeBody = 64 << 10

// largeData is how many times longer a match takes with large data.
func largeData(ctx context.Context, cfg Config, m *rules.Matcher, events []*cloudevent.Event) *float64 {
	data := make([]byte, largeBody)
	for i := range data {
		data[i] = 'x'
	}
	data[0], data[len(data)-1] = '"', '"'
	large := make([]*cloudevent.Event, len(events))
	for i, ev := range events {
		other := *ev
		other.Data = data
		large[i] = &other
	}
	small, big := newClock(events, (&matching{wye: m}).all), newClock(large, (&matching{wye: m}).all)
	small.warm(cfg.Slice)
	big.warm(cfg.Slice)
	var quotients []float64
	for i := 0; i < cfg.Rounds && (i == 0 || ctx.Err() == nil); i++ {
		quotients = append(quotients, big.slice(cfg.Slice)/small.slice(cfg.Slice))
	}
	times := median(quotients)
	return &times
}

// candidates are the rules that are looked at one by one for an event, on
// average.
func candidates(m *rules.Matcher, events []*cloudevent.Event) float64 {
	all := 0
	for _, ev := range events {
		all += m.Candidates(ev)
	}
	return float64(all) / float64(len(events))
}
