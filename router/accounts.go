package router

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wye-events/wye/router/lanes"
	"github.com/wye-events/wye/router/source"
	"github.com/wye-events/wye/rules"
)

// outcome is how a delivery ended.
type outcome string

const (
	outcomeDelivered outcome = "delivered"
	outcomeDead      outcome = "dead_lettered"
	outcomeExpired   outcome = "expired" // by give_up or expirytime; with a dead letter unless the target says otherwise
	outcomeDropped   outcome = "dropped" // an ordered target's policy is to skip what is not taken
)

// What may be written down of a delivery after it has ended: a person took its
// dead letter back, and it is pending again, or did away with the letter.
const (
	outcomeRedriven  = "redriven"
	outcomeDiscarded = "discarded"
)

// accounts are the router's counters. They are exact: each is raised in the one
// place where what it counts becomes true.
type accounts struct {
	accepted, duplicates, found     prometheus.Counter
	unmatched, matching, unreadable prometheus.Counter
	refused, matched, ruleErrors    *prometheus.CounterVec
	reloads, polls                  *prometheus.CounterVec
	shadowMatched, shadowErrors     *prometheus.CounterVec
	attempts, spilled, unheard      *prometheus.CounterVec
	seconds                         *prometheus.HistogramVec
	deliveries                      *deliveryAccounts
}

func newAccounts(reg *prometheus.Registry) *accounts {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "wye", Name: name, Help: help})
		reg.MustRegister(c)
		return c
	}
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "wye", Name: name, Help: help}, labels)
		reg.MustRegister(c)
		return c
	}
	a := &accounts{
		accepted:   counter("events_accepted_total", "Events that were answered with 2xx, duplicates not counted."),
		duplicates: counter("events_duplicate_total", "Events answered as duplicates of one accepted before."),
		found:      counter("events_found_total", "Events that were accepted before the start and are decided after it: accepted + found = matched + unmatched + unreadable + undecided."),
		unmatched:  counter("events_unmatched_total", "Events that no rule matched, shadow rules not counted."),
		matching:   counter("events_matched_total", "Events that a rule matched."),
		unreadable: counter("events_unreadable_total", "Stored events that could not be read back."),
		refused:    vec("events_refused_total", "Events that were not accepted.", "reason"),
		matched:    vec("rule_matches_total", "Events that a rule matched.", "rule"),
		ruleErrors: vec("rule_errors_total", "Events on which a rule's condition failed.", "rule"),

		shadowMatched: vec("rule_shadow_matches_total", "Events that a shadow rule matched; nothing is delivered of them.", "rule"),
		shadowErrors:  vec("rule_shadow_errors_total", "Events on which a shadow rule's condition failed.", "rule"),

		reloads:    vec("reloads_total", "Loads of the rule set.", "result"),
		polls:      vec("rules_source_looks_total", "Looks at the source of the rules: unchanged, loaded, refused (what is there cannot be used) or failed (it cannot be had).", "result"),
		deliveries: newDeliveryAccounts(),
		attempts:   vec("delivery_attempts_total", "Attempts to deliver.", "target", "result"),
		unheard:    vec("retry_after_unreadable_total", "Answers whose Retry-After is neither seconds nor a date, and was not heard.", "target"),
		spilled:    vec("backlog_stored_total", "Deliveries stored in the backlog.", "target"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "wye", Name: "delivery_attempt_seconds", Help: "How long attempts took.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2.5, 12),
		}, []string{"target"}),
	}
	reg.MustRegister(a.seconds, a.deliveries)
	return a
}

// ofRule are the counters of one rule. Those of a shadow rule are others, so that
// what is counted of a rule that goes live is what it delivered.
func (a *accounts) ofRule(r *rules.Rule) (matched, errors prometheus.Counter) {
	if r.Shadow() {
		return a.shadowMatched.WithLabelValues(r.Name), a.shadowErrors.WithLabelValues(r.Name)
	}
	return a.matched.WithLabelValues(r.Name), a.ruleErrors.WithLabelValues(r.Name)
}

// look counts a look at the source of the rules that found something else than
// before, or nothing.
func (a *accounts) look(err error) {
	var refused *RulesError
	var from *source.Error
	switch {
	case err == nil:
		a.reloads.WithLabelValues("ok").Inc()
		a.polls.WithLabelValues("loaded").Inc()
	case errors.As(err, &from) && !errors.As(err, &refused):
		a.polls.WithLabelValues("failed").Inc()
	default:
		a.reloads.WithLabelValues("refused").Inc()
		a.polls.WithLabelValues("refused").Inc()
	}
}

// laneAccount is the part of the counters that one target's deliveries raise.
type laneAccount struct {
	*deliveryAccount
	attemptOK, attemptBad, reject prometheus.Counter
	spilled, unheard              prometheus.Counter
	seconds                       prometheus.Observer
}

func (a *accounts) lane(target string) *laneAccount {
	return &laneAccount{
		deliveryAccount: a.deliveries.of(target),
		attemptOK:       a.attempts.WithLabelValues(target, "ok"),
		attemptBad:      a.attempts.WithLabelValues(target, "retry"),
		reject:          a.attempts.WithLabelValues(target, "failed"),
		spilled:         a.spilled.WithLabelValues(target),
		unheard:         a.unheard.WithLabelValues(target),
		seconds:         a.seconds.WithLabelValues(target),
	}
}

func (l *laneAccount) attempt(what lanes.Result, took time.Duration) {
	l.seconds.Observe(took.Seconds())
	switch what {
	case lanes.ResultOK:
		l.attemptOK.Inc()
	case lanes.ResultRetry:
		l.attemptBad.Inc()
	default:
		l.reject.Inc()
	}
}

// forget removes the series of a target that is gone.
func (a *accounts) forget(target string) {
	labels := prometheus.Labels{"target": target}
	a.deliveries.forget(target)
	a.attempts.DeletePartialMatch(labels)
	a.spilled.DeletePartialMatch(labels)
	a.unheard.DeletePartialMatch(labels)
	a.seconds.DeletePartialMatch(labels)
}

// gauges are read when somebody asks.
func (r *Router) gauges(reg *prometheus.Registry) {
	gauge := func(name, help string, f func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "wye", Name: name, Help: help}, f))
	}
	gauge("events_head_sequence", "Highest durable sequence of the archive.", func() float64 { return float64(r.bus.Durable()) })
	gauge("events_undecided", "Events that are durable and not decided yet.", func() float64 {
		read := r.read.Load() // first, so that it is never beyond what is durable
		return float64(r.bus.Durable() - read)
	})
	gauge("events_floor_sequence", "Sequence up to which every event is settled.", func() float64 {
		floor, _ := r.window.state()
		return float64(floor)
	})
	r.diskGauges(reg)
	reg.MustRegister(sourceGauges{r})
	reg.MustRegister(laneGauges{r})
}

var (
	waitingDesc = prometheus.NewDesc("wye_backlog_entries", "Deliveries that wait in a target's backlog.", []string{"target"}, nil)
	activeDesc  = prometheus.NewDesc("wye_deliveries_active", "Deliveries under way.", []string{"target"}, nil)
	pausedDesc  = prometheus.NewDesc("wye_target_paused", "1 where the target is paused until a person resumes it.", []string{"target"}, nil)
)

// laneGauges reports what waits and what is under way, by target.
type laneGauges struct{ r *Router }

func (g laneGauges) Describe(ch chan<- *prometheus.Desc) {
	ch <- waitingDesc
	ch <- activeDesc
	ch <- pausedDesc
}

func (g laneGauges) Collect(ch chan<- prometheus.Metric) {
	for _, l := range g.r.allLanes() {
		l.mu.Lock()
		waiting, active, paused := l.core.Waiting(), l.core.Active(), 0.
		if l.paused != nil {
			paused = 1
		}
		l.mu.Unlock()
		ch <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(waiting), l.name)
		ch <- prometheus.MustNewConstMetric(activeDesc, prometheus.GaugeValue, float64(active), l.name)
		ch <- prometheus.MustNewConstMetric(pausedDesc, prometheus.GaugeValue, paused, l.name)
	}
}
