package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// startup is how long Wye may take until it is ready.
const startup = 20 * time.Second

// nobody is a target that no event goes to, in rows without a sink.
const nobody = "http://127.0.0.1:9/"

// wye is a router that is the real program, with a durability.
func wye(sync string) router {
	return func(ctx context.Context, s *stage) (*process, string, error) {
		addrs, err := freeAddrs(3)
		if err != nil {
			return nil, "", err
		}
		rules := filepath.Join(s.dir, "rules.yaml")
		if err := os.WriteFile(rules, []byte(ruleFile(cmp.Or(s.sink, nobody))), 0o600); err != nil {
			return nil, "", err
		}
		flags := []string{
			"--rules", rules, "--data", filepath.Join(s.dir, "data"), "--sync", sync,
			"--http", addrs[0], "--admin", addrs[1], "--nats", addrs[2],
		}
		if s.cfg.Profile != "" {
			flags = append(flags, "--pprof")
		}
		p, err := start(ctx, "wye serve", nil, append([]string{s.cfg.Binary, "serve"}, flags...)...)
		if err != nil {
			return nil, "", err
		}
		s.admin = "http://" + addrs[1]
		if err := p.untilReady(ctx, s.admin+"/-/ready"); err != nil {
			p.stop()
			return nil, "", err
		}
		return p, addrs[0], nil
	}
}

// untilReady asks until the answer is 200.
func (p *process) untilReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startup, fmt.Errorf("not ready after %v", startup))
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !ready(ctx, url) {
		select {
		case <-again.C:
		case <-p.ended:
			return p.broken(errors.New("it ended"))
		case <-ctx.Done():
			return p.broken(context.Cause(ctx))
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

// freeAddrs finds ports that nobody listens on. Somebody else could take one
// before Wye does; then Wye says so and the benchmark ends.
func freeAddrs(n int) (addrs []string, err error) {
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
