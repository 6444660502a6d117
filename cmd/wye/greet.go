package main

import (
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/bus"
)

// greet says the three things that matter after a start: where to send, a
// command to paste, and what will happen then.
func greet(w io.Writer, f serveFlags, r *router.Router, b *bus.Bus, s *servers) {
	url := "http://" + reachable(s.ingestAddr.Addr()) + "/events"
	also := ""
	if addr := b.Address(); addr != "" {
		also = ", or by NATS on wye.in at " + strings.TrimPrefix(addr, "nats://")
	}
	sample := r.Sample()
	fmt.Fprintf(w, "Send   CloudEvents by POST to %s%s\n", url, also)
	fmt.Fprintf(w, "Try    curl %s -H 'ce-specversion: 1.0' -H 'ce-type: %s' -H 'ce-source: /try' -H \"ce-id: $RANDOM\" -H 'content-type: application/json' -d '%s'\n",
		url, sample.Type, sample.Data)
	fmt.Fprintf(w, "Then   %s. See http://%s/api/v1/targets\n", sample.Then, reachable(s.adminAddr.Addr()))
	if b.Sync() == bus.SyncRelaxed && !b.Remote() {
		fmt.Fprintln(w, "Note   --sync relaxed: an accepted event is in memory only; a power cut can lose the last two minutes")
	}
}

// reachable is an address that a client on this machine can use.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
