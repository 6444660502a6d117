package deliverybench

import "fmt"

// PolicyRow is the same target with a policy, and what it costs.
type PolicyRow struct {
	Pair
	// OfPlain is the events a second divided by those of the same target without
	// the policy.
	OfPlain *float64 `json:"of_plain"`
}

// policies measures an HTTP target in no order and one by one, then in order by
// key, then in batches.
func (r *run) policies() {
	base := plain(kindHTTP, defaultConcurrency)
	without, ok := r.pair("in no order, one by one", base, base)
	if !ok {
		return
	}
	r.report.Policies = append(r.report.Policies, PolicyRow{Pair: without, OfPlain: quotient(1, 1)})
	add := func(name string, s, below scene) {
		if p, ok := r.pair(name, s, below); ok {
			r.report.Policies = append(r.report.Policies, PolicyRow{p, quotient(p.Wye.EventsPerSecond, without.Wye.EventsPerSecond)})
		}
	}
	for _, keys := range choose(r.cfg, []int{1, 100, 100_000}, []int{1, 100}) {
		s, below := base, base
		s.ordered, s.keys = true, keys
		// Of one key there is never more than one event in the target's hands.
		below.concurrency = min(keys, base.concurrency)
		add(fmt.Sprintf("in order, %s", counted(keys, "key")), s, below)
	}
	for _, batch := range choose(r.cfg, []int{10, 100, 1000}, []int{10}) {
		s := base
		s.batch = batch
		add(fmt.Sprintf("batches of %s", grouped(float64(batch))), s, s)
	}
}
