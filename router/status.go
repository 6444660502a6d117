package router

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/wye-events/wye/rules"
)

// RuleStatus is one rule as it is in force.
type RuleStatus struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	On          []string `json:"on"`
	When        string   `json:"when,omitempty"`
	To          []string `json:"to"`
	Enabled     bool     `json:"enabled"`
	Matched     uint64   `json:"matched"` // events, since the start; of a shadow rule those that it would have delivered
	Errors      uint64   `json:"errors"`

	Mode   rules.Mode `json:"mode"`
	Sample float64    `json:"sample"`
	Until  time.Time  `json:"until,omitzero"`
	// State is what the rule is for events that come now: "live", "shadow", "over"
	// or "disabled".
	State string `json:"state"`
}

// RulesStatus is the rule set in force.
type RulesStatus struct {
	Version string       `json:"version"`
	Commit  string       `json:"commit,omitempty"`
	Path    string       `json:"path"`
	Loaded  time.Time    `json:"loaded"`
	Rules   []RuleStatus `json:"rules"`
}

// Rules tells of the rule set in force.
func (r *Router) Rules() RulesStatus {
	set := r.set.Load()
	st := RulesStatus{Version: set.version, Commit: rules.CommitOf(set.version), Path: r.sourcing.from.Address().String(), Loaded: set.loaded, Rules: []RuleStatus{}}
	now := time.Now()
	for _, rule := range set.source.Rules {
		matched, errors := r.acct.ofRule(rule)
		st.Rules = append(st.Rules, RuleStatus{
			Name: rule.Name, Description: rule.Description, On: rule.On, When: rule.When, To: rule.To, Enabled: rule.Enabled,
			Matched: value(matched), Errors: value(errors),
			Mode: rule.Mode, Sample: rule.Sample, Until: rule.Until, State: stateOf(rule, now),
		})
	}
	return st
}

func stateOf(rule *rules.Rule, now time.Time) string {
	if !rule.Enabled {
		return "disabled"
	}
	return string(rule.State(now))
}

// TargetStatus is one target and what became of its deliveries.
type TargetStatus struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	// State is "straight" (deliveries go straight through), "aside" (they wait
	// in the backlog until it is worked off), "held" (the target failed or asked
	// for a pause and is left alone until Until), "paused" (until a person resumes
	// it) or "orphaned" (not in the rules any more).
	State     string    `json:"state"`
	Paused    *Pause    `json:"paused,omitempty"`
	Until     time.Time `json:"until,omitzero"`
	Rate      float64   `json:"rate_per_second,omitempty"` // events/s that it gets at most; absent: as fast as it answers
	Slowed    bool      `json:"slowed,omitempty"`          // because it said that it was too fast
	Active    int       `json:"active"`                    // deliveries under way
	Waiting   int       `json:"waiting"`                   // in the backlog
	Delivered uint64    `json:"delivered"`
	Dead      uint64    `json:"dead_lettered"`
	Expired   uint64    `json:"expired"`
	Dropped   uint64    `json:"dropped"`
	Retried   uint64    `json:"retried"` // attempts that failed and were to be repeated
}

// Targets tells of every target that is in the rules or still has deliveries.
func (r *Router) Targets() []TargetStatus {
	all := []TargetStatus{}
	for _, l := range r.allLanes() {
		all = append(all, l.status(time.Now()))
	}
	return all
}

func (l *lane) status(now time.Time) TargetStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	state := l.core.State(now)
	st := TargetStatus{
		Name: l.name, State: state.Name, Until: state.Until.UTC(), Active: l.core.Active(), Waiting: l.core.Waiting(),
		Rate: state.Rate, Slowed: state.Slowed, Paused: l.paused,
		Delivered: l.acct.has(outcomeDelivered), Dead: l.acct.has(outcomeDead), Expired: l.acct.has(outcomeExpired), Dropped: l.acct.has(outcomeDropped),
		Retried: value(l.acct.attemptBad),
	}
	if l.handle == nil {
		return st
	}
	st.Kind = kindOf(l.handle.spec)
	return st
}

// Target tells of one target; ok is false where there is none of that name.
func (r *Router) Target(name string) (st TargetStatus, ok bool) {
	r.lanesMu.Lock()
	l := r.lanes[name]
	r.lanesMu.Unlock()
	if l == nil {
		return st, false
	}
	return l.status(time.Now()), true
}

// Status is the router as a whole.
type Status struct {
	Version    string `json:"rules_version"`
	Commit     string `json:"rules_commit,omitempty"`
	Durability string `json:"durability"` // durable, relaxed or always; "servers" with remote NATS
	Head       uint64 `json:"head"`       // highest durable sequence
	Floor      uint64 `json:"floor"`      // everything up to it is settled
	Accepted   uint64 `json:"accepted"`
	Duplicates uint64 `json:"duplicates"`
	Unmatched  uint64 `json:"unmatched"`
	// Unwritten counts, by target, dead letters that the store has not taken yet.
	Unwritten map[string]int `json:"dead_letters_unwritten,omitempty"`
	Error     string         `json:"error,omitempty"`

	Disk *DiskStatus `json:"disk,omitempty"` // of the embedded store
}

// Status tells how the router is doing.
func (r *Router) Status() Status {
	floor, _ := r.window.state()
	st := Status{
		Version: r.set.Load().version, Durability: string(r.bus.Sync()), Head: r.bus.Durable(), Floor: floor,
		Accepted: value(r.acct.accepted), Duplicates: value(r.acct.duplicates), Unmatched: value(r.acct.unmatched),
		Unwritten: r.UnwrittenDead(),
	}
	if r.bus.Remote() {
		st.Durability = "servers"
	}
	st.Disk = r.diskStatus()
	if err := r.Err(); err != nil {
		st.Error = err.Error()
	}
	st.Commit = rules.CommitOf(st.Version)
	return st
}

// value reads a counter.
func value(c prometheus.Counter) uint64 {
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		return 0
	}
	return uint64(m.GetCounter().GetValue())
}
