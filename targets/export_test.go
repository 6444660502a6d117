package targets

import (
	"context"
	"time"
)

// ByTransport makes a target go through net/http's transport in clear text too,
// to compare.
func ByTransport(to Target) Target {
	t := httpOf(to)
	creds := *t.credentials.Load()
	creds.wire = nil
	t.credentials.Store(&creds)
	return to
}

func httpOf(to Target) *httpTarget {
	if b, ok := to.(httpBatcher); ok {
		return b.httpTarget
	}
	return to.(*httpTarget)
}

// Resting changes how long a connection may be at rest.
func Resting(to Target, rest time.Duration) Target {
	to.(*httpTarget).pool.rest = rest
	return to
}

// AwaitQueue returns when so many deliveries wait for a connection. Waiting is
// no event that one could wait for, so it looks again and again.
func AwaitQueue(to Target, n int) {
	p := to.(*httpTarget).pool
	for tick := time.Tick(time.Millisecond); ; <-tick {
		p.mu.Lock()
		waiting := len(p.waiting)
		p.mu.Unlock()
		if waiting == n {
			return
		}
	}
}

// TakeAll leaves no connection free until it is called off.
func TakeAll(to Target) (free func()) {
	p := to.(*httpTarget).pool
	for range p.limit {
		p.acquire(context.Background(), time.Now())
	}
	return func() {
		for range p.limit {
			p.release(nil)
		}
	}
}

// IsOwn says that a target's requests go over connections of its own.
func IsOwn(to Target) bool { return to.(*httpTarget).credentials.Load().wire != nil }

// TimeoutOf is how long one attempt may take.
func TimeoutOf(to Target) time.Duration { return httpOf(to).cfg.Timeout }
