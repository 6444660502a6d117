package routertest_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/routertest"
)

// TestSilentServers holds back what the NATS servers say for longer than a read
// of the backlog waits, while a backlog is read: what the servers had handed out
// by then must not wait for them to take it back.
func TestSilentServers(t *testing.T) {
	t.Parallel() // it mostly waits
	const silence = 2500 * time.Millisecond
	servers := newSilencer(t, strings.TrimPrefix(otherServer(t), "nats://"))
	r := routertest.NewReceiver(t, routertest.Well)
	r.Down()
	w := routertest.Start(t, oneRule(to("web", r, "retry: {first: 1ms, max: 20ms, attempts: 1000}")),
		routertest.Options{Bus: bus.Config{URL: "nats://" + servers.addr}})
	ids := w.SendMany(t, "e", 50)
	w.Until("web", "has a backlog", func(s router.TargetStatus) bool { return s.Waiting == 50 })
	servers.silence()
	r.Up()
	<-time.After(silence)
	servers.speak()
	r.UntilTaken(50)
	w.Settled()
	if taken := r.Taken(); len(taken) != len(ids) {
		t.Errorf("%d of %d events were taken", len(taken), len(ids))
	}
}

// silencer passes bytes between clients and a server, and can hold back those
// of the server.
type silencer struct {
	addr  string
	mu    sync.Mutex
	quiet bool
	spoke *sync.Cond
}

func newSilencer(t *testing.T, to string) *silencer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &silencer{addr: l.Addr().String()}
	s.spoke = sync.NewCond(&s.mu)
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				return
			}
			go func() {
				defer server.Close()
				io.Copy(server, client)
			}()
			go func() {
				defer client.Close()
				s.pass(client, server)
			}()
		}
	}()
	return s
}

func (s *silencer) pass(to io.Writer, from io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		s.mu.Lock()
		for s.quiet {
			s.spoke.Wait()
		}
		s.mu.Unlock()
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (s *silencer) silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quiet = true
}

func (s *silencer) speak() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quiet = false
	s.spoke.Broadcast()
}
