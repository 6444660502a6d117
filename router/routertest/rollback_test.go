package routertest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// noted is the history of a Wye, the newest first.
func noted(t *testing.T, w *routertest.Wye) []router.RulesetEntry {
	t.Helper()
	all, err := w.Router.Rulesets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func rolledBack(t *testing.T, w *routertest.Wye, to, reason string) *router.Rollback {
	t.Helper()
	done, err := w.Router.Rollback(t.Context(), to, reason)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func refusedFor(t *testing.T, err error, reason router.VersionReason) {
	t.Helper()
	refused := (*router.VersionError)(nil)
	if !errors.As(err, &refused) || refused.Reason != reason {
		t.Errorf("the error is %v, want %s", err, reason)
	}
}

// TestRollback goes back twice, over a restart, and to the source again.
func TestRollback(t *testing.T) {
	t.Parallel()
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, ruleNamed("first", to("web", r)))
	versions := map[string]string{"first": w.Router.Status().Version}
	for _, name := range []string{"second", "third"} {
		w.Loaded(ruleNamed(name, to("web", r)))
		versions[name] = w.Router.Status().Version
	}
	_, err := w.Router.Rollback(t.Context(), versions["third"], "")
	refusedFor(t, err, router.VersionInForce)

	done := rolledBack(t, w, "", "too many")
	if done.Version != versions["second"] || done.Was.Version != versions["third"] || !strings.Contains(done.Suspended.Reason, "too many") {
		t.Errorf("%+v", done)
	}
	sent := 0
	decides := func(rule string) {
		t.Helper()
		sent++
		w.Send(t, routertest.Event{ID: fmt.Sprint(sent)})
		w.Settled()
		got := w.Router.Rules().Rules
		if st := w.Router.Source(); got[0].Name != rule || st.Applied.Version != versions[rule] {
			t.Errorf("%s of %s is in force, want %s", got[0].Name, st.Applied.Version, rule)
		}
	}
	decides("second")

	// Neither a changed file nor a restart undoes it.
	err = w.Reload(ruleNamed("fourth", to("web", r)))
	if suspended := (*router.SuspendedError)(nil); !errors.As(err, &suspended) {
		t.Errorf("a reload says %v", err)
	}
	w.Restart()
	if s := w.Router.Suspended(); s == nil || s.Reason != done.Suspended.Reason {
		t.Errorf("after a restart it is suspended by %+v", s)
	}
	decides("second")

	rolledBack(t, w, "", "")
	decides("first")
	_, err = w.Router.Rollback(t.Context(), "", "")
	refusedFor(t, err, router.VersionNone)

	rolledBack(t, w, versions["third"][:6], "")
	decides("third")
	if err := w.Router.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	versions["fourth"] = w.Router.Status().Version
	decides("fourth")

	want := []struct {
		rule, how   string
		first, last uint64
	}{
		{"fourth", "loaded", 5, 0}, {"third", "rollback", 4, 4}, {"first", "rollback", 3, 3}, {"second", "rollback", 1, 2},
		{"third", "loaded", 0, 0}, {"second", "loaded", 0, 0}, {"first", "loaded", 0, 0},
	}
	for range 2 { // as it was noted, and as it was stored
		all := noted(t, w)
		for i, e := range all {
			if i >= len(want) || e.Version != versions[want[i].rule] || e.How != want[i].how || e.First != want[i].first || e.Last != want[i].last ||
				!e.Kept || e.InForce != (i == 0) || i > 0 && !e.Until.Equal(all[i-1].At) || e.Source != w.RulesPath() {
				t.Errorf("%d: %+v", i, e)
			}
		}
		if len(all) != len(want) || all[3].Reason != "too many" {
			t.Errorf("%d entries, reason %q", len(all), all[3].Reason)
		}
		w.Restart()
	}
}

// TestRollbackRefused goes back to rules that cannot be used any more: nothing
// changes.
func TestRollbackRefused(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	t.Setenv("WYE_ROLLBACK_KEY", "k")
	w := routertest.Start(t, ruleNamed("first", `web: {http: {url: "`+r.URL()+`", headers: {x-a: "${env:WYE_ROLLBACK_KEY}"}}}`))
	first := w.Router.Status().Version
	w.Loaded(ruleNamed("second", to("web", r)))
	second := w.Router.Status().Version
	t.Setenv("WYE_ROLLBACK_KEY", "")
	if _, err := w.Router.Rollback(t.Context(), "", ""); err == nil || !strings.Contains(err.Error(), "target web") {
		t.Errorf("going back to a target without its secret: %v", err)
	}
	if err := w.Bus.Forget(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	_, err := w.Router.Rollback(t.Context(), "", "")
	refusedFor(t, err, router.VersionNotKept)
	if got := w.Router.Status().Version; got != second || w.Router.Suspended() != nil {
		t.Errorf("%s is in force, suspended by %+v", got, w.Router.Suspended())
	}
	if all := noted(t, w); len(all) != 2 || all[1].Kept {
		t.Errorf("%+v", all)
	}
	w.Loaded(ruleNamed("third", to("web", r)))
}

// TestRollbackOverKill kills Wye right after it said that it went back.
func TestRollbackOverKill(t *testing.T) {
	t.Parallel()
	r := routertest.NewReceiver(t, routertest.Well)
	p := routertest.NewProcess(t, routertest.Build(t), ruleNamed("first", to("web", r)), t.TempDir())
	p.Start()
	first := p.Status().Version
	p.Reload(ruleNamed("second", to("web", r)))
	var done router.Rollback
	if status, body := p.PostAdmin("/api/v1/rules/rollback", `{"reason": "x"}`); status != http.StatusOK || json.Unmarshal(body, &done) != nil || done.Version != first {
		t.Fatalf("%d %s", status, body)
	}
	p.Kill()
	p.Start()
	if got := p.Status().Version; got != first {
		t.Errorf("%s is in force, want %s", got, first)
	}
	if status := p.TryReload(ruleNamed("third", to("web", r))); status != http.StatusConflict {
		t.Errorf("a reload answers %d", status)
	}
}
