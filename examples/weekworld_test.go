package examples_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// versionHeader carries the version of the rule set that decided a delivery.
const versionHeader = "wye-rules"

// receiver is an HTTP service that takes every event, and keeps the version that
// came with each.
type receiver struct {
	url string

	mu       sync.Mutex
	versions map[string]string // by id
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{versions: map[string]string{}}
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}

func (r *receiver) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.versions[req.Header.Get("ce-id")] = req.Header.Get(versionHeader)
}

// of gives what came of a round of traffic, by id.
func (r *receiver) of(round string) map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := maps.Clone(r.versions)
	maps.DeleteFunc(of, func(id, _ string) bool { return !strings.HasPrefix(id, round+"-") })
	return of
}

// week is a team's repository, the Wye that serves it, and who gets its events.
type week struct {
	*repository
	*shop
	t              *testing.T
	packing, heavy *receiver
}

// traffic is what the shop sends on a day, as a batch: 60 orders of 0 to 295 euros,
// every third with something fragile, and 12 failed payments.
func traffic(day string) string {
	var all []string
	add := func(kind, id, data string) {
		all = append(all, fmt.Sprintf(`{"specversion": "1.0", "source": "/shop", "type": "com.example.%s", "id": "%s-%s", "data": %s}`, kind, day, id, data))
	}
	for i := range 60 {
		items := `[{"sku": "book"}]`
		if i%3 == 0 {
			items = `[{"sku": "vase", "fragile": true}]`
		}
		add("order.placed", fmt.Sprintf("order-%d", i), fmt.Sprintf(`{"order": "%d", "total": %d, "items": %s}`, i, 5*i, items))
	}
	for i := range 12 {
		add("payment.failed", fmt.Sprintf("failed-%d", i), fmt.Sprintf(`{"order": "%d", "amount": 40, "attempt": %d}`, i, i%4+1))
	}
	return "[" + strings.Join(all, ",\n") + "]"
}

// round sends the traffic of a day, whose ids begin with the day, and waits until
// all of it is settled. It gives how many deliveries each target has got by it.
func (w *week) round(day string) map[string]int {
	w.t.Helper()
	before := w.delivered()
	w.postAll(w.t, traffic(day))
	var status struct{ Head, Floor uint64 }
	eventually(w.t, "all events of "+day+" are delivered", func() bool {
		var all []targetStatus
		w.ask(w.t, "/api/v1/status", &status)
		w.ask(w.t, "/api/v1/targets", &all)
		busy := func(one targetStatus) bool { return one.Active+one.Waiting > 0 }
		return status.Head == status.Floor && !slices.ContainsFunc(all, busy)
	})
	got := w.delivered()
	for target := range got {
		if got[target] -= before[target]; got[target] == 0 {
			delete(got, target)
		}
	}
	return got
}

func (w *week) delivered() map[string]int {
	w.t.Helper()
	var all []targetStatus
	w.ask(w.t, "/api/v1/targets", &all)
	counts := map[string]int{}
	for _, one := range all {
		counts[one.Name] = one.Delivered
	}
	return counts
}

// wye runs a command, and gives its exit status, what it printed and what it said.
func (w *week) wye(args ...string) (status int, out, said string) {
	w.t.Helper()
	c := exec.Command(buildWye(w.t), args...)
	c.Dir, c.Env = w.dir, append(w.env, "WYE_SERVER="+w.admin)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		exit := (*exec.ExitError)(nil)
		if !errors.As(err, &exit) {
			w.t.Fatal(err)
		}
		status = exit.ExitCode()
	}
	return status, stdout.String(), stderr.String()
}

// expect runs a command that must end with a status and print texts.
func (w *week) expect(status int, texts []string, args ...string) string {
	w.t.Helper()
	got, out, said := w.wye(args...)
	missing := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return strings.Contains(out+said, text) })
	if got != status || len(missing) > 0 {
		w.t.Fatalf("wye %s: exit status %d, want %d; missing: %q\n%s%s", strings.Join(args, " "), got, status, missing, out, said)
	}
	return out
}

// decode runs a command that prints JSON.
func (w *week) decode(status int, into any, args ...string) {
	w.t.Helper()
	if out := w.expect(status, nil, args...); json.Unmarshal([]byte(out), into) != nil {
		w.t.Fatalf("wye %s printed no JSON: %s", strings.Join(args, " "), out)
	}
}

// sourceStatus is where the rules come from, as the server tells it.
type sourceStatus struct {
	Ready     bool
	Message   string
	Applied   struct{ Version string }
	Attempted struct{ Revision string }
}

// push pushes main.
func (w *week) push() (commit string) {
	w.t.Helper()
	w.git("push", "-q", "origin", "main")
	return w.head()
}

func (w *week) head() string { return strings.TrimSpace(w.git("rev-parse", "HEAD")) }

// await waits until the server has looked at a commit.
func (w *week) await(commit string) (s sourceStatus) {
	w.t.Helper()
	eventually(w.t, "the server has looked at "+commit, func() bool {
		var st struct{ Source sourceStatus }
		w.ask(w.t, "/api/v1/status", &st)
		s = st.Source
		return strings.Contains(s.Attempted.Revision, commit[:12])
	})
	return s
}

// carry holds that a receiver got so many events in a round, each with the commit.
func (w *week) carry(r *receiver, round string, n int, commit string) {
	w.t.Helper()
	got := r.of(round)
	for id, version := range got {
		if !strings.HasSuffix(version, "-"+commit[:12]) {
			w.t.Errorf("%s came with the version %q, want the commit %s", id, version, commit)
		}
	}
	if len(got) != n {
		w.t.Errorf("%d events of %s came, want %d", len(got), round, n)
	}
}

// append adds text to the end of a file.
func (w *week) append(file, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, file)
	if err := os.WriteFile(path, []byte(read(w.t, path)+text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}
