package router

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wye-events/wye/router/bus"
)

// outcomesOf are the outcomes of deliveries, in the order of deliveryAccount.ended.
var outcomesOf = [...]outcome{outcomeDelivered, outcomeDead, outcomeExpired, outcomeDropped}

// deliveryAccount counts the deliveries to one target since the start:
//
//	expected = delivered + dead-lettered + expired + dropped + merged + pending
//
// Each is raised once for a delivery: expected where it begins (an event was
// matched; a letter was put into the backlog; it was found in the backlog at the
// start), and the outcomes where it has ended. merged are those that began
// although they were there already: a crash let their event be read again, and
// they, too, were to wait in the backlog in which they were found.
type deliveryAccount struct {
	expected, merged atomic.Uint64
	ended            [len(outcomesOf)]atomic.Uint64
}

// outcome counts a delivery that has ended.
func (a *deliveryAccount) outcome(o outcome) {
	for i, known := range outcomesOf {
		if o == known {
			a.ended[i].Add(1)
		}
	}
}

// has is how many deliveries have ended so.
func (a *deliveryAccount) has(o outcome) (n uint64) {
	for i, known := range outcomesOf {
		if o == known {
			n = a.ended[i].Load()
		}
	}
	return n
}

// into counts a delivery that was put into the backlog.
func (a *deliveryAccount) into(r bus.Receipt) {
	if r.Duplicate {
		a.merged.Add(1)
	}
}

// deliveryAccounts are the metrics of all targets. What one look at them gives
// belongs together: the sum holds in it.
type deliveryAccounts struct {
	mu sync.Mutex
	by map[string]*deliveryAccount
}

func newDeliveryAccounts() *deliveryAccounts {
	return &deliveryAccounts{by: map[string]*deliveryAccount{}}
}

func (d *deliveryAccounts) of(target string) *deliveryAccount {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.by[target] == nil {
		d.by[target] = &deliveryAccount{}
	}
	return d.by[target]
}

func (d *deliveryAccounts) forget(target string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.by, target)
}

var (
	endedDesc    = prometheus.NewDesc("wye_deliveries_total", "Deliveries by how they ended, since the start.", []string{"target", "outcome"}, nil)
	expectedDesc = prometheus.NewDesc("wye_deliveries_expected_total",
		"Deliveries that there must be since the start, those found in the backlog then among them: expected = those that ended + merged + pending.", []string{"target"}, nil)
	mergedDesc = prometheus.NewDesc("wye_deliveries_merged_total",
		"Deliveries that began again after a crash and are one with an entry of the backlog.", []string{"target"}, nil)
	pendingDesc = prometheus.NewDesc("wye_deliveries_pending",
		"Deliveries that have not ended: they wait in the backlog, or are under way.", []string{"target"}, nil)
)

// Describe implements [prometheus.Collector].
func (d *deliveryAccounts) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{endedDesc, expectedDesc, mergedDesc, pendingDesc} {
		ch <- desc
	}
}

// Collect implements [prometheus.Collector]. What has ended is read before what
// is expected, so that nothing has ended that is not.
func (d *deliveryAccounts) Collect(ch chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for target, a := range d.by {
		counter := func(desc *prometheus.Desc, n uint64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), labels...)
		}
		gone := a.merged.Load()
		counter(mergedDesc, gone, target)
		for i, o := range outcomesOf {
			n := a.ended[i].Load()
			gone += n
			counter(endedDesc, n, target, string(o))
		}
		expected := a.expected.Load()
		counter(expectedDesc, expected, target)
		ch <- prometheus.MustNewConstMetric(pendingDesc, prometheus.GaugeValue, float64(expected)-float64(gone), target)
	}
}
