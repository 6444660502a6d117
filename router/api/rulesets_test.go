package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

const (
	rulesOne = "version: 1\ntargets: {kept: {stream: {subject: audit.all}}}\nrules: {one: {on: x, to: kept}}\n"
	rulesTwo = "version: 1\ntargets: {kept: {stream: {subject: audit.all}}, web: {http: {url: \"http://127.0.0.1:1/\", headers: {x-api-key: hunter2}}}}\nrules: {two: {on: x, to: kept}}\n"
)

func TestRulesetRequestsThatAreBad(t *testing.T) {
	w, url := admin(t, rulesOne)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		says               string
	}{
		"a short version":          {"GET", "history/abc", "", 400, `"reason":"version_too_short"`},
		"an unknown version":       {"GET", "history/0000", "", 404, `"reason":"no_such_version"`},
		"none before":              {"GET", "history/previous", "", 404, `"reason":"no_previous_version"`},
		"roll back to none before": {"POST", "rollback", "", 404, `"reason":"no_previous_version"`},
		"roll back to this":        {"POST", "rollback", `{"version": "current"}`, 409, `"reason":"version_in_force"`},
		"roll back to unknown":     {"POST", "rollback", `{"version": "0000"}`, 404, `"detail":"No rule set with the version or commit`},
		"no JSON":                  {"POST", "rollback", `back`, 400, `such as`},
		"an unknown member":        {"POST", "rollback", `{"vresion": "0000"}`, 400, `such as`},
		"two objects":              {"POST", "rollback", `{}{}`, 400, `such as`},
		"a long reason":            {"POST", "rollback", `{"reason": "` + strings.Repeat("ü", 1001) + `"}`, 400, `1001 characters`},
		"a very long one":          {"POST", "rollback", `{"reason": "` + strings.Repeat("x", 20<<10) + `"}`, 400, `such as`},
		"history by POST":          {"POST", "history", "", 405, "GET"},
		"a version by DELETE":      {"DELETE", "history/current", "", 405, "GET"},
		"roll back by GET":         {"GET", "rollback", "", 405, "POST"},
	} {
		a := send(t, request(t, c.method, url+"/api/v1/rules/"+c.path, "application/json", c.body))
		if a.status != c.status || !strings.Contains(a.body, c.says) || !strings.Contains(a.header.Get("Content-Type"), "problem+json") {
			t.Errorf("%s: %d %s; want %d %s", name, a.status, a.body, c.status, c.says)
		}
	}
	if w.Router.Suspended() != nil {
		t.Error("the source is suspended")
	}
}

func TestRulesets(t *testing.T) {
	w, url := admin(t, rulesOne)
	url += "/api/v1/rules/"
	one := w.Router.Status().Version
	w.Loaded(rulesTwo)
	two := w.Router.Status().Version

	var history api.RulesHistoryDoc
	fetch(t, url+"history", &history)
	if h := history.History; len(h) != 2 || h[0].Version != two || !h[0].InForce || h[1].Version != one || h[1].InForce {
		t.Errorf("%+v", h)
	}
	var files api.RulesFilesDoc
	fetch(t, url+"history/"+one[:4], &files)
	if len(files.Files) != 1 || files.Version != one || files.Files[0] != (api.RulesFile{Name: "rules.yaml", Text: rulesOne}) {
		t.Errorf("%+v", files)
	}
	files = api.RulesFilesDoc{}
	if a := fetch(t, url+"history/current", &files); strings.Contains(a.body, "hunter2") || files.Version != two || files.Files[0].NotShown != 1 {
		t.Errorf("%s", a.body)
	}
	done := in[router.Rollback](t, send(t, request(t, http.MethodPost, url+"rollback", "application/json", `{"version": "`+one[:6]+`", "reason": "incident 7"}`)))
	if done.Version != one || done.Was.Version != two || w.Router.Status().Version != one || w.Router.Suspended() == nil {
		t.Errorf("%+v", done)
	}
}
