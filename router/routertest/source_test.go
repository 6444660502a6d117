package routertest_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/hiddeco/sshsig"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/crypto/ssh"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/routertest"
	"github.com/wye-events/wye/router/source"
	"github.com/wye-events/wye/rules"
)

// repository is a Git repository with its working tree.
type repository struct {
	t    *testing.T
	dir  string
	git  *git.Repository
	tree *git.Worktree
	sign git.Signer // nil: commits are not signed
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	r := &repository{t: t, dir: filepath.Join(t.TempDir(), "repo")}
	var err error
	if r.git, err = git.PlainInitWithOptions(r.dir, &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: "refs/heads/main"}}); err != nil {
		t.Fatal(err)
	}
	if r.tree, err = r.git.Worktree(); err != nil {
		t.Fatal(err)
	}
	return r
}

// address is that of the rules in the repository.
func (r *repository) address() string { return "git+file://" + r.dir + "#main:rules" }

// commit commits a rule file and gives the commit's hash.
func (r *repository) commit(text string) string {
	r.t.Helper()
	return r.commitFile("rules/rules.yaml", text)
}

func (r *repository) commitFile(name, text string) string {
	r.t.Helper()
	file := filepath.Join(r.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600)); err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.tree.Add(name); err != nil {
		r.t.Fatal(err)
	}
	hash, err := r.tree.Commit("c", &git.CommitOptions{AllowEmptyCommits: true, Signer: r.sign, Author: &object.Signature{Name: "A", Email: "a@example.com", When: time.Now()}})
	if err != nil {
		r.t.Fatal(err)
	}
	return hash.String()
}

// away takes the repository away, and gives what brings it back.
func (r *repository) away() (back func()) {
	r.t.Helper()
	other := r.dir + ".away"
	if err := os.Rename(r.dir, other); err != nil {
		r.t.Fatal(err)
	}
	return func() {
		r.t.Helper()
		if err := os.Rename(other, r.dir); err != nil {
			r.t.Fatal(err)
		}
	}
}

// follow lets a Wye ask its repository often.
func follow(t *testing.T, w *routertest.Wye) {
	t.Helper()
	f, err := router.Follow(w.Router, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
}

func untilSource(t *testing.T, w *routertest.Wye, what string, done func(router.SourceStatus) bool) router.SourceStatus {
	t.Helper()
	routertest.Until(t, "the source "+what, func() bool { return done(w.Router.Source()) }, func() any { return w.Router.Source() })
	return w.Router.Source()
}

const broken = "version: 1\nrules:\n  a: {on: x, to: nowhere}\n"

// TestRulesFromGit follows a branch: what is committed comes into force, what is
// broken does not, and every delivery tells its commit.
func TestRulesFromGit(t *testing.T) {
	a, b := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	repo := newRepository(t)
	one := repo.commit(oneRule(to("a", a)))
	w := routertest.Start(t, "", routertest.Options{RulesPath: repo.address()})
	first := w.Router.Source()
	if !first.Ready || first.Reason != router.SourceLoaded || first.Applied.Revision != "main@sha1:"+one || first.Applied.Commit != one[:12] || first.Kind != "git" || first.Branch != "main" {
		t.Fatalf("%+v", first)
	}
	w.Send(t, routertest.Event{ID: "1"})
	a.UntilTaken(1)
	w.Settled()
	if got := a.Arrivals()[0].Header.Get("Wye-Rules"); rules.CommitOf(got) != one[:12] || got != w.Router.Status().Version {
		t.Errorf("delivered with the rules %q", got)
	}
	follow(t, w)

	// Another commit with the same rules: the version stays, the revision is newer.
	same := repo.commitFile("README.md", "hello")
	st := untilSource(t, w, "is at the newer commit", func(s router.SourceStatus) bool { return s.Applied.Revision == "main@sha1:"+same })
	if st.Applied.Version != first.Applied.Version || !st.Applied.At.Equal(first.Applied.At) || !st.Ready {
		t.Errorf("%+v", st)
	}

	bad := repo.commit(broken)
	st = untilSource(t, w, "tells of the broken commit", func(s router.SourceStatus) bool { return !s.Ready })
	if st.Reason != router.SourceRefused || !strings.Contains(st.Message, "rules/rules.yaml:3:") || st.Attempted.Revision != "main@sha1:"+bad ||
		st.Applied.Version != first.Applied.Version || st.Problems != 1 {
		t.Errorf("%+v", st)
	}
	w.Send(t, routertest.Event{ID: "2"})
	a.UntilTaken(2)

	two := repo.commit(oneRule(to("b", b)))
	untilSource(t, w, "is well again", func(s router.SourceStatus) bool { return s.Ready && s.Applied.Commit == two[:12] })
	w.Send(t, routertest.Event{ID: "3"})
	b.UntilTaken(1)
	w.Settled()
	if text := w.Log(); strings.Count(text, "the rules were refused") != 1 {
		t.Errorf("the refusal is logged more or less than once:\n%s", text)
	}

	// What was decided is told with its commit for ever.
	p, err := w.Router.Past(t.Context(), router.EventRef{Sequence: 1, Whole: true})
	if err != nil || p.Deliveries[0].Commit != one[:12] || p.Then == nil || rules.CommitOf(p.Then.Version()) != one[:12] {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestLastGoodOutlastsGit: what was in force goes on when the repository is gone
// or cannot be used, over restarts too, and is never another version for it.
func TestLastGoodOutlastsGit(t *testing.T) {
	a := routertest.NewReceiver(t, routertest.Well)
	repo := newRepository(t)
	one := repo.commit(oneRule(to("a", a)))
	repo.commitFile("README.md", "the rules are of the commit before")
	w := routertest.Start(t, "", routertest.Options{RulesPath: repo.address()})
	w.Send(t, routertest.Event{ID: "0"})
	a.UntilTaken(1)
	version := w.Router.Status().Version
	since := w.Router.Source().Applied.At

	taken := 1
	goesOn := func(name string, ready bool, reason, how string) {
		t.Helper()
		st := w.Router.Source()
		if st.Applied.Version != version || st.Ready != ready || st.Reason != reason || st.Applied.How != how || !st.Applied.At.Equal(since) {
			t.Errorf("%s: %+v; expected version %s since %s", name, st, version, since)
		}
		taken++
		w.Send(t, routertest.Event{ID: name})
		a.UntilTaken(taken)
		w.Settled()
	}
	back := repo.away()
	var from *source.Error
	if err := w.Router.Reload(t.Context()); !errors.As(err, &from) || from.Reason != source.NotFound {
		t.Errorf("%v", err)
	}
	goesOn("gone", false, "NotFound", router.AppliedLoaded)
	w.Restart()
	goesOn("gone at a start", false, "NotFound", router.AppliedKept)
	w.Restart()
	goesOn("gone at two starts", false, "NotFound", router.AppliedKept)
	if text := w.Log(); !strings.Contains(text, "started with the rules that were in force last") {
		t.Errorf("it is not logged:\n%s", text)
	}
	back()
	if err := w.Router.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	goesOn("back", true, router.SourceLoaded, router.AppliedLoaded)
	repo.commit(broken)
	w.Restart()
	goesOn("broken at a start", false, router.SourceRefused, router.AppliedKept)
	if rules.CommitOf(version) == one[:12] {
		t.Error("the version names a commit before the one that was read")
	}
}

// TestLastGoodOfAPath: a start with broken files goes on with what was in force
// from the same place, and only then.
func TestLastGoodOfAPath(t *testing.T) {
	a := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("a", a)))
	version := w.Router.Status().Version
	w.Stop(routertest.Patience)
	w.WriteRules(broken)
	w.Start()
	st := w.Router.Source()
	if st.Ready || st.Reason != router.SourceRefused || st.Applied.Version != version || st.Applied.How != router.AppliedKept || !strings.Contains(st.Message, ":3:") {
		t.Errorf("%+v", st)
	}
	w.Send(t, routertest.Event{ID: "1"})
	a.UntilTaken(1)
	w.Stop(routertest.Patience)

	other := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(other, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	b := w.OpenBus()
	defer b.Close()
	_, err := router.Start(t.Context(), router.Config{Bus: b, Rules: other})
	var refused *router.RulesError
	if !errors.As(err, &refused) {
		t.Errorf("broken rules of another place: %v", err)
	}
}

// TestFirstStartWithoutGit fails, and says what to do.
func TestFirstStartWithoutGit(t *testing.T) {
	w := routertest.Start(t, oneRule(to("a", routertest.NewReceiver(t, routertest.Well))))
	w.Stop(routertest.Patience)
	b := w.OpenBus()
	defer b.Close()
	_, err := router.Start(t.Context(), router.Config{Bus: b, Rules: "git+file:///no/such/repo#main"})
	var from *source.Error
	if !errors.As(err, &from) || !strings.Contains(err.Error(), "start with --rules and a copy") {
		t.Errorf("%v", err)
	}
}

// TestFaultsOfARevision: whatever is wrong with a commit, what is in force stays,
// and the status tells why.
func TestFaultsOfARevision(t *testing.T) {
	a := routertest.NewReceiver(t, routertest.Well)
	repo := newRepository(t)
	good := oneRule(to("a", a))
	repo.commit(good)
	w := routertest.Start(t, "", routertest.Options{RulesPath: repo.address()})
	version := w.Router.Status().Version
	for name, c := range map[string]struct {
		spoil  func()
		reason string
		says   string
	}{
		"a link out of the repository": {func() {
			file := filepath.Join(repo.dir, "rules", "more.yaml")
			if err := os.Symlink("../../etc/passwd", file); err != nil {
				t.Skip(err)
			}
			repo.tree.Add("rules/more.yaml")
			repo.commitFile("x", "x")
			os.Remove(file)
		}, router.SourceRefused, `rules/more.yaml: it is a symbolic link to "../../etc/passwd"`},
		"LFS": {func() { repo.commit("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n") }, router.SourceRefused, "Git LFS"},
		"the path is gone": {func() {
			repo.tree.Remove("rules/rules.yaml")
			repo.commitFile("x", "x")
		}, router.SourceRefused, "there is no rules in the commit"},
		"the branch is gone": {func() {
			if err := repo.git.Storer.RemoveReference(plumbing.NewBranchReferenceName("main")); err != nil {
				t.Fatal(err)
			}
		}, string(source.NotFound), `no branch or tag "main"`},
		"a secret that is not there": {func() {
			repo.commit(strings.Replace(good, "url: ", `headers: {x-key: "${env:WYE_NO_SUCH_SECRET}"}, url: `, 1))
		}, router.SourceTarget, "WYE_NO_SUCH_SECRET"},
	} {
		t.Run(name, func(t *testing.T) {
			c.spoil()
			if err := w.Router.Reload(t.Context()); err == nil {
				t.Fatal("not refused")
			}
			st := w.Router.Source()
			if st.Ready || st.Reason != c.reason || !strings.Contains(st.Message, c.says) || w.Router.Status().Version != version {
				t.Errorf("%+v", st)
			}
			if _, err := repo.tree.Remove("rules/more.yaml"); err == nil {
				os.Remove(filepath.Join(repo.dir, "rules", "more.yaml"))
			}
			repo.commit(good)
			if err := w.Router.Reload(t.Context()); err != nil || !w.Router.Source().Ready || w.Router.Status().Version != version {
				t.Errorf("it is not well again: %v, %+v", err, w.Router.Source())
			}
		})
	}
}

// TestSuspended: nothing of the source comes into force, over restarts too, until
// it is resumed; what a person puts in force stays.
func TestSuspended(t *testing.T) {
	a, b := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	repo := newRepository(t)
	repo.commit(oneRule(to("a", a)))
	w := routertest.Start(t, "", routertest.Options{RulesPath: repo.address()})
	first := w.Router.Status().Version
	two := repo.commit(oneRule(to("b", b)))
	if err := w.Router.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Router.Suspend(t.Context(), "incident 7"); err != nil {
		t.Fatal(err)
	}
	kept, err := w.Router.Kept(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Router.Apply(t.Context(), kept, first, "rollback"); err != nil {
		t.Fatal(err)
	}
	rolledBack := func(when string) {
		t.Helper()
		st := w.Router.Source()
		if st.Ready || st.Suspended == nil || st.Suspended.Reason != "incident 7" || st.Reason != router.SourceSuspended || st.Applied.Version != first || st.Applied.How != "rollback" {
			t.Errorf("%s: %+v", when, st)
		}
		taken := len(a.Taken())
		w.Send(t, routertest.Event{ID: when})
		a.UntilTaken(taken + 1)
		w.Settled()
	}
	rolledBack("at once")
	var suspended *router.SuspendedError
	if err := w.Router.Reload(t.Context()); !errors.As(err, &suspended) {
		t.Errorf("%v", err)
	}
	rolledBack("after a reload")
	w.Restart()
	rolledBack("after a restart")
	follow(t, w)
	repo.commit(broken)
	if err := w.Router.Apply(t.Context(), kept, "000000000000", "rollback"); err == nil || !strings.Contains(err.Error(), "the files are those of") {
		t.Errorf("%v", err)
	}

	if err := w.Router.Resume(t.Context()); !errors.As(err, new(*router.RulesError)) {
		t.Errorf("what the source has is broken: %v", err)
	}
	if st := w.Router.Source(); st.Suspended != nil || st.Ready || st.Applied.Version != first {
		t.Errorf("%+v", st)
	}
	last := repo.commit(oneRule(to("b", b)))
	st := untilSource(t, w, "is loaded", func(s router.SourceStatus) bool { return s.Ready })
	if st.Applied.Commit != last[:12] || st.Applied.How != router.AppliedLoaded || last == two {
		t.Errorf("%+v", st)
	}
	if err := w.Router.Apply(t.Context(), kept, first, "try"); err != nil {
		t.Fatal(err)
	}
	untilSource(t, w, "is not suspended, and replaces what was put in force", func(s router.SourceStatus) bool { return s.Applied.Commit == last[:12] })
	w.Restart()
	if st := w.Router.Source(); !st.Ready || st.Suspended != nil {
		t.Errorf("after a restart: %+v", st)
	}
}

// TestUnsignedCommits: where signatures are wanted, a commit without the right one
// leaves what is in force as it is.
func TestUnsignedCommits(t *testing.T) {
	a, b := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	trusted, other := newSigner(t), newSigner(t)
	ring := filepath.Join(t.TempDir(), "signers")
	if err := os.WriteFile(ring, append([]byte("a@example.com "), ssh.MarshalAuthorizedKey(trusted.key.PublicKey())...), 0o600); err != nil {
		t.Fatal(err)
	}
	repo := newRepository(t)
	repo.sign = trusted
	repo.commit(oneRule(to("a", a)))
	w := routertest.Start(t, "", routertest.Options{RulesPath: repo.address(), Source: source.Options{Keyring: ring}})
	version := w.Router.Status().Version
	for says, sign := range map[string]git.Signer{"it is not signed": nil, "a key that is not in the keyring": other} {
		repo.sign = sign
		repo.commit(oneRule(to("b", b)))
		err := w.Router.Reload(t.Context())
		var refused *router.RulesError
		if !errors.As(err, &refused) || refused.Problems[0].Code != rules.CodeSourceSignature {
			t.Fatalf("%v", err)
		}
		if st := w.Router.Source(); st.Ready || !strings.Contains(st.Message, says) || w.Router.Status().Version != version {
			t.Errorf("%+v", st)
		}
	}
	w.Restart()
	if st := w.Router.Source(); st.Ready || st.Applied.Version != version {
		t.Errorf("after a restart: %+v", st)
	}
	repo.sign = trusted
	last := repo.commitFile("README.md", "signed")
	if err := w.Router.Reload(t.Context()); err != nil || w.Router.Source().Applied.Commit != last[:12] {
		t.Errorf("%v, %+v", err, w.Router.Source())
	}
}

// signer signs commits by SSH.
type signer struct{ key ssh.Signer }

func newSigner(t *testing.T) signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key}
}

func (s signer) Sign(message io.Reader) ([]byte, error) {
	sig, err := sshsig.Sign(message, s.key, sshsig.HashSHA512, "git")
	if err != nil {
		return nil, err
	}
	return sshsig.Armor(sig), nil
}

// TestHook: a push hook brings a commit into force at once, however seldom the
// repository is asked, and many at once are all answered.
func TestHook(t *testing.T) {
	a, b := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	repo := newRepository(t)
	repo.commit(oneRule(to("a", a)))
	w := routertest.Start(t, "", routertest.Options{RulesPath: repo.address()})
	f, err := router.Follow(w.Router, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	admin := httptest.NewServer(api.Admin(w.Router, prometheus.NewRegistry()))
	defer admin.Close()
	two := repo.commit(oneRule(to("b", b)))
	const hooks = 32
	answers := make(chan int, hooks)
	for range hooks {
		go func() {
			res, err := http.Post(admin.URL+"/-/reload", "application/json", strings.NewReader(`{"ref": "refs/heads/main"}`))
			if err != nil {
				answers <- 0
				return
			}
			res.Body.Close()
			answers <- res.StatusCode
		}()
	}
	for range hooks {
		if status := <-answers; status != http.StatusOK {
			t.Errorf("answered %d", status)
		}
	}
	if st := w.Router.Source(); st.Applied.Commit != two[:12] {
		t.Errorf("%+v", st)
	}
	repo.commit(broken)
	res, err := http.Post(admin.URL+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a broken commit is answered %d", res.StatusCode)
	}
}

// TestWhileGitSaysNothing: a look that waits for a server holds up neither a person
// who puts rules in force nor a stop, and what it finds late does not undo the one.
func TestWhileGitSaysNothing(t *testing.T) {
	a, b := routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	repo := newRepository(t)
	repo.commit(oneRule(to("a", a)))
	server := newSilentGit(t, repo)
	w := routertest.Start(t, "", routertest.Options{RulesPath: "git+" + server.URL + "/repo/.git#main:rules"})
	first := w.Router.Status().Version
	if err := w.Router.Suspend(t.Context(), ""); err != nil { // so that the files are stored
		t.Fatal(err)
	}
	if err := w.Router.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	repo.commit(oneRule(to("b", b)))
	kept, err := w.Router.Kept(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}

	server.hold()
	late := make(chan error, 1)
	go func() { late <- w.Router.Reload(t.Context()) }()
	<-server.asked
	if err := errors.Join(w.Router.Suspend(t.Context(), "now"), w.Router.Apply(t.Context(), kept, first, "rollback")); err != nil {
		t.Fatal(err)
	}
	server.release()
	var suspended *router.SuspendedError
	if err := <-late; !errors.As(err, &suspended) {
		t.Errorf("the look that came late: %v", err)
	}
	if st := w.Router.Source(); st.Applied.Version != first || st.Applied.How != "rollback" {
		t.Errorf("%+v", st)
	}

	server.hold()
	go func() { late <- w.Router.Resume(t.Context()) }()
	<-server.asked
	began := time.Now()
	w.Stop(routertest.Patience)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the stop took %s", took)
	}
	if err := <-late; !errors.Is(err, router.ErrStopping) {
		t.Errorf("%v", err)
	}
}

// silentGit serves a repository, and says nothing while it is held.
type silentGit struct {
	*httptest.Server
	asked chan struct{} // one for each request that is held

	mu   sync.Mutex
	held chan struct{} // nil while it is not
}

func newSilentGit(t *testing.T, repo *repository) *silentGit {
	t.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		t.Skip("needs git, to serve a repository: ", err)
	}
	s := &silentGit{asked: make(chan struct{}, 64)}
	root := filepath.Dir(repo.dir)
	backend := &cgi.Handler{Path: program, Args: []string{"http-backend"}, Dir: root, Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1"}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s.mu.Lock()
		held := s.held
		s.mu.Unlock()
		if held != nil {
			s.asked <- struct{}{}
			select {
			case <-held:
			case <-req.Context().Done():
				return
			}
		}
		backend.ServeHTTP(w, req)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *silentGit) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = make(chan struct{})
}

func (s *silentGit) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.held)
	s.held = nil
}
