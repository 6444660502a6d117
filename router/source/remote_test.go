package source

import (
	"context"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"net"
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

	"github.com/wye-events/wye/rules"
)

// gitServer serves repositories over HTTP as Git itself does.
type gitServer struct {
	*httptest.Server
	mu    sync.Mutex
	down  bool
	token string // wanted as the password, where it is not ""
	sent  int64  // bytes of answers
	asked []string
}

func serveGit(t testing.TB, r *repository) *gitServer {
	t.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		t.Skip("needs git, to serve a repository: ", err)
	}
	s := &gitServer{}
	backend := &cgi.Handler{
		Path: program, Args: []string{"http-backend"}, Dir: filepath.Dir(r.dir),
		Env:    []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull},
		Stderr: io.Discard, Logger: log.New(io.Discard, "", 0), // a client that has enough goes
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s.mu.Lock()
		down, token := s.down, s.token
		s.asked = append(s.asked, req.URL.Path)
		s.mu.Unlock()
		_, password, _ := req.BasicAuth()
		switch {
		case down:
			http.Error(w, "<html>maintenance</html>", http.StatusBadGateway)
		case token != "" && password == "":
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, "who are you", http.StatusUnauthorized)
		case token != "" && password != token:
			http.Error(w, "no, "+password+" may not", http.StatusForbidden)
		default:
			backend.ServeHTTP(&counting{w, s}, req)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// counting counts what is sent.
type counting struct {
	http.ResponseWriter
	s *gitServer
}

func (c *counting) Write(p []byte) (int, error) {
	c.s.mu.Lock()
	c.s.sent += int64(len(p))
	c.s.mu.Unlock()
	return c.ResponseWriter.Write(p)
}

func (s *gitServer) set(change func(*gitServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *gitServer) bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

// at is an address in the only repository.
func (s *gitServer) at(place string) string { return "git+" + s.URL + "/rules.git" + place }

// config sets something in the repository's own configuration.
func (r *repository) config(key, value string) {
	r.t.Helper()
	if out, err := exec.CommandContext(r.t.Context(), "git", "-C", r.dir, "config", key, value).CombinedOutput(); err != nil {
		r.t.Fatalf("%v: %s", err, out)
	}
}

func opened(t testing.TB, address string, opts Options) *Source {
	t.Helper()
	addr, err := Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if opts.Temp == "" {
		opts.Temp = filepath.Join(t.TempDir(), "git")
	}
	s, err := Open(addr, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// saw looks, and gives what the one file says.
func saw(t testing.TB, s *Source) (text string, found *Snapshot) {
	t.Helper()
	found, err := s.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Problems) > 0 || len(found.files) != 1 {
		t.Fatalf("%v, %v", found.Problems, fileNames(found.files))
	}
	return string(found.files[0].Text), found
}

func reason(t testing.TB, err error) Reason {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is not an error of a source", err)
	}
	return e.Reason
}

// TestWaysToARepository follows one branch through its life, over HTTP and where
// the repository is.
func TestWaysToARepository(t *testing.T) {
	for _, way := range []string{"file", "http", "http with a filter"} {
		t.Run(way, func(t *testing.T) {
			r := newRepository(t)
			base := "git+file://" + r.dir
			if way != "file" {
				base = strings.TrimSuffix(serveGit(t, r).at(""), "#")
			}
			if way == "http with a filter" {
				r.config("uploadpack.allowFilter", "true")
			}
			main, head, deep := opened(t, base+"#main:rules", Options{}), opened(t, base, Options{}), opened(t, base+"#refs/heads/main:rules/...", Options{})
			if _, err := main.Look(t.Context()); reason(t, err) != NotFound {
				t.Errorf("of an empty repository: %v", err)
			}

			one := r.set("rules/a.yaml", "one").set("top.yaml", "top").commit("main")
			text, first := saw(t, main)
			if text != "one" || first.Commit != one || first.Revision() != "main@sha1:"+one {
				t.Errorf("%q at %s", text, first.Revision())
			}
			if text, found := saw(t, head); text != "top" || found.Ref != "main" {
				t.Errorf("HEAD: %q of %s", text, found.Ref)
			}
			if text, _ := saw(t, deep); text != "one" {
				t.Errorf("/...: %q", text)
			}
			if _, again := saw(t, main); again != first {
				t.Error("what has not changed was read again")
			}

			two := r.set("rules/a.yaml", "two").commit("main")
			if text, found := saw(t, main); text != "two" || found.Commit != two {
				t.Errorf("%q at %s", text, found.Commit)
			}
			forced := r.set("rules/a.yaml", "forced").force("main")
			if text, found := saw(t, main); text != "forced" || found.Commit != forced {
				t.Errorf("after a forced push: %q at %s", text, found.Commit)
			}

			r.set("rules/a.yaml", "on next").commit("next")
			r.head("next")
			if _, found := saw(t, head); found.Ref != "next" {
				t.Errorf("HEAD is another branch: %s", found.Ref)
			}
			r.must(r.git.Storer.RemoveReference("refs/heads/main"))
			if _, err := main.Look(t.Context()); reason(t, err) != NotFound || !strings.Contains(err.Error(), `no branch or tag "main"`) {
				t.Errorf("of a branch that is gone: %v", err)
			}
			r.set("rules/a.yaml", "back").commit("main")
			if text, _ := saw(t, main); text != "back" {
				t.Errorf("of a branch that is back: %q", text)
			}

			r.tag("v1", r.commit("main"))
			if text, found := saw(t, opened(t, base+"#v1:rules", Options{})); text != "back" || found.Ref != "v1" {
				t.Errorf("a tag: %q of %s", text, found.Ref)
			}
			if found, err := opened(t, base+"#main:gone", Options{}).Look(t.Context()); err != nil || found.Problems[0].Code != rules.CodeSourcePath {
				t.Errorf("a path that is gone: %v, %v", found, err)
			}
		})
	}
}

// tag makes an annotated tag.
func (r *repository) tag(name, commit string) {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", "-C", r.dir, "tag", "-a", "-m", "tag", name, commit)
	cmd.Env = append(os.Environ(), "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("%v: %s", err, out)
	}
}

// noise is text that does not compress.
func noise(n int) string {
	var b strings.Builder
	dice := rand.New(rand.NewPCG(1, 2))
	for b.Len() < n {
		for range 64 {
			b.WriteByte(byte(33 + dice.IntN(90)))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestLargeRepository: a repository with much more than is fetched costs no more
// than that; where the server leaves large blobs out it can even be used.
func TestLargeRepository(t *testing.T) {
	r := newRepository(t)
	s := serveGit(t, r)
	const size = 8 << 20
	r.set("rules/a.yaml", "one").set("video.bin", noise(size)).commit("main")
	temp := filepath.Join(t.TempDir(), "git")
	src := opened(t, s.at("#main:rules"), Options{MaxBytes: 1 << 20, Temp: temp})
	_, err := src.Look(t.Context())
	if reason(t, err) != TooLarge || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("not refused: %v", err)
	}
	if sent := s.bytes(); sent > size/2 {
		t.Errorf("%d bytes were fetched", sent)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("%v was left", left)
	}
	r.config("uploadpack.allowFilter", "true")
	if text, _ := saw(t, src); text != "one" {
		t.Errorf("%q", text)
	}
	r.set("rules/b.yaml", noise(2<<20)).commit("main")
	if found, err := src.Look(t.Context()); err != nil || found.Problems[0].Code != rules.CodeSourceTooMuch || found.Problems[0].File != "rules/b.yaml" {
		t.Errorf("a rule file that the server left out: %v, %v", found, err)
	}
}

// TestBomb: what is small and unpacks to very much is refused before anything has
// it in memory.
func TestBomb(t *testing.T) {
	r := newRepository(t)
	s := serveGit(t, r)
	r.set("rules/a.yaml", "one").set("zeros", strings.Repeat("\x00", 16<<20)).commit("main")
	if _, err := opened(t, s.at("#main:rules"), Options{MaxBytes: 1 << 20}).Look(t.Context()); reason(t, err) != TooLarge {
		t.Errorf("not refused: %v", err)
	}
}

// TestShallow: of a long history only the last commit is fetched.
func TestShallow(t *testing.T) {
	r := newRepository(t)
	s := serveGit(t, r)
	for range 5 {
		r.set("rules/a.yaml", noise(100_000)[r.n:]).commit("main")
	}
	saw(t, opened(t, s.at("#main:rules"), Options{}))
	if sent := s.bytes(); sent > 200_000 {
		t.Errorf("%d bytes were fetched", sent)
	}
}

func TestServersThatCannotBeUsed(t *testing.T) {
	r := newRepository(t)
	r.set("rules/a.yaml", "one").commit("main")
	s := serveGit(t, r)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, c := range map[string]struct {
		address string
		want    Reason
		says    string
	}{
		"nobody listens":         {"git+http://" + closed.Addr().String() + "/rules.git", Unreachable, "no connection"},
		"it says nothing":        {"git+http://" + silent.Addr().String() + "/rules.git", Unreachable, "not read within 1s"},
		"no such repository":     {"git+" + s.URL + "/other.git", NotFound, "no such repository"},
		"it is none":             {"git+" + httptest.NewServer(http.NotFoundHandler()).URL + "/rules.git", NotFound, "no such repository"},
		"by SSH it says nothing": {"git+ssh://git@" + silent.Addr().String() + "/rules.git", Unauthorized, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SSH_AUTH_SOCK", "")
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := opened(t, c.address, Options{Within: time.Second}).Look(ctx)
			if reason(t, err) != c.want || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
	src := opened(t, s.at("#main:rules"), Options{})
	saw(t, src)
	s.set(func(s *gitServer) { s.down = true })
	if _, err := src.Look(t.Context()); reason(t, err) != Unreachable || !strings.Contains(err.Error(), "502") {
		t.Errorf("%v", err)
	}
	s.set(func(s *gitServer) { s.down = false })
	saw(t, src)
}

// TestCredentials: a token comes from a file that may change, and neither it nor
// the password of an address is in any text.
func TestCredentials(t *testing.T) {
	const token, old, password = "canary-token-1", "canary-token-0", "canary-password"
	r := newRepository(t)
	r.set("rules/a.yaml", "one").commit("main")
	s := serveGit(t, r)
	s.set(func(s *gitServer) { s.token = token })
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hidden := func(text string) {
		t.Helper()
		if strings.Contains(text, "canary") {
			t.Errorf("a secret is shown: %s", text)
		}
	}
	_, err := opened(t, s.at("#main:rules"), Options{}).Look(t.Context())
	if reason(t, err) != Unauthorized || !strings.Contains(err.Error(), "wants credentials") {
		t.Errorf("%v", err)
	}
	write(old)
	src := opened(t, s.at("#main:rules"), Options{TokenFile: file})
	_, err = src.Look(t.Context())
	if reason(t, err) != Unauthorized {
		t.Errorf("%v", err)
	}
	hidden(err.Error())
	write(token)
	saw(t, src)
	saw(t, opened(t, s.at("#main:rules"), Options{Token: token}))

	in := func(password string) string {
		return strings.Replace(s.at("#main:rules"), "://", "://me:"+password+"@", 1)
	}
	saw(t, opened(t, in(token), Options{}))
	bad := opened(t, in(password), Options{})
	_, err = bad.Look(t.Context())
	if reason(t, err) != Unauthorized {
		t.Errorf("%v", err)
	}
	for _, text := range []string{err.Error(), bad.Address().String(), bad.Address().Repository(), bad.Address().ID()} {
		hidden(text)
	}
	if text := bad.Address().String(); !strings.Contains(text, "me:redacted@") {
		t.Error(text)
	}
	if a, b := opened(t, in("one"), Options{}), opened(t, in("two"), Options{}); a.Address().ID() != b.Address().ID() {
		t.Error("another password is another source")
	}
	if _, err := opened(t, "git+http://git.example.com/rules.git", Options{Token: token}).Look(t.Context()); reason(t, err) != Unauthorized || !strings.Contains(err.Error(), "git+https") {
		t.Errorf("a token over plain HTTP: %v", err)
	}
}
