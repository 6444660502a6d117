package bench

import (
	"cmp"
	"context"
	"os"
	"path/filepath"

	"github.com/wye-events/wye/cmd/wye/bench/process"
)

// nobody is a target that no event goes to, in rows without a sink.
const nobody = "http://127.0.0.1:9/"

// wye is a router that is the real program, with a durability.
func wye(sync string) router {
	return func(ctx context.Context, s *stage) (*process.Process, string, error) {
		addrs, err := process.FreeAddrs(3)
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
		p, err := process.Start(ctx, "wye serve", append([]string{s.cfg.Binary, "serve"}, flags...)...)
		if err != nil {
			return nil, "", err
		}
		s.admin = "http://" + addrs[1]
		if err := p.UntilReady(ctx, s.admin+"/-/ready"); err != nil {
			p.Stop()
			return nil, "", err
		}
		return p, addrs[0], nil
	}
}
