package deliverybench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wye-events/wye/cmd/wye/bench/load"
	"github.com/wye-events/wye/cmd/wye/bench/process"
)

// stage is a Wye that runs, and what is around it.
type stage struct {
	cfg    Config
	scene  scene
	dir    string
	wye    *process.Process
	ingest string // address
	admin  string // URL

	ledger   *ledger
	receiver *receiver
	end      []func() // backwards, when it is over
	last     uint64   // number of an event
	sent     uint64   // events that were accepted
}

// set starts the receiver, and Wye with the rules for it. Strike must follow,
// whatever is returned.
func set(ctx context.Context, cfg Config, s scene) (*stage, error) {
	st, err := prepare(cfg, s)
	if err != nil {
		return st, err
	}
	nats, err := st.start(ctx, s.ruleFile(st.receiver.url()))
	if err != nil || s.subject() == "" {
		return st, err
	}
	return st, st.subscribe(nats)
}

// subscribe has what is put on the scene's subject arrive.
func (st *stage) subscribe(addr string) error {
	unsubscribe, err := subscribe(addr, st.scene.subject(), st.ledger)
	if err == nil {
		st.end = append(st.end, unsubscribe)
	}
	return err
}

// prepare has everything but Wye.
func prepare(cfg Config, s scene) (*stage, error) {
	st := &stage{cfg: cfg, scene: s, ledger: newLedger(s.matches)}
	var err error
	if st.dir, err = os.MkdirTemp(cfg.Dir, "wye-bench-"); err != nil {
		return st, err
	}
	st.end = append(st.end, func() { _ = os.RemoveAll(st.dir) })
	st.receiver, err = st.receive(st.ledger)
	return st, err
}

// receive starts a receiver.
func (st *stage) receive(into *ledger) (*receiver, error) {
	r := &receiver{ledger: into}
	err := r.up()
	st.end = append(st.end, r.down)
	return r, err
}

// start starts Wye, and tells where its NATS server listens.
func (st *stage) start(ctx context.Context, ruleFile string) (nats string, err error) {
	addrs, err := process.FreeAddrs(3)
	if err != nil {
		return "", err
	}
	rules := filepath.Join(st.dir, "rules.yaml")
	if err := os.WriteFile(rules, []byte(ruleFile), 0o600); err != nil {
		return "", err
	}
	st.wye, err = process.Start(ctx, "wye serve", st.cfg.Binary, "serve", "--rules", rules,
		"--data", filepath.Join(st.dir, "data"), "--http", addrs[0], "--admin", addrs[1], "--nats", addrs[2])
	if err != nil {
		return "", err
	}
	st.end = append(st.end, st.wye.Stop)
	st.ingest, st.admin = addrs[0], "http://"+addrs[1]
	return addrs[2], st.wye.UntilReady(ctx, st.admin+"/-/ready")
}

// strike ends everything.
func (st *stage) strike() {
	for i := len(st.end) - 1; i >= 0; i-- {
		st.end[i]()
	}
}

// load starts to send events: at a rate, or, at the rate 0, as many as go.
func (st *stage) load(ctx context.Context, rate float64) (*load.Generator, error) {
	cfg := load.Config{
		Addr: st.ingest, Size: st.cfg.Size, Connections: st.cfg.Connections, Rate: rate, After: st.last,
		About: st.scene.about, Accepted: st.ledger.accept,
	}
	if rate == 0 {
		st.ledger.allow(st.scene.underWay())
		cfg.Credits = st.ledger.credits
	}
	g, err := load.Start(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("load Wye: %w", err)
	}
	return g, nil
}
