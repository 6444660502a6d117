package routertest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/routertest"
)

// TestReloadKeepsUnchangedTargets changes one of two targets that both have a
// backlog: the other one keeps its consumer.
func TestReloadKeepsUnchangedTargets(t *testing.T) {
	same, changed, next := routertest.NewReceiver(t, routertest.Always(500)), routertest.NewReceiver(t, routertest.Always(500)), routertest.NewReceiver(t, routertest.Well)
	retry := "retry: {first: 10ms, max: 50ms, attempts: 1000}"
	url := otherServer(t) // on the embedded one only Wye itself sees the consumers
	w := routertest.Start(t, oneRule(to("same", same, retry), to("changed", changed, retry)), routertest.Options{Bus: bus.Config{URL: url}})
	ids := w.SendMany(t, "e", 30)
	w.Floored()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	created := func(target string) (at time.Time) {
		t.Helper()
		routertest.Until(t, target+" has a consumer", func() bool {
			c, err := js.Consumer(t.Context(), "WYE_BACKLOG", target)
			if err != nil {
				return false
			}
			at = c.CachedInfo().Created
			return true
		}, func() any { return "none" })
		return at
	}
	before := created("same")
	w.Loaded(oneRule(to("same", same, retry), to("changed", next, retry)))
	next.UntilTaken(30)
	next.Once(ids...)
	if after := created("same"); !after.Equal(before) {
		t.Errorf("the consumer of a target that did not change was made anew: %s, %s", before, after)
	}
	same.Answer(routertest.Well)
	same.UntilTaken(30)
	w.Settled()
	same.Once(ids...)
}

// TestReloadHealsWhatWaits corrects the URL of a target whose events wait for
// their next attempt: they do not wait for that any more.
func TestReloadHealsWhatWaits(t *testing.T) {
	bad, good := routertest.NewReceiver(t, routertest.Always(500)), routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", bad, seldom)))
	ids := w.SendMany(t, "e", 30)
	w.Floored()
	w.Loaded(oneRule(to("web", good, seldom)))
	good.UntilTaken(30)
	w.Settled()
	good.Once(ids...)
}

// TestReloadWhileDeliveriesAreUnderWay lets deliveries end with the target that
// they began with, though the rule and the target are gone by then.
func TestReloadWhileDeliveriesAreUnderWay(t *testing.T) {
	end := make(chan struct{})
	r, other := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: end} }), routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)))
	ids := w.SendMany(t, "e", 10)
	r.UntilOpen(10)
	w.Loaded(oneRule(to("other", other)))
	w.Send(t, routertest.Event{ID: "after"})
	other.UntilTaken(1)
	close(end)
	r.UntilTaken(10)
	w.Settled()
	r.Once(ids...)
	other.Once("after")
	if letters := w.Dead(""); len(letters) > 0 {
		t.Errorf("dead letters: %+v", letters)
	}
	w.Until("web", "is forgotten", func(s router.TargetStatus) bool { return s.Name == "" })
}

// TestRemovedTargetIsOrphaned removes a target with a backlog and deliveries
// under way that fail afterwards, and adds it again.
func TestRemovedTargetIsOrphaned(t *testing.T) {
	end := make(chan struct{})
	r, other := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply {
		return routertest.Reply{After: end, Status: 500}
	}), routertest.NewReceiver(t, routertest.Well)
	rules := oneRule(to("web", r, "concurrency: 4", seldom), to("other", other))
	w := routertest.Start(t, rules)
	w.SendMany(t, "e", 60)
	r.UntilOpen(4)
	w.Floored() // 56 are in the backlog, 4 are lent to it
	w.Loaded(oneRule(to("other", other)))
	close(end)
	letters := w.UntilDead("web", 60)
	for _, letter := range letters {
		if letter.Reason != router.ReasonOrphaned {
			t.Errorf("%+v", letter)
		}
	}
	w.Settled()
	w.Until("web", "is forgotten", func(s router.TargetStatus) bool { return s.Name == "" })
	other.UntilTaken(60)

	r.Answer(routertest.Well)
	w.Loaded(rules)
	w.Send(t, routertest.Event{ID: "again"})
	r.UntilTaken(1)
	w.Settled()
	r.Once("again")
}

func TestBadRulesAreRefused(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	rules := oneRule(to("web", r))
	w := routertest.Start(t, rules)
	before := w.Router.Rules()
	for name, bad := range map[string]string{
		"no yaml":          "version: 1\ntargets: [",
		"unknown target":   strings.Replace(rules, "to: [web]", "to: [wep]", 1),
		"condition":        strings.Replace(rules, "to: [web]", "to: [web], when: \"event.data.total >\"", 1),
		"unknown key":      rules + "more: 1\n",
		"secret not there": strings.Replace(rules, "url: ", `headers: {x-key: "${env:WYE_NO_SUCH_SECRET}"}, url: `, 1),
	} {
		t.Run(name, func(t *testing.T) {
			err := w.Reload(bad)
			if err == nil {
				t.Fatal("not refused")
			}
			var refused *router.RulesError
			if name != "secret not there" && (!errors.As(err, &refused) || len(refused.Problems) == 0) {
				t.Errorf("%v tells of no problems", err)
			}
			if now := w.Router.Rules(); now.Version != before.Version || !now.Loaded.Equal(before.Loaded) {
				t.Errorf("%+v is in force, not %+v", now, before)
			}
			w.Send(t, routertest.Event{ID: name})
		})
	}
	r.UntilTaken(5)
	w.Settled()
}

// TestReloadUnderLoad changes where everything goes while events come in: each
// event goes to one of the two.
func TestReloadUnderLoad(t *testing.T) {
	a, b := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	sets := []string{oneRule(to("a", a)), oneRule(to("b", b))}
	w := routertest.Start(t, sets[0])
	sent := make(chan []string)
	go func() { sent <- w.SendMany(t, "e", 2000) }()
	var ids []string
	for i := 1; ids == nil; i++ {
		if err := w.Reload(sets[i%2]); err != nil {
			t.Fatal(err)
		}
		taken := len(a.Taken()) + len(b.Taken())
		routertest.Until(t, "some more are taken", func() bool {
			select {
			case ids = <-sent:
				return true
			default:
				return len(a.Taken())+len(b.Taken()) > taken+20
			}
		}, func() any { return "nothing came" })
	}
	w.Settled()
	both := a.Taken()
	for id, n := range b.Taken() {
		both[id] += n
	}
	orphaned := map[string]int{}
	for _, letter := range w.Dead("") {
		orphaned[letter.EventID]++
	}
	for _, id := range ids {
		if both[id]+orphaned[id] != 1 {
			t.Errorf("%s: taken %d times, orphaned %d times", id, both[id], orphaned[id])
		}
	}
	t.Logf("%d to a, %d to b, %d orphaned", len(a.Taken()), len(b.Taken()), len(orphaned))
}

func TestWatch(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	first, second := oneRule(to("first", r)), oneRule(to("second", r))
	replace := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	cases := map[string]struct {
		path   func(dir string) string
		before func(t *testing.T, dir string)
		change func(t *testing.T, dir string)
	}{
		"written in place": {
			path:   func(dir string) string { return filepath.Join(dir, "rules.yaml") },
			before: func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "rules.yaml"), first) },
			change: func(t *testing.T, dir string) {
				if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte(second), 0o600); err != nil {
					t.Fatal(err)
				}
			},
		},
		"replaced by a rename": {
			path:   func(dir string) string { return filepath.Join(dir, "rules.yaml") },
			before: func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "rules.yaml"), first) },
			change: func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "rules.yaml"), second) },
		},
		"file of a ConfigMap": {
			path:   func(dir string) string { return filepath.Join(dir, "rules.yaml") },
			before: func(t *testing.T, dir string) { configMap(t, dir, "one", first) },
			change: func(t *testing.T, dir string) { configMap(t, dir, "two", second) },
		},
		"a directory below a directory": {
			path: func(dir string) string { return filepath.Join(dir, "rules", "...") },
			before: func(t *testing.T, dir string) {
				if err := os.MkdirAll(filepath.Join(dir, "rules", "team"), 0o700); err != nil {
					t.Fatal(err)
				}
				replace(t, filepath.Join(dir, "rules", "team", "rules.yaml"), first)
			},
			change: func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "rules", "team", "rules.yaml"), second) },
		},
		"a directory that comes below a directory": {
			path: func(dir string) string { return filepath.Join(dir, "rules", "...") },
			before: func(t *testing.T, dir string) {
				if err := os.MkdirAll(filepath.Join(dir, "rules"), 0o700); err != nil {
					t.Fatal(err)
				}
				replace(t, filepath.Join(dir, "rules", "rules.yaml"), first)
			},
			change: func(t *testing.T, dir string) {
				if err := os.MkdirAll(filepath.Join(dir, "team", "x"), 0o700); err != nil {
					t.Fatal(err)
				}
				replace(t, filepath.Join(dir, "team", "x", "rules.yaml"), "version: 1\n"+second[strings.Index(second, "targets:"):strings.Index(second, "rules:")])
				if err := os.Rename(filepath.Join(dir, "team"), filepath.Join(dir, "rules", "team")); err != nil {
					t.Fatal(err)
				}
			},
		},
		"tree of a ConfigMap": {
			path:   func(dir string) string { return filepath.Join(dir, "...") },
			before: func(t *testing.T, dir string) { configMap(t, dir, "one", first) },
			change: func(t *testing.T, dir string) { configMap(t, dir, "two", second) },
		},
		"directory of a ConfigMap": {
			path:   func(dir string) string { return dir },
			before: func(t *testing.T, dir string) { configMap(t, dir, "one", first) },
			change: func(t *testing.T, dir string) { configMap(t, dir, "two", second) },
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c.before(t, dir)
			w := routertest.Start(t, "", routertest.Options{RulesPath: c.path(dir)})
			watcher, err := router.Follow(w.Router, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer watcher.Close()
			c.change(t, dir)
			w.Until("second", "is in the rules", func(s router.TargetStatus) bool { return s.Kind == "http" })
		})
	}
}

// configMap does what a kubelet does to a mounted ConfigMap: a new directory,
// and one rename of the link ..data to it.
func configMap(t *testing.T, dir, version, text string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(filepath.Join(dir, "..v"+version), 0o700))
	must(os.WriteFile(filepath.Join(dir, "..v"+version, "rules.yaml"), []byte(text), 0o600))
	must(os.Symlink("..v"+version, filepath.Join(dir, "..data_tmp")))
	must(os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	link := filepath.Join(dir, "rules.yaml")
	if _, err := os.Lstat(link); errors.Is(err, os.ErrNotExist) {
		must(os.Symlink(filepath.Join("..data", "rules.yaml"), link))
	}
}

func withNATS() routertest.Options {
	return routertest.Options{Bus: bus.Config{Listen: "127.0.0.1:0"}}
}

// guest connects to Wye's NATS listener as any client would.
func guest(t *testing.T, w *routertest.Wye) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(fmt.Sprint("nats://", strings.TrimPrefix(w.Bus.Address(), "nats://")), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func jetStream(t *testing.T, w *routertest.Wye) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(guest(t, w))
	if err != nil {
		t.Fatal(err)
	}
	return js
}
