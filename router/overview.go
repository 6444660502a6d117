package router

import "context"

// Overview is [Status] with what a person wants to see beside it.
type Overview struct {
	Status
	Source  SourceStatus `json:"source"`
	Rules   int          `json:"rules"`
	Targets int          `json:"targets"` // in the rules
	Waiting int          `json:"waiting"` // deliveries in all backlogs
	// Dead counts the dead letters, of all targets; nil where the store did not say.
	Dead *uint64 `json:"dead_letters,omitempty"`
}

// Overview tells how the router is doing, and its rules.
func (r *Router) Overview(ctx context.Context) Overview {
	set := r.set.Load()
	o := Overview{Status: r.Status(), Source: r.Source(), Rules: len(set.source.Rules), Targets: len(set.source.Targets)}
	for _, l := range r.allLanes() {
		l.mu.Lock()
		o.Waiting += l.core.Waiting()
		l.mu.Unlock()
	}
	if counts, err := r.bus.DeadCounts(ctx); err == nil {
		o.Dead = new(uint64)
		for _, n := range counts {
			*o.Dead += n
		}
	}
	return o
}
