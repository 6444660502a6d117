// Package baseline holds what Wye is measured against, written as a competent
// user would write it, with net/http and nothing by Wye.
//
//   - [Loop] is what one would write instead of Wye: an HTTP handler, a
//     JetStream stream, workers, CEL rules, an HTTP client. Sixty lines, no
//     fsync, no retries worth the name, no dead letters, no explanation.
//   - [Null] is the same HTTP in and out and nothing between: what any router
//     with a store can only come close to.
//   - [Accept] is a bare HTTP server: what any ingest can only come close to.
package baseline

import (
	"net/http"
	"strings"
	"time"
)

// poster is a client for one receiver that keeps its connections.
func poster(connections int) *http.Client {
	return &http.Client{
		Timeout: 15 * time.Second,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: connections,
			MaxConnsPerHost:     connections,
			DisableCompression:  true,
		},
	}
}

// attributes are the headers that carry a CloudEvent in binary mode.
func attributes(from http.Header) http.Header {
	to := make(http.Header, 8)
	for name, values := range from {
		if name == "Content-Type" || strings.HasPrefix(name, "Ce-") {
			to[name] = values
		}
	}
	return to
}

// accepted is an answer like Wye's.
func accepted(w http.ResponseWriter, id string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write([]byte(`{"id":"` + id + `","source":"/bench","sequence":1,"duplicate":false}`))
}
