package routertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/source"
)

// Options say how a Wye differs from the usual. The zero value of a field
// means its default.
type Options struct {
	Dir       string         // of the store; default a temporary one
	RulesPath string         // or an address of Git; default a file in a temporary directory, written from the text
	Source    source.Options // of Git
	Bus       bus.Config     // Dir and Log are set here
	Grace     time.Duration  // of a stop; default Patience
	MaxEvent  int            // default 1 MiB
}

// Wye is a running router, with its bus and its ingest over HTTP.
type Wye struct {
	*Publisher
	Router *router.Router
	Bus    *bus.Bus

	t     testing.TB
	opts  Options
	log   *tailLog
	http  *httptest.Server
	ended bool
}

// Start starts a Wye with these rules. It ends with the test.
func Start(t testing.TB, rulesYAML string, opts ...Options) *Wye {
	t.Helper()
	w := &Wye{t: t, log: newTailLog(t, "Wye")}
	if len(opts) > 0 {
		w.opts = opts[0]
	}
	w.defaults()
	if rulesYAML != "" {
		w.WriteRules(rulesYAML)
	}
	w.start()
	t.Cleanup(func() { w.Stop(w.opts.Grace) })
	return w
}

func (w *Wye) defaults() {
	if w.opts.Dir == "" {
		w.opts.Dir = w.t.TempDir()
	}
	if w.opts.RulesPath == "" {
		w.opts.RulesPath = filepath.Join(w.t.TempDir(), "rules.yaml")
	}
	if w.opts.Grace == 0 {
		w.opts.Grace = Patience
	}
	if w.opts.MaxEvent == 0 {
		w.opts.MaxEvent = 1 << 20
	}
	w.opts.Bus.Dir = w.opts.Dir
	w.opts.Bus.MaxMessage = w.opts.MaxEvent
	w.opts.Bus.Log = w.log.logger()
}

func (w *Wye) start() {
	w.t.Helper()
	var err error
	if w.Bus, err = bus.Open(w.t.Context(), w.opts.Bus); err != nil {
		w.t.Fatal("open the bus: ", err)
	}
	w.Router, err = router.Start(w.t.Context(), router.Config{Bus: w.Bus, Rules: w.opts.RulesPath, Source: w.opts.Source, Log: w.opts.Bus.Log})
	if err != nil {
		w.Bus.Close()
		w.t.Fatal("start the router: ", err)
	}
	w.http = httptest.NewServer(api.Ingest(w.Router, int64(w.opts.MaxEvent)))
	w.Publisher = NewPublisher(w.http.URL)
	w.ended = false
}

// Stop stops Wye as `wye serve` does on SIGTERM, the deliveries within grace.
// It may come twice.
func (w *Wye) Stop(grace time.Duration) {
	if w.ended {
		return
	}
	w.ended = true
	w.http.Close()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	w.Router.Stop(ctx)
	w.Bus.Close()
}

// Restart stops Wye and starts it on the same directory.
func (w *Wye) Restart() {
	w.t.Helper()
	w.Stop(w.opts.Grace)
	w.start()
}

// Start starts a Wye that was stopped again, on the same directory.
func (w *Wye) Start() {
	w.t.Helper()
	w.start()
}

// WriteRules replaces the rule file without loading it.
func (w *Wye) WriteRules(text string) {
	w.t.Helper()
	if err := os.WriteFile(w.opts.RulesPath, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// Reload replaces the rule file and loads it.
func (w *Wye) Reload(text string) error {
	w.t.Helper()
	w.WriteRules(text)
	return w.Router.Reload(w.t.Context())
}

// Loaded is Reload of rules that must be good.
func (w *Wye) Loaded(text string) {
	w.t.Helper()
	if err := w.Reload(text); err != nil {
		w.t.Fatal("the rules were refused: ", err)
	}
}

// RulesPath is where the rules are.
func (w *Wye) RulesPath() string { return w.opts.RulesPath }

// Log is the end of what was logged.
func (w *Wye) Log() string { return w.log.String() }

// Target is the state of one target; that of a target which is not known has no name.
func (w *Wye) Target(name string) router.TargetStatus {
	return oneTarget(w.Router.Targets(), name)
}

func oneTarget(all []router.TargetStatus, name string) router.TargetStatus {
	if i := slices.IndexFunc(all, func(s router.TargetStatus) bool { return s.Name == name }); i >= 0 {
		return all[i]
	}
	return router.TargetStatus{}
}

// Until waits until the target is as asked for.
func (w *Wye) Until(target, what string, done func(router.TargetStatus) bool) {
	w.t.Helper()
	Until(w.t, target+" "+what, func() bool { return done(w.Target(target)) }, func() any { return w.Target(target) })
}

// Settled waits until every accepted event is settled and nothing waits or is
// under way.
func (w *Wye) Settled() {
	w.t.Helper()
	Until(w.t, "everything is settled", func() bool {
		s := w.Router.Status()
		if s.Floor != s.Head {
			return false
		}
		return !slices.ContainsFunc(w.Router.Targets(), func(t router.TargetStatus) bool { return t.Waiting > 0 || t.Active > 0 })
	}, func() any { return []any{w.Router.Status(), w.Router.Targets()} })
}

// Floored waits until every accepted event is settled: delivered, dead, or
// durable in a backlog.
func (w *Wye) Floored() {
	w.t.Helper()
	Until(w.t, "the floor reaches the head", func() bool {
		s := w.Router.Status()
		return s.Floor == s.Head
	}, func() any { return []any{w.Router.Status(), w.Router.Targets()} })
}

// Dead are the dead letters of a target, or ("") all.
func (w *Wye) Dead(target string) []router.DeadLetter {
	w.t.Helper()
	letters, _, err := w.Router.DeadLetters(w.t.Context(), target, 1, 10000)
	if err != nil {
		w.t.Fatal("read the dead letters: ", err)
	}
	return letters
}

// UntilDead waits until a target has n dead letters and gives them.
func (w *Wye) UntilDead(target string, n int) (letters []router.DeadLetter) {
	w.t.Helper()
	Until(w.t, "dead letters of "+target, func() bool {
		letters = w.Dead(target)
		return len(letters) >= n
	}, func() any { return []any{len(letters), w.Router.Targets()} })
	if len(letters) > n {
		w.t.Fatalf("%s has %d dead letters, want %d: %+v", target, len(letters), n, letters)
	}
	return letters
}

// Backlog counts what waits for a target, as the store says.
func (w *Wye) Backlog(target string) int {
	w.t.Helper()
	counts, err := w.Bus.Waiting(w.t.Context())
	if err != nil {
		w.t.Fatal("count the backlog: ", err)
	}
	return int(counts[target])
}

var client = &http.Client{
	Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64},
	Timeout:   Patience,
}

// OpenBus opens the bus of a Wye that was stopped, for another start on it.
func (w *Wye) OpenBus() *bus.Bus {
	w.t.Helper()
	b, err := bus.Open(w.t.Context(), w.opts.Bus)
	if err != nil {
		w.t.Fatal("open the bus: ", err)
	}
	return b
}
