// Package examples_test holds the examples to what they say: their rules load
// without a finding, their events are valid and go where their READMEs say, and
// the order system of order-routing runs for real.
package examples_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/cases"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// goes says which rules match each event of an example, in order of name.
var goes = map[string]map[string]string{
	"order-routing": {
		"large-fragile.json":   "large-orders orders",
		"small.json":           "orders",
		"without-items.json":   "orders",
		"payment-failed.json":  "failed-payments",
		"payment-settled.json": "",
	},
	"github-webhooks": {
		"pull-request-opened.json": "check-pull-requests history large-pull-requests",
		"pull-request-draft.json":  "history",
		"pull-request-bot.json":    "check-pull-requests",
		"push-main.json":           "check-main history",
		"push-docs.json":           "history",
		"issue-opened.json":        "history",
		"issue-labeled.json":       "history urgent-issues",
		"release-published.json":   "deploy-releases history",
		"release-prerelease.json":  "history",
		"star-created.json":        "history",
	},
	"object-created": {
		"s3-photo.json":     "inventory scan-uploads thumbnails-s3",
		"s3-raw-photo.json": "inventory large-files-s3 scan-uploads",
		"s3-video.json":     "inventory large-files-s3",
		"s3-log.json":       "",
		"s3-deleted.json":   "inventory",
		"gcs-photo.json":    "inventory scan-uploads thumbnails-gcs",
		"gcs-backup.json":   "inventory large-files-gcs",
		"gcs-folder.json":   "inventory",
	},
}

// TestRulesLoadWithoutFindings also holds the first line to the schema, by
// which an editor completes the file.
func TestRulesLoadWithoutFindings(t *testing.T) {
	const first = "# yaml-language-server: $schema=../../schemas/rules.schema.json\n"
	for example := range goes {
		path := filepath.Join(example, "rules.yaml")
		_, _, problems := rules.Load(path)
		for _, p := range problems {
			if p.Severity == rules.Note {
				continue
			}
			t.Errorf("%s:%d:%d: %s: %s", p.File, p.Line, p.Column, p.Code, p.Message)
		}
		if text := read(t, path); !strings.HasPrefix(text, first) {
			t.Errorf("%s does not begin with %q", path, first)
		}
	}
}

// TestTestsPass runs the tests of each example. They see every rule match and
// every clause of every condition true.
func TestTestsPass(t *testing.T) {
	for example := range goes {
		suite, problems := new(cases.Loader).Load(example)
		for _, p := range problems {
			t.Errorf("%s:%d:%d: %s: %s", p.File, p.Line, p.Column, p.Code, p.Message)
		}
		if suite == nil {
			continue
		}
		report := suite.Run(suite.Cases, true)
		for i := range report.Results {
			for _, fault := range report.Results[i].Faults {
				t.Errorf("%s: %s: %s", example, report.Results[i].Case.Name, fault.Message)
			}
		}
		for _, rule := range report.Coverage.Rules {
			for _, clause := range rule.Clauses {
				if clause.True == 0 || rule.Matched == 0 {
					t.Errorf("%s: no test sees %s of rule %s true", example, clause.Text, rule.Name)
				}
			}
		}
	}
}

func TestEventsGoWhereTheyShould(t *testing.T) {
	for example, want := range goes {
		_, matcher, problems := rules.Load(filepath.Join(example, "rules.yaml"))
		if problems.HasErrors() {
			t.Errorf("%s: its rules do not load", example)
			continue
		}
		for _, path := range eventFiles(t, example) {
			names, ok := want[filepath.Base(path)]
			if !ok {
				t.Errorf("%s is in no table: say where it goes", path)
			}
			if got := matching(t, matcher, parse(t, path)); got != names {
				t.Errorf("%s\n  matches %q\n  want    %q", path, got, names)
			}
		}
		if n := len(eventFiles(t, example)); n != len(want) {
			t.Errorf("%s has %d events, the table %d", example, n, len(want))
		}
	}
}

// TestHeadersDecide tries the conditions on headers, which event files cannot hold.
func TestHeadersDecide(t *testing.T) {
	for _, c := range []struct{ example, event, name, value, want string }{
		{"order-routing", "payment-failed.json", "x-env", "test", ""},
		{"order-routing", "payment-failed.json", "x-env", "live", "failed-payments"},
		{"github-webhooks", "star-created.json", "x-github-enterprise-host", "git.acme.internal", "history own-server"},
		{"github-webhooks", "star-created.json", "x-github-enterprise-host", "git.example.com", "history"},
	} {
		_, matcher, _ := rules.Load(filepath.Join(c.example, "rules.yaml"))
		ev := parse(t, filepath.Join(c.example, "events", c.event))
		ev.Headers = []cloudevent.Header{{Name: c.name, Value: c.value}}
		if got := matching(t, matcher, ev); got != c.want {
			t.Errorf("%s with %s: %s matches %q, want %q", c.event, c.name, c.value, got, c.want)
		}
	}
}

// matching lists the rules that match, in order of name.
func matching(t *testing.T, m *rules.Matcher, ev *cloudevent.Event) string {
	t.Helper()
	var names []string
	for _, match := range m.Match(ev, nil) {
		if match.Err != nil {
			t.Errorf("event %s: %v", ev.ID, match.Err)
		}
		names = append(names, match.Rule.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func eventFiles(t *testing.T, example string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(example, "events", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no events (%v)", example, err)
	}
	return files
}

// parse reads an event as Wye does when it is sent in structured mode.
func parse(t *testing.T, path string) *cloudevent.Event {
	t.Helper()
	header := http.Header{"Content-Type": {cloudevent.MediaTypeStructured}}
	evs, _, err := cloudevent.Parse(header, []byte(read(t, path)))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return evs[0]
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
