package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// TestSource suspends and resumes the source of the rules, and lets it be looked at.
func TestSource(t *testing.T) {
	const good = "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  a: {on: x, to: %s}\n"
	w, url := admin(t, fmt.Sprintf(good, "q"))
	version := w.Router.Status().Version
	post := func(path, body string) (int, string) {
		t.Helper()
		res, err := http.Post(url+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(text)
	}
	for _, c := range []struct {
		path, body string
		status     int
		says       []string
	}{
		{"/-/reload", "", 200, []string{`"rules_version":"` + version, `"source":{"kind":"file"`, `"ready":true,"reason":"Loaded"`, `"rules":1,"targets":1,"waiting":0,"dead_letters":0`}},
		{"/api/v1/source/suspend", `{"reason": "incident 7"}`, 200, []string{`"ready":false,"reason":"Suspended"`, `"reason":"incident 7"`, `"applied":{"version":"` + version}},
		{"/-/reload", "", 409, []string{`"reason":"suspended"`, "incident 7"}},
		{"/api/v1/source/suspend", `{"reasons": 1}`, 400, []string{"The body is to be empty"}},
		{"/api/v1/source/suspend", "", 200, []string{`"ready":false`}},
		{"/api/v1/source/resume", "", 200, []string{`"ready":true,"reason":"Loaded"`}},
		{"/api/v1/source/resume", "", 200, []string{`"ready":true`}}, // it was not suspended
		{"/api/v1/source", "", 405, []string{"is for GET"}},
	} {
		status, text := post(c.path, c.body)
		if status != c.status {
			t.Errorf("POST %s %s: %d, want %d: %s", c.path, c.body, status, c.status, text)
		}
		for _, says := range c.says {
			if !strings.Contains(text, says) {
				t.Errorf("POST %s %s: %s; want %s", c.path, c.body, text, says)
			}
		}
	}

	w.WriteRules(fmt.Sprintf(good, "nowhere"))
	if status, text := post("/-/reload", ""); status != 422 || !strings.Contains(text, `"line":4`) {
		t.Errorf("%d %s", status, text)
	}
	if err := os.Remove(w.RulesPath()); err != nil {
		t.Fatal(err)
	}
	if status, text := post("/-/reload", ""); status != 422 || !strings.Contains(text, "there is no such file") {
		t.Errorf("%d %s", status, text)
	}
	res, err := http.Get(url + "/api/v1/source")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var st router.SourceStatus
	if err := json.NewDecoder(res.Body).Decode(&st); err != nil || st.Ready || st.Reason != router.SourceRefused || st.Applied.Version != version || st.Problems != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	res, err = http.Get(url + "/-/ready")
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != http.StatusOK {
		t.Errorf("events are taken, and it is not ready: %d", res.StatusCode)
	}
	w.Send(t, routertest.Event{ID: "1"})
	w.Settled()
}
