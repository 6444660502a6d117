package faults

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/wye-events/wye/router/routertest"
	"github.com/wye-events/wye/rules"
)

// TestReloads loads rule sets again and again under load, every second one
// invalid.
func TestReloads(t *testing.T) {
	s := newStorm(t, binary(t), 1000)
	s.run(300, 20, func() { s.a.UntilTaken(len(s.a.Taken()) + 30) })
}

// TestReloadsFromGit does so with commits of a repository.
func TestReloadsFromGit(t *testing.T) {
	s := newGitStorm(t, binary(t), 200)
	s.run(200, 10, func() { s.a.UntilTaken(len(s.a.Taken()) + 20) })
}

// TestLongReloads does so for ten minutes, with ten times the rules, at half of
// what the machine manages.
func TestLongReloads(t *testing.T) {
	if !routertest.Long() {
		t.Skip("takes ten minutes; set WYE_LONG=1")
	}
	s := newStorm(t, plain(t), 10_000)
	s.run(s.capacity()/2, 100, func() { <-time.After(6 * time.Second) })
}

// storm is a Wye whose rules are reloaded under load. Every event goes to two
// targets by two rules, whose names tell of which rule set they are.
type storm struct {
	t     *testing.T
	p     *routertest.Process
	a, b  *routertest.Receiver
	size  int // rules
	valid map[int]bool
	repo  *git.Worktree  // where the rules are; nil for a file
	from  map[int]string // the commit of each rule set, where they are in Git
}

func newStorm(t *testing.T, binary string, size int) *storm {
	s := &storm{
		t: t, size: size, valid: map[int]bool{0: true},
		a: routertest.NewReceiver(t, routertest.Well).Brief(), b: routertest.NewReceiver(t, routertest.Well).Brief(),
	}
	s.p = routertest.NewProcess(t, binary, s.rules(0), t.TempDir())
	s.p.Start()
	return s
}

// newGitStorm is a storm of commits.
func newGitStorm(t *testing.T, binary string, size int) *storm {
	t.Helper()
	s := &storm{
		t: t, size: size, valid: map[int]bool{0: true}, from: map[int]string{},
		a: routertest.NewReceiver(t, routertest.Well).Brief(), b: routertest.NewReceiver(t, routertest.Well).Brief(),
	}
	dir := filepath.Join(t.TempDir(), "repo")
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: "refs/heads/main"}})
	if err != nil {
		t.Fatal(err)
	}
	if s.repo, err = repo.Worktree(); err != nil {
		t.Fatal(err)
	}
	s.commit(0, s.rules(0))
	s.p = routertest.NewProcess(t, binary, "", t.TempDir(), "--rules", "git+file://"+dir+"#main", "--git-poll", "1h")
	s.p.Start()
	return s
}

// commit commits the n-th rule set.
func (s *storm) commit(n int, text string) {
	s.t.Helper()
	err := os.WriteFile(filepath.Join(s.repo.Filesystem.Root(), "rules.yaml"), []byte(text), 0o600)
	if err == nil {
		_, err = s.repo.Add("rules.yaml")
	}
	if err != nil {
		s.t.Fatal(err)
	}
	hash, err := s.repo.Commit(fmt.Sprint(n), &git.CommitOptions{Author: &object.Signature{Name: "A", Email: "a@example.com", When: time.Now()}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.from[n] = hash.String()[:12]
}

// load brings the n-th rule set to Wye, and gives the status of the answer.
func (s *storm) load(n int, text string) int {
	s.t.Helper()
	if s.repo == nil {
		return s.p.TryReload(text)
	}
	s.commit(n, text)
	return s.p.Look()
}

// rules is the n-th rule set.
func (s *storm) rules(n int) string {
	var text strings.Builder
	text.WriteString(rule(fmt.Sprint("a-", n), "**", "a") + rule(fmt.Sprint("b-", n), "**", "b"))
	for i := range s.size - 2 {
		fmt.Fprintf(&text, "  other%d: {on: com.example.other%d, when: event.data.total > %d, to: a}\n", i, i, i+n)
	}
	return file(target("a", s.a.URL())+target("b", s.b.URL()), text.String())
}

// bad is the n-th rule set with one fault, of several kinds by turns.
func (s *storm) bad(n int) string {
	text := s.rules(n)
	switch n / 2 % 4 {
	case 0:
		return strings.Replace(text, "to: [b]", "to: [c]", 1) // no such target
	case 1:
		return strings.Replace(text, "total > ", "total >> ", 1) // no condition
	case 2:
		return text[:len(text)/2] + "  other: {on" // half a file
	}
	return text + "rules: {}\n" // a key twice
}

// capacity is how many events a second come through when publishers do not wait.
func (s *storm) capacity() int {
	const took = 3 * time.Second
	load := routertest.StartPublishers(s.p.Publisher, publishers)
	<-time.After(took)
	load.Stop()
	acked, _, _ := load.Counts()
	s.p.Drained()
	return acked / int(took.Seconds())
}

func (s *storm) run(rate, reloads int, between func()) {
	s.t.Helper()
	stop := pace{to: s.p.Publisher, rate: rate, prefix: "e"}.start(s.t)
	version := s.p.Status().Version
	var slowest time.Duration
	for n := 1; n <= reloads; n++ {
		between()
		began := time.Now()
		if n%2 == 1 {
			if status := s.load(n, s.bad(n)); status != http.StatusUnprocessableEntity {
				s.t.Fatalf("rule set %d is not valid, and the answer was %d", n, status)
			}
			if now := s.p.Status().Version; now != version {
				s.t.Fatalf("rule set %d was refused, and the one in force changed from %s to %s", n, version, now)
			}
			continue
		}
		if status := s.load(n, s.rules(n)); status != http.StatusOK {
			s.t.Fatalf("rule set %d was refused: %d", n, status)
		}
		slowest = max(slowest, time.Since(began))
		version, s.valid[n] = s.p.Status().Version, true
	}
	between()
	sent := stop()
	s.p.Drained()
	s.t.Logf("%d reloads of %d rules, half of them invalid, %d events at %d a second; slowest reload %s",
		reloads, s.size, len(sent.at), rate, slowest.Round(time.Millisecond))
	if sent.refused > 0 {
		s.t.Errorf("%d events were refused", sent.refused)
	}
	s.p.Ended()
	s.check(sent)
}

// check finds for every event the one rule set that decided it.
func (s *storm) check(sent offered) {
	s.t.Helper()
	a, b := s.decided(s.a, "a"), s.decided(s.b, "b")
	used, lost := map[int]int{}, 0
	for id := range sent.at {
		byA, byB := a[id], b[id]
		if len(byA) == 0 || len(byB) == 0 {
			lost++
			continue
		}
		if len(byA) != 1 || len(byB) != 1 || byA[0] != byB[0] || !s.valid[byA[0]] {
			s.t.Errorf("%s was decided by rule sets %v and %v; expected one, a valid one", id, byA, byB)
		}
		used[byA[0]]++
	}
	if lost > 0 {
		s.t.Errorf("%d events are missing at a target", lost)
	}
	s.t.Logf("events by rule set: %v", used)
}

// decided is the rule sets by which each event came to a receiver.
func (s *storm) decided(r *routertest.Receiver, name string) map[string][]int {
	s.t.Helper()
	by := map[string][]int{}
	for _, a := range r.Arrivals() {
		_, rest, _ := strings.Cut(a.DeliveryID, "/"+name+"-")
		n, err := strconv.Atoi(strings.TrimSuffix(rest, "/"+name))
		if err != nil {
			s.t.Fatalf("the delivery %s came to %s; expected one of its rules", a.DeliveryID, name)
		}
		if commit := s.from[n]; rules.CommitOf(a.Rules) != commit || a.Rules == "" {
			s.t.Fatalf("the delivery %s tells of the rules %q; expected commit %q", a.DeliveryID, a.Rules, commit)
		}
		by[a.ID] = append(by[a.ID], n)
	}
	return by
}
