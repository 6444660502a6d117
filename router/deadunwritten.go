package router

import (
	"maps"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// deadAccount counts what is done with dead letters and with replays.
type deadAccount struct {
	handled   *prometheus.CounterVec // redriven and discarded
	replayed  *prometheus.CounterVec
	unwritten unwritten
}

func newDeadAccount(reg *prometheus.Registry) *deadAccount {
	a := &deadAccount{
		handled: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "wye", Name: "dead_letters_handled_total",
			Help: "Dead letters that a person had dealt with, by what was done."}, []string{"target", "done"}),
		replayed: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "wye", Name: "replayed_deliveries_total",
			Help: "Deliveries that replays made."}, []string{"target"}),
	}
	reg.MustRegister(a.handled, a.replayed, &a.unwritten)
	return a
}

// unwritten counts, by target, dead letters that the store has not taken. Each
// is tried until it does, and what it is about stays unsettled meanwhile.
type unwritten struct {
	mu sync.Mutex
	by map[string]int
}

// add counts a dead letter that the store did not take.
func (u *unwritten) add(target string) { u.count(target, 1) }

// remove counts one that it took at last.
func (u *unwritten) remove(target string) { u.count(target, -1) }

func (u *unwritten) count(target string, by int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.by == nil {
		u.by = map[string]int{}
	}
	if u.by[target] += by; u.by[target] == 0 {
		delete(u.by, target)
	}
}

// counts are the numbers by target, of those that have some.
func (u *unwritten) counts() map[string]int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return maps.Clone(u.by)
}

var unwrittenDesc = prometheus.NewDesc("wye_dead_letters_unwritten",
	"Dead letters that the store has not taken yet; each is tried until it does.", []string{"target"}, nil)

// Describe is for the metrics.
func (u *unwritten) Describe(ch chan<- *prometheus.Desc) { ch <- unwrittenDesc }

// Collect is for the metrics.
func (u *unwritten) Collect(ch chan<- prometheus.Metric) {
	for target, n := range u.counts() {
		ch <- prometheus.MustNewConstMetric(unwrittenDesc, prometheus.GaugeValue, float64(n), target)
	}
}

// UnwrittenDead counts, by target, the dead letters that the store has not taken
// yet. They are tried for ever, and nothing is lost meanwhile.
func (r *Router) UnwrittenDead() map[string]int { return r.deadAcct.unwritten.counts() }

// notWritten counts the dead letter of a job that the store did not take.
func (l *lane) notWritten(j *job) {
	if !j.unwritten {
		j.unwritten = true
		l.r.deadAcct.unwritten.add(l.name)
	}
}

// writtenAtLast ends that.
func (l *lane) writtenAtLast(j *job) {
	if j.unwritten {
		j.unwritten = false
		l.r.deadAcct.unwritten.remove(l.name)
	}
}
