package examples_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// repository is a team's repository as examples/gitops lays it out: a clone of a
// bare one, on the branch main.
type repository struct {
	t   *testing.T
	dir string
	env []string // of its commands
}

// newRepository makes one of the files of examples/gitops.
func newRepository(t *testing.T) *repository {
	t.Helper()
	r := &repository{t: t, dir: filepath.Join(t.TempDir(), "shop-rules"), env: append(os.Environ(),
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
		"PATH="+filepath.Dir(buildWye(t))+":"+os.Getenv("PATH"),
	)}
	if err := os.CopyFS(r.dir, os.DirFS("gitops")); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main")
	r.git("add", "-A")
	r.git("commit", "-q", "-m", "Begin")
	bare := filepath.Join(filepath.Dir(r.dir), "origin.git")
	r.git("clone", "-q", "--bare", r.dir, bare)
	r.git("remote", "add", "origin", bare)
	r.git("fetch", "-q", "origin")
	return r
}

// origin is the bare repository, as an address of rules.
func (r *repository) origin() string { return "git+file://" + filepath.Dir(r.dir) + "/origin.git" }

// git runs git, which must succeed.
func (r *repository) git(args ...string) string {
	r.t.Helper()
	out, err := r.run("git", args...)
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// run runs a program in the repository, and gives all that it prints.
func (r *repository) run(name string, args ...string) (string, error) {
	c := exec.Command("env", append([]string{name}, args...)...) // env looks in the PATH of r.env
	c.Dir, c.Env = r.dir, r.env
	out, err := c.CombinedOutput()
	return string(out), err
}

// edit replaces the only place of a text in a file.
func (r *repository) edit(file, from, to string) {
	r.t.Helper()
	path := filepath.Join(r.dir, file)
	text := read(r.t, path)
	if strings.Count(text, from) != 1 {
		r.t.Fatalf("%s has %q %d times", file, from, strings.Count(text, from))
	}
	if err := os.WriteFile(path, []byte(strings.Replace(text, from, to, 1)), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// serveRepository serves the rules of the branch main of its origin.
func serveRepository(t *testing.T, r *repository, flags ...string) *shop {
	t.Helper()
	const free = "127.0.0.1:0"
	args := append([]string{"serve", "--rules", r.origin() + "#main:rules/...", "--data", t.TempDir(), "--http", free, "--admin", free, "--nats", free}, flags...)
	wye := run(t, []string{"ORDERS_PACKING_TOKEN=secret"}, buildWye(t), args...)
	said := wye.await(`POST to (http://\S+/events)(?:.*\n)*?.*See (http://[^/\s]+)/api`)
	return &shop{http: said[0], admin: said[1]}
}

// post sends an event with JSON data.
func (s *shop) post(t *testing.T, eventType, id, data string) {
	t.Helper()
	s.postAll(t, `[{"specversion": "1.0", "source": "/shop", "type": "`+eventType+`", "id": "`+id+`", "data": `+data+`}]`)
}

// postAll sends a batch of events.
func (s *shop) postAll(t *testing.T, batch string) {
	t.Helper()
	response, err := http.Post(s.http, "application/cloudevents-batch+json", strings.NewReader(batch))
	if err != nil {
		t.Fatal(err)
	}
	if response.Body.Close(); response.StatusCode != http.StatusAccepted {
		t.Fatalf("the events were not accepted: %s", response.Status)
	}
}

// workflow is what the tests look at of a workflow.
type workflow struct {
	On          map[string]any
	Permissions map[string]string
	Env         map[string]string
	Jobs        map[string]struct {
		If          string
		Permissions map[string]string
		Env         map[string]string
		Steps       []workflowStep
	}
}

type workflowStep struct {
	Name, Uses, Run, If string
	Env                 map[string]string
	With                map[string]any
}

func readWorkflow(t *testing.T) (w workflow) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, "gitops/.github/workflows/rules.yml")), &w); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWorkflowIsSafe holds what keeps a pull request of a stranger from doing harm:
// nothing of it is put into a script, and neither secrets nor the right to write
// are where its jobs run.
func TestWorkflowIsSafe(t *testing.T) {
	w := readWorkflow(t)
	if _, ok := w.On["pull_request_target"]; ok || w.On["pull_request"] != nil {
		t.Errorf("it runs on %v", w.On)
	}
	if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
		t.Errorf("every job may %v", w.Permissions)
	}
	secret := regexp.MustCompile(`secrets\.|github\.token`)
	for name, job := range w.Jobs {
		ours := strings.Contains(job.If, "github.event.pull_request.head.repo.full_name == github.repository")
		for what, may := range job.Permissions {
			if may != "read" && !ours {
				t.Errorf("%s: a pull request of a fork may write %s", name, what)
			}
		}
		if text, _ := yaml.Marshal(job); secret.Match(text) && !ours {
			t.Errorf("%s: a pull request of a fork gets at a secret", name)
		}
		for _, s := range job.Steps {
			if strings.Contains(s.Run, "${{") {
				t.Errorf("%s: an expression becomes part of a script: %s", name, s.Run)
			}
			if s.Uses != "" && !regexp.MustCompile(`^[\w-]+/[\w-]+@v\d+$`).MatchString(s.Uses) {
				t.Errorf("%s: %s has no version", name, s.Uses)
			}
			if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
				t.Errorf("%s: the checkout leaves a token behind", name)
			}
		}
	}
}

// runner runs the steps of the workflow as GitHub does, but for the actions.
type runner struct {
	*repository
	workflow workflow
	values   map[string]string // of expressions
	bin      string            // what stands in for go and gh
}

// newRunner gives a runner on which wye is what these tests build, and `gh` writes
// down what it is asked for.
func newRunner(t *testing.T, r *repository) *runner {
	t.Helper()
	bin := t.TempDir()
	scripts := map[string]string{
		"go": `[ "$*" = "install github.com/wye-events/wye/cmd/wye@latest" ]`,
		"gh": `printf '%s\n' "$@" > "$RUNNER_GH"; while [ $# -gt 0 ]; do [ "$1" = --body-file ] && cat "$2" > "$RUNNER_GH.body"; shift; done`,
	}
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := slices.IndexFunc(r.env, func(v string) bool { return strings.HasPrefix(v, "PATH="+filepath.Dir(buildWye(t))) })
	r.env[path] = "PATH=" + bin + ":" + strings.TrimPrefix(r.env[path], "PATH=")
	r.env = append(r.env, "RUNNER_GH="+filepath.Join(bin, "asked"), "GITHUB_STEP_SUMMARY="+filepath.Join(bin, "summary"), "GITHUB_REPOSITORY=acme/shop-rules")
	return &runner{repository: r, workflow: readWorkflow(t), bin: bin, values: map[string]string{}}
}

// job runs the steps of a job until one fails, whose name it gives with what was
// printed. Steps that say that they run nevertheless do.
func (r *runner) job(name string) (failed []string, said string) {
	r.t.Helper()
	job, ok := r.workflow.Jobs[name]
	if !ok {
		r.t.Fatalf("there is no job %s", name)
	}
	for _, s := range job.Steps {
		if s.Run == "" || len(failed) > 0 && s.If != "${{ !cancelled() }}" {
			continue
		}
		before := r.env
		for _, env := range []map[string]string{r.workflow.Env, job.Env, s.Env} {
			for name, value := range env {
				r.env = append(r.env, name+"="+r.value(value))
			}
		}
		out, err := r.run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
		r.env = before
		said += out
		if err != nil {
			failed = append(failed, s.Name)
		}
	}
	return failed, said
}

// value is a value of env, which is a text or one expression.
func (r *runner) value(text string) string {
	m := regexp.MustCompile(`^\$\{\{ ([\w.]+) \}\}$`).FindStringSubmatch(text)
	if m == nil {
		if strings.Contains(text, "${{") {
			r.t.Fatalf("%s is not an expression that is understood here", text)
		}
		return text
	}
	value, ok := r.values[m[1]]
	if !ok {
		r.t.Fatalf("nothing is known of %s", m[1])
	}
	return value
}
