package routertest

import (
	"io"
	"net"
	"net/http"
	"time"
)

// Arrival is one request that a receiver got.
type Arrival struct {
	ID         string // of the event
	DeliveryID string
	Rules      string // the version of the rule set
	Attempt    int
	Nth        int // how often this event has come, 1 for the first
	At         time.Time
	Header     http.Header
	Body       []byte
}

// Reply is how a receiver answers.
type Reply struct {
	Status     int // default 200
	RetryAfter string
	Location   string
	Body       string
	// After holds the answer back until it is closed, or until the sender is
	// gone: then there is none.
	After <-chan struct{}
	// Reset breaks the connection instead of answering. With a status of 2xx the
	// event is taken all the same: the answer was lost on its way.
	Reset bool
	// Drip sends the status at once and then, for as long as the sender stays,
	// one byte of an endless body in every such time.
	Drip time.Duration
}

// Script says how a receiver answers. It is called from many goroutines.
type Script func(Arrival) Reply

// Well takes everything.
func Well(Arrival) Reply { return Reply{} }

// Always answers everything with one status.
func Always(status int) Script { return func(Arrival) Reply { return Reply{Status: status} } }

// takes tells whether the receiver has the event once it has so answered.
func (r Reply) takes() bool {
	switch {
	case r.Drip > 0:
		return false // there is no end of the answer
	case r.Reset:
		return r.Status/100 == 2
	}
	return r.Status < 300
}

// write answers, until over at the latest.
func (r Reply) write(w http.ResponseWriter, over <-chan struct{}) {
	if r.Reset {
		reset(w)
		return
	}
	for name, value := range map[string]string{"Retry-After": r.RetryAfter, "Location": r.Location} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	w.WriteHeader(r.Status)
	io.WriteString(w, r.Body)
	if r.Drip > 0 {
		drip(w, r.Drip, over)
	}
}

// reset ends the connection so that the other side learns nothing but that it
// is broken.
func reset(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}

func drip(w http.ResponseWriter, every time.Duration, over <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
		}
		if _, err := io.WriteString(w, "."); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
	}
}
