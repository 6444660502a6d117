package examples_test

import (
	"maps"
	"strings"
	"testing"
)

// TestWeek plays a week of a team whose rules are code: the repository of
// examples/gitops is served from Git by the real program, traffic is real, and
// every change goes the way that the example's README tells.
func TestWeek(t *testing.T) {
	if testing.Short() {
		t.Skip("starts programs")
	}
	t.Parallel()
	w := &week{repository: newRepository(t), t: t, packing: newReceiver(t), heavy: newReceiver(t)}
	w.edit("rules/orders/rules.yaml", "http://packing.orders/events", w.packing.url)
	w.git("commit", "-q", "-am", "Pack in the other hall")
	w.git("push", "-q", "origin", "main")
	w.shop = serveRepository(t, w.repository, "--git-poll=1s")

	first := w.monday()
	w.tuesday()
	merged, version := w.wednesday(first)
	w.thursday(merged)
	w.friday(merged, version)
}

// monday: the rules are served, events flow, and each delivery tells its commit.
func (w *week) monday() (traffic map[string]int) {
	commit := w.head()
	w.expect(0, []string{"rules/...", commit[:12], "True"}, "status")
	traffic = w.round("monday")
	if want := map[string]int{"orders-billing": 60, "orders-packing": 13, "payments-dunning": 6, "shared-history": 72}; !maps.Equal(traffic, want) {
		w.t.Fatalf("on Monday the targets got %v, want %v", traffic, want)
	}
	w.carry(w.packing, "monday", 13, commit)
	w.expect(0, []string{"delivered", commit[:12]}, "event", "show", "monday-order-30", "--source", "/shop")
	return traffic
}

// tuesday: a field is misspelt. It does not get far.
func (w *week) tuesday() {
	w.git("switch", "-q", "-c", "tuesday")
	w.edit("rules/orders/rules.yaml", "event.data.total > 100", "event.data.totl > 100")
	w.expect(1, []string{"rules/orders/rules.yaml:21:22: error WYE065", "no field \"totl\"", `did you mean "total"?`}, "check", "--schemas", "schemas", "rules/...")
	w.git("switch", "-q", "-f", "main")
}

// planned is what the test reads of a plan.
type planned struct {
	Differs bool
	Traffic struct{ Compared int }
	Rules   []struct {
		Name            string
		NewlyMatched    int `json:"newly_matched"`
		NoLongerMatched int `json:"no_longer_matched"`
	}
	Targets []struct {
		Name          string
		Before, After int
	}
}

// loads are how many deliveries each target got, and would have got.
func (p planned) loads() (before, after map[string]int) {
	before, after = map[string]int{}, map[string]int{}
	for _, t := range p.Targets {
		if t.Before > 0 {
			before[t.Name] = t.Before
		}
		if t.After > 0 {
			after[t.Name] = t.After
		}
	}
	return before, after
}

// wednesday: a change sends real traffic elsewhere. What the plan tells of it is
// what then happens.
func (w *week) wednesday(traffic map[string]int) (commit, version string) {
	w.git("switch", "-q", "-c", "wednesday")
	w.edit("rules/orders/rules.yaml", "event.data.total > 100 &&", "event.data.total > 50 && event.data.total <= 200 &&")
	w.edit("rules/orders/rules.yaml", "  orders-billing:\n    queue:", "  orders-heavy:\n    http: {url: \""+w.heavy.url+"\"}\n  orders-billing:\n    queue:")
	w.append("rules/orders/rules.yaml", `  orders-heavy:
    description: What one person cannot lift.
    on: com.example.order.placed
    when: event.data.total > 200 && event.data.items.exists(i, i.fragile)
    to: orders-heavy
`)
	w.git("commit", "-q", "-am", "Pack heavy orders elsewhere, and more of the others by hand")

	var p planned
	w.decode(1, &p, "plan", "main..wednesday", "--path", "rules/...", "--all", "--format", "json")
	before, after := p.loads()
	if p.Traffic.Compared != 72 || !p.Differs || !maps.Equal(before, traffic) {
		w.t.Fatalf("the plan is of %d events, and says that the targets got %v; they got %v", p.Traffic.Compared, before, traffic)
	}
	for _, r := range p.Rules {
		want := map[string][2]int{"orders-fragile": {3, 6}, "orders-heavy": {6, 0}}[r.Name]
		if got := [2]int{r.NewlyMatched, r.NoLongerMatched}; got != want {
			w.t.Errorf("the plan says that %s newly matches %d and no longer %d, want %v", r.Name, got[0], got[1], want)
		}
	}
	want := maps.Clone(traffic)
	want["orders-packing"], want["orders-heavy"] = 10, 6
	if !maps.Equal(after, want) {
		w.t.Fatalf("the plan says that the targets would have got %v, want %v", after, want)
	}

	w.git("switch", "-q", "main")
	w.git("merge", "-q", "--no-ff", "-m", "Merge wednesday", "wednesday")
	commit = w.push()
	s := w.await(commit)
	if !s.Ready {
		w.t.Fatalf("the merge is not in force: %s", s.Message)
	}
	if got := w.round("wednesday"); !maps.Equal(got, after) {
		w.t.Fatalf("the plan said %v, the targets got %v", after, got)
	}
	w.carry(w.packing, "wednesday", 10, commit)
	w.carry(w.heavy, "wednesday", 6, commit)
	return commit, s.Applied.Version
}

// thursday: a commit breaks the rules. Those in force stay, and it is told where
// it is broken, until it is mended.
func (w *week) thursday(merged string) {
	w.edit("rules/payments/rules.yaml", "event.data.attempt >= 3", "event.data.attempt >= ")
	w.git("commit", "-q", "--no-verify", "-am", "Break it")
	broken := w.push()
	if s := w.await(broken); s.Ready {
		w.t.Fatal("the broken commit is in force")
	}
	w.expect(1, []string{"False", "rules/payments/rules.yaml:14", merged[:12]}, "status")
	if got := w.round("thursday"); got["orders-packing"] != 10 {
		w.t.Errorf("under the rules that stayed the targets got %v", got)
	}
	w.carry(w.packing, "thursday", 10, merged)

	w.edit("rules/payments/rules.yaml", "event.data.attempt >= ", "event.data.attempt >= 2")
	w.git("commit", "-q", "-am", "Mend it: write after two attempts")
	mended := w.push()
	if s := w.await(mended); !s.Ready {
		w.t.Fatalf("the mended commit is not in force: %s", s.Message)
	}
	if got := w.round("mended"); got["payments-dunning"] != 9 {
		w.t.Errorf("under the mended rules the targets got %v", got)
	}
	w.carry(w.packing, "mended", 10, mended)
}

// friday: a rule is tried out in the shadow, and then all of it goes back to what
// was merged on Wednesday.
func (w *week) friday(merged, version string) {
	w.append("rules/orders/rules.yaml", `  orders-small:
    description: Tried out, before the hall gets them.
    on: com.example.order.placed
    when: event.data.total < 50
    to: orders-packing
    mode: shadow
`)
	w.git("commit", "-q", "-am", "Try small orders")
	if s := w.await(w.push()); !s.Ready {
		w.t.Fatalf("the shadow rule is not in force: %s", s.Message)
	}
	if got := w.round("friday"); got["orders-packing"] != 10 {
		w.t.Errorf("beside the shadow rule the targets got %v", got)
	}
	var all struct {
		Rules []struct {
			Name, State string
			Matched     int
		}
	}
	w.ask(w.t, "/api/v1/rules", &all)
	for _, r := range all.Rules {
		if r.Name == "orders-small" && (r.State != "shadow" || r.Matched != 10) {
			w.t.Errorf("the shadow rule is %+v", r)
		}
	}
	w.expect(0, []string{"orders-small"}, "event", "show", "friday-order-1", "--source", "/shop")

	w.git("revert", "--no-edit", merged+"..HEAD")
	back := w.push()
	s := w.await(back)
	if !s.Ready || contentOf(s.Applied.Version) != contentOf(version) {
		w.t.Fatalf("after the revert %s is in force, want the rules of %s: %s", s.Applied.Version, version, s.Message)
	}
	if got := w.round("evening"); got["orders-packing"] != 10 || got["payments-dunning"] != 6 {
		w.t.Errorf("after the revert the targets got %v", got)
	}
	w.carry(w.packing, "evening", 10, back)
	w.expect(0, []string{"The account balances."}, "audit")
}

// contentOf is the part of a version that tells the contents of the rules.
func contentOf(version string) string {
	content, _, _ := strings.Cut(version, "-")
	return content
}
