package examples_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// mistakes are changes that the workflow and the hook refuse, and what they say.
var mistakes = []struct {
	name, file, from, to string
	step                 string // of the workflow that fails
	says                 []string
}{
	{
		"a field that the schema has not", "rules/orders/rules.yaml", "event.data.total > 100", "event.data.totl > 100",
		"Check", []string{"rules/orders/rules.yaml", "WYE065", "totl"},
	},
	{
		"a target that is not there", "rules/payments/rules.yaml", "    to: payments-dunning", "    to: payments-duning",
		"Check", []string{"rules/payments/rules.yaml", "payments-duning", "payments-dunning"},
	},
	{
		"a name that is not the team's", "rules/payments/rules.yaml", "  payments-failed:", "  failed:",
		"Names begin with their team's", []string{"rules/payments/rules.yaml:11: the name failed does not begin with payments-"},
	},
	{
		"another form", "rules/payments/rules.yaml", "event.data.attempt >= 3", "event.data.attempt>=3",
		"Format", []string{"rules/payments/rules.yaml"},
	},
	{
		"an order that goes elsewhere", "rules/orders/rules.yaml", "event.data.total > 100", "event.data.total >= 100",
		"Test", []string{"at the limit", "orders-packing"},
	},
}

// TestWorkflowRuns runs the steps of the workflow: all is well as the example is,
// and each mistake makes the step fail that looks for it.
func TestWorkflowRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("starts programs")
	}
	t.Parallel()
	r := newRunner(t, newRepository(t))
	if failed, said := r.job("check"); len(failed) > 0 {
		t.Fatalf("%q failed:\n%s", failed, said)
	}
	var sarif struct{ Version string }
	if err := json.Unmarshal([]byte(read(t, filepath.Join(r.dir, "reports/check.sarif"))), &sarif); err != nil || sarif.Version != "2.1.0" {
		t.Errorf("the SARIF report: %v, version %q", err, sarif.Version)
	}
	var junit struct {
		Tests int `xml:"tests,attr"`
	}
	if err := xml.Unmarshal([]byte(read(t, filepath.Join(r.dir, "reports/test.xml"))), &junit); err != nil || junit.Tests < 8 {
		t.Errorf("the JUnit report: %v, %d tests", err, junit.Tests)
	}
	for _, m := range mistakes {
		r.edit(m.file, m.from, m.to)
		failed, said := r.job("check")
		if !slices.Contains(failed, m.step) {
			t.Errorf("%s: %q failed:\n%s", m.name, failed, said)
		}
		for _, want := range m.says {
			if !strings.Contains(said, want) {
				t.Errorf("%s: nothing is said of %q:\n%s", m.name, want, said)
			}
		}
		r.git("checkout", "-q", "--", "rules")
	}
}

// TestNamesByTeam tries the hook on files at other depths.
func TestNamesByTeam(t *testing.T) {
	if testing.Short() {
		t.Skip("starts programs")
	}
	t.Parallel()
	const text = "version: 1\n\ntargets:\n  orders-a: {queue: {name: a}}\n"
	for file, says := range map[string]string{
		"rules/orders/eu/more.yml":     "",
		"rules/orders/more_test.yaml":  "",
		"rules/more.yaml":              "rules/more.yaml: it is in no team's directory",
		"rules/payments/eu/more.yaml":  "rules/payments/eu/more.yaml:4: the name orders-a does not begin with payments-",
		"rules/payments/two words.yml": "rules/payments/two words.yml:4: the name orders-a does not begin with payments-",
	} {
		r := newRepository(t)
		path := filepath.Join(r.dir, file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		said, err := r.run("hooks/names-by-team")
		if (err != nil) != (says != "") || !strings.Contains(said, says) {
			t.Errorf("%s: %v, %q; want %q", file, err, said, says)
		}
	}
}

// TestWorkflowPlans runs the steps that hold a change against the traffic of a
// running Wye, and comment on the pull request.
func TestWorkflowPlans(t *testing.T) {
	if testing.Short() {
		t.Skip("starts programs")
	}
	t.Parallel()
	repo := newRepository(t)
	r := newRunner(t, repo)
	s := serveRepository(t, repo)
	for _, e := range []struct{ id, data string }{
		{"o-1", `{"order": "1", "total": 80, "items": [{"sku": "vase", "fragile": true}]}`},
		{"o-2", `{"order": "2", "total": 80, "items": [{"sku": "book"}]}`},
		{"o-3", `{"order": "3", "total": 30, "items": [{"sku": "vase", "fragile": true}]}`},
	} {
		s.post(t, "com.example.order.placed", e.id, e.data)
	}
	r.git("checkout", "-q", "-b", "pack-more")
	r.edit("rules/orders/rules.yaml", "event.data.total > 100", "event.data.total > 50")
	r.git("commit", "-q", "-am", "Pack more by hand")
	r.values = map[string]string{
		"secrets.WYE_SERVER": s.admin, "github.base_ref": "main", "github.token": "token", "github.event.pull_request.number": "7",
	}
	if failed, said := r.job("plan"); len(failed) > 0 {
		t.Fatalf("%q failed:\n%s", failed, said)
	}
	asked := strings.Split(read(t, filepath.Join(r.bin, "asked")), "\n")
	if !slices.Equal(asked[:3], []string{"pr", "comment", "7"}) {
		t.Errorf("gh was asked %q", asked)
	}
	comment := read(t, filepath.Join(r.bin, "asked.body"))
	for _, want := range []string{"orders-fragile", "orders-packing", "o-1"} {
		if !strings.Contains(comment, want) {
			t.Errorf("the comment says nothing of %s:\n%s", want, comment)
		}
	}
	if strings.Contains(comment, "o-2") || strings.Contains(comment, "o-3") {
		t.Errorf("the comment tells of orders for which nothing changes:\n%s", comment)
	}

	// Without a server there is a comment that says so.
	r.values["secrets.WYE_SERVER"] = ""
	if failed, said := r.job("plan"); len(failed) > 0 {
		t.Errorf("%q failed:\n%s", failed, said)
	}
	if comment := read(t, filepath.Join(r.bin, "asked.body")); !strings.Contains(comment, "WYE_SERVER") {
		t.Errorf("the comment is %s", comment)
	}
}

// TestHook commits to a real repository with the hook switched on.
func TestHook(t *testing.T) {
	if testing.Short() {
		t.Skip("starts programs")
	}
	t.Parallel()
	r := newRepository(t)
	r.git("config", "core.hooksPath", "hooks")

	r.edit("rules/orders/rules.yaml", "Every order is billed.", "Every order is billed at once.")
	r.git("commit", "-q", "-am", "Say more")

	for _, m := range mistakes {
		r.edit(m.file, m.from, m.to)
		said, err := r.run("git", "commit", "-q", "-am", m.name)
		if err == nil {
			t.Errorf("%s: it was committed", m.name)
		}
		for _, want := range m.says {
			if !strings.Contains(said, want) {
				t.Errorf("%s: nothing is said of %q:\n%s", m.name, want, said)
			}
		}
		// What is not staged does not count, and is left as it is.
		r.git("reset", "-q")
		r.edit("rules/shared/rules.yaml", "in the shop is kept.", "in the shop is kept.."+m.step)
		r.git("add", "rules/shared")
		r.git("commit", "-q", "-m", "Beside it")
		if !strings.Contains(read(t, filepath.Join(r.dir, m.file)), m.to) {
			t.Errorf("%s: the hook changed the working tree", m.name)
		}
		r.git("checkout", "-q", "--", "rules")
		r.edit("rules/shared/rules.yaml", "in the shop is kept.."+m.step, "in the shop is kept.")
		r.git("commit", "-q", "-am", "Back")
	}

	// A change of something else needs no wye.
	r.env = append(r.env, "PATH="+os.Getenv("PATH"))
	r.edit("README.md", "# Rules as code", "# The rules as code")
	r.git("commit", "-q", "-am", "Write")
	r.edit("rules/shared/rules.yaml", "is kept.", "is kept!")
	if said, err := r.run("git", "commit", "-q", "-am", "Shout"); err == nil || !strings.Contains(said, "wye is not on the PATH") {
		t.Errorf("without wye: %v\n%s", err, said)
	}
}

// TestPreCommitHooks runs what the framework pre-commit would, of the hooks that
// this project offers and of the example's own.
func TestPreCommitHooks(t *testing.T) {
	if testing.Short() {
		t.Skip("starts programs")
	}
	t.Parallel()
	type hook struct {
		ID, Entry, Language, Files string
		Args                       []string
	}
	var offered []hook
	var used struct {
		Repos []struct {
			Repo  string
			Hooks []hook
		}
	}
	for file, into := range map[string]any{"../.pre-commit-hooks.yaml": &offered, "gitops/.pre-commit-config.yaml": &used} {
		if err := yaml.Unmarshal([]byte(read(t, file)), into); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	r := newRepository(t)
	for _, h := range append(offered, used.Repos[0].Hooks...) {
		command := append(strings.Fields(h.Entry), h.Args...)
		if out, err := r.run(command[0], command[1:]...); err != nil {
			t.Errorf("%s: %s: %v\n%s", h.ID, strings.Join(command, " "), err, out)
		}
		if files := regexp.MustCompile(h.Files); !files.MatchString("rules/orders/rules.yaml") || files.MatchString("README.md") {
			t.Errorf("%s runs for %s", h.ID, h.Files)
		}
	}
	if len(offered) != 3 || len(used.Repos) != 1 {
		t.Errorf("%d hooks are offered, %d repositories used", len(offered), len(used.Repos))
	}
}
