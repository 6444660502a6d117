package router

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/wye-events/wye/rules"
)

var (
	sourceReadyDesc     = prometheus.NewDesc("wye_rules_source_ready", "1 where what the source of the rules has is in force, and changes of it will be.", nil, nil)
	sourceSuspendedDesc = prometheus.NewDesc("wye_rules_source_suspended", "1 where the source of the rules is suspended by a person.", nil, nil)
	sourceGoodDesc      = prometheus.NewDesc("wye_rules_last_success_timestamp_seconds", "When a look at the source last found what is in force, or brought it there.", nil, nil)
	rulesInfoDesc       = prometheus.NewDesc("wye_rules_info", "1, for the rule set in force.", []string{"version", "commit"}, nil)
)

// sourceGauges reports which rule set is in force and how its source is.
type sourceGauges struct{ r *Router }

func (g sourceGauges) Describe(ch chan<- *prometheus.Desc) {
	ch <- sourceReadyDesc
	ch <- sourceSuspendedDesc
	ch <- sourceGoodDesc
	ch <- rulesInfoDesc
}

func (g sourceGauges) Collect(ch chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	st := g.r.Source()
	gauge(sourceReadyDesc, oneIf(st.Ready))
	gauge(sourceSuspendedDesc, oneIf(st.Suspended != nil))
	g.r.sourcing.mu.Lock()
	good := g.r.sourcing.lastGood
	g.r.sourcing.mu.Unlock()
	if !good.IsZero() {
		gauge(sourceGoodDesc, float64(good.UnixMilli())/1000)
	}
	version := g.r.version()
	gauge(rulesInfoDesc, 1, version, rules.CommitOf(version))
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
