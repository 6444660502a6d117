package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// startup is how long Wye may take until it is ready.
const startup = 20 * time.Second

// UntilReady asks a Wye until it answers 200.
func (p *Process) UntilReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startup, fmt.Errorf("not ready after %v", startup))
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !ready(ctx, url) {
		select {
		case <-again.C:
		case <-p.ended:
			return p.Broken(errors.New("it ended"))
		case <-ctx.Done():
			return p.Broken(context.Cause(ctx))
		}
	}
	return nil
}

func ready(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// FreeAddrs finds ports that nobody listens on. Somebody else could take one
// before Wye does; then Wye says so and the benchmark ends.
func FreeAddrs(n int) (addrs []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // after all are chosen, so that no two are the same
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}
