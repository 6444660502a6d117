package router

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// DiskStatus is the disk of the embedded store.
type DiskStatus struct {
	Dir         string    `json:"data"`
	Total       uint64    `json:"size_bytes"`
	Free        uint64    `json:"free_bytes"` // that this process may use
	Used        float64   `json:"used_percent"`
	RefuseBelow uint64    `json:"refused_below_bytes"` // free: nothing new is accepted
	Refusing    time.Time `json:"refusing_since,omitzero"`
	Wedged      time.Time `json:"wedged_since,omitzero"` // the store writes nothing at all
}

func (r *Router) diskStatus() *DiskStatus {
	d, ok := r.bus.Disk()
	if !ok {
		return nil
	}
	return &DiskStatus{Dir: d.Dir, Total: d.Total, Free: d.Free, Used: d.Used(), RefuseBelow: d.RefuseBelow, Refusing: d.Refusing, Wedged: d.Wedged}
}

// diskGauges reports what is free of the disk.
func (r *Router) diskGauges(reg *prometheus.Registry) {
	if _, ok := r.bus.Disk(); !ok {
		return
	}
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "wye", Name: "disk_free_bytes", Help: "What of the disk of the store is free for it.",
	}, func() float64 {
		d, _ := r.bus.Disk()
		return float64(d.Free)
	}))
}
