package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/wye-events/wye/router/routertest"
	wyerules "github.com/wye-events/wye/rules"
)

const explainedRules = `version: 1
targets: {kept: {stream: {subject: audit.all}}, review: {queue: {name: review}}}
rules:
  all: {on: "**", to: kept}
  large: {on: com.example.*, when: event.data.total > 100, to: review}
  tested: {on: com.example.*, when: 'headers["x-env"] == "test"', to: review}
  other: {on: org.example.**, to: review}
`

func explainURL(t *testing.T) (*routertest.Wye, string) {
	w, url := admin(t, explainedRules)
	return w, url + "/api/v1/explain"
}

// outcomes are the rules of an explanation in their order, with what became of each.
func outcomes(t *testing.T, a answer) (*wyerules.Explanation, string) {
	t.Helper()
	var x wyerules.Explanation
	if a.status != 200 || a.header.Get("Content-Type") != "application/json" || json.Unmarshal([]byte(a.body), &x) != nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	var all []string
	for _, r := range x.Rules {
		all = append(all, r.Name+" "+string(r.Outcome))
	}
	return &x, strings.Join(all, ", ")
}

// TestExplain: an event of the body is explained with the rules in force, in
// structured and in binary mode, and is not accepted.
func TestExplain(t *testing.T) {
	w, url := explainURL(t)
	body := event("a", `, "data": {"totl": 5}`)
	x, got := outcomes(t, send(t, request(t, "POST", url, structured, body)))
	if want := "all matched, large not_matched, tested not_matched, other wrong_type"; got != want || strings.Join(x.Matched, " ") != "all" {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if r := x.Rules[1]; r.Reason != wyerules.ReasonAbsent || r.Nearest != "event.data.totl" || r.Decided.Text != "event.data.total > 100" || r.Decided.Place.Line != 5 {
		t.Errorf("%+v", r)
	}
	binary := append(attributes[:len(attributes):len(attributes)], "X-Env", "test")
	if _, got = outcomes(t, send(t, request(t, "POST", url, "application/json", `{"total": 500}`, binary...))); got != "all matched, large matched, tested matched, other wrong_type" {
		t.Errorf("binary: %s", got)
	}
	if x, got = outcomes(t, send(t, request(t, "POST", url+"?rule=other&rule=large", structured, body))); got != "large not_matched, other wrong_type" || !x.Partial {
		t.Errorf("some rules: %s", got)
	}
	if x, got = outcomes(t, send(t, request(t, "POST", url+"?limit=1", structured, body))); got != "all matched, large not_matched" || x.Omitted != 2 {
		t.Errorf("limited: %s, %d omitted", got, x.Omitted)
	}
	if x, _ = outcomes(t, send(t, request(t, "POST", url+"?all=true", structured, body))); x.Rules[1].Condition == nil || x.Rules[3].Condition != nil {
		t.Errorf("all: %+v", x.Rules)
	}
	if n := w.Router.Status().Accepted; n != 0 {
		t.Errorf("%d events were accepted", n)
	}
}

// TestExplainBadRequests: each gets a document that says what is wrong.
func TestExplainBadRequests(t *testing.T) {
	_, url := explainURL(t)
	good := event("a", "")
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	for name, c := range map[string]struct {
		query, contentType, body string
		status                   int
		says                     string
	}{
		"nothing":        {"", "", "", 400, "ce-"},
		"not JSON":       {"", structured, "<event/>", 400, "JSON"},
		"no event":       {"", structured, `{"total": 5}`, 400, "specversion"},
		"a batch of two": {"", batch, "[" + event("a", "") + "," + event("b", "") + "]", 400, "2 events"},
		"an empty batch": {"", batch, "[]", 400, "0 events"},
		"1,000 levels":   {"", structured, event("a", `, "data": `+deep), 400, "deep"},
		"9 MiB":          {"", structured, event("a", `, "data": "`+strings.Repeat("x", 9<<20)+`"`), 413, "8388608 bytes"},
		"unknown rule":   {"?rule=larg", structured, good, 404, `did you mean "large"?`},
		"all":            {"?all=maybe", structured, good, 400, `all="maybe": expected true or false`},
		"limit":          {"?limit=-1", structured, good, 400, `limit="-1": expected a number from 1 on`},
		"parameter":      {"?rules=large", structured, good, 400, `no parameter "rules"`},
	} {
		a := send(t, request(t, "POST", url+c.query, c.contentType, c.body))
		if p := a.problem(t); a.status != c.status || !strings.Contains(p.Detail, c.says) || strings.Contains(p.Detail, "stored") {
			t.Errorf("%s: %d %s", name, a.status, p.Detail)
		}
	}
	for name, data := range map[string]string{
		"1 MiB":         `{"total": "` + strings.Repeat("x", 1<<20) + `"}`,
		"10,000 digits": `{"total": 0.` + strings.Repeat("9", 10_000) + `}`,
	} {
		a := send(t, request(t, "POST", url, structured, event("a", `, "data": `+data)))
		if _, _ = outcomes(t, a); len(a.body) > 16<<10 {
			t.Errorf("%s: the answer has %d bytes", name, len(a.body))
		}
	}
}
