package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"

	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/plan"
	"github.com/wye-events/wye/router/routertest"
)

// planAnswer posts an order, and gives the last report of the answer.
func planAnswer(t *testing.T, url, order string) (answer, *plan.Report) {
	t.Helper()
	a := send(t, request(t, "POST", url+"/api/v1/plan", "application/json", order))
	if a.status != 200 {
		return a, nil
	}
	var last api.PlanLine
	for line := range strings.Lines(a.body) {
		last = api.PlanLine{}
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
	}
	return a, last.Report
}

func orderOf(t *testing.T, text, more string) string {
	t.Helper()
	return fmt.Sprintf(`{"rules":[{"name":"rules.yaml","text":%s}]%s}`, jsonText(t, text), more)
}

func TestPlan(t *testing.T) {
	w, url := admin(t, pastRules(100))
	for id, total := range map[string]int{"a": 170, "b": 70, "c": 130} {
		w.Send(t, routertest.Event{ID: id, Type: "com.example.order", Data: fmt.Sprintf(`{"total":%d}`, total)})
	}
	w.Settled()
	for _, c := range []struct {
		name, order string
		want        string // compared, differing, and what is no longer matched
	}{
		{"the same", orderOf(t, pastRules(100), ""), "3 0 0"},
		{"another limit", orderOf(t, pastRules(150), ""), "3 1 1"},
		{"of two", orderOf(t, pastRules(150), `,"since":"1","until":"2"`), ""},
		{"back", orderOf(t, pastRules(100), `,"old":[{"name":"x.yaml","text":`+jsonText(t, pastRules(150))+`}]`), "3 1 0"},
		{"from commits", orderOf(t, pastRules(150), `,"commit":"0123456789abcdef0123","examples":1,"all":true,"limit":3,"sample":1`), "3 1 1"},
		{"nothing kept", orderOf(t, pastRules(100), `,"until":"2020-01-01T00:00:00Z"`), "0 0 0"},
	} {
		a, r := planAnswer(t, url, c.order)
		if r == nil || r.Partial {
			t.Fatalf("%s: %d %s", c.name, a.status, a.body)
		}
		got := fmt.Sprintf("%d %d %d", r.Events.Compared, r.Events.Differing, r.Deliveries.NoLongerMatched)
		if c.want != "" && got != c.want {
			t.Errorf("%s: %s, want %s\n%s", c.name, got, c.want, a.body)
		}
		if strings.Contains(c.order, "0123456789ab") && r.New.Commit != "0123456789ab" {
			t.Errorf("%s: the commit is %q in %q", c.name, r.New.Commit, r.New.Version)
		}
	}
}

func TestPlanRefused(t *testing.T) {
	_, url := admin(t, pastRules(100))
	good := pastRules(100)
	for name, c := range map[string]struct {
		order  string
		status int
		want   string
	}{
		"no body":             {"", 400, "the body is empty"},
		"no rules":            {"{}", 400, "Say what the new rules are"},
		"no such member":      {`{"ruls":[]}`, 400, `there is no member \"ruls\"`},
		"two objects":         {orderOf(t, good, "") + "{}", 400, "more than one JSON object"},
		"a file of no name":   {`{"rules":[{"text":""}]}`, 400, "the file 1 has no name"},
		"too many files":      {`{"rules":[` + strings.Repeat(`{"name":"a"},`, 20_000) + `{"name":"a"}]}`, 400, "20001 files"},
		"a huge body":         {`{"rules":[{"name":"a","text":"` + strings.Repeat("x", 64<<20) + `"}]}`, 413, "64 MiB"},
		"bad since":           {orderOf(t, good, `,"since":"yesterday"`), 400, "expected a sequence from 1 on"},
		"since in the future": {orderOf(t, good, `,"since":"2999-01-01T00:00:00Z"`), 400, "begins in the future"},
		"bad until":           {orderOf(t, good, `,"until":"-1"`), 400, "expected a sequence from 1 on"},
		"bad sample":          {orderOf(t, good, `,"sample":2`), 400, "expected a share"},
		"bad limit":           {orderOf(t, good, `,"limit":-1`), 400, "limit is given a number -1"},
		"bad commit":          {orderOf(t, good, `,"commit":"main"`), 400, "expected 12 to 64 hex digits"},
		"broken new set":      {orderOf(t, "version: 1\nrules: {a: {on: t, to: nowhere}}\n", ""), 422, `"reason":"bad_rules"`},
		"broken old set":      {orderOf(t, good, `,"old":[{"name":"o","text":"version: 9"}]`), 422, "The old rules do not load"},
		"a file over a MiB":   {orderOf(t, "# "+strings.Repeat("x", 1<<20), ""), 422, "1 MiB"},
	} {
		if a, _ := planAnswer(t, url, c.order); a.status != c.status || !strings.Contains(a.body, c.want) {
			t.Errorf("%s: %d %.300s, want %d %s", name, a.status, a.body, c.status, c.want)
		}
	}
	if a := send(t, request(t, "GET", url+"/api/v1/plan", "", "")); a.status != 405 || a.header.Get("Allow") != "POST" {
		t.Errorf("GET: %d %s", a.status, a.body)
	}
}

// TestPlanOneAtATime: while one is made another is told to come again, and who
// goes away makes room.
func TestPlanOneAtATime(t *testing.T) {
	_, url := admin(t, pastRules(100))
	body, write := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/v1/plan", body)
	if err != nil {
		t.Fatal(err)
	}
	inside := make(chan struct{}) // closed when the server asks for the body
	req = req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got100Continue: func() { close(inside) }}))
	req.Header.Set("Expect", "100-continue")
	first := make(chan struct{})
	go func() {
		defer close(first)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	<-inside
	good := orderOf(t, pastRules(100), "")
	last, _ := planAnswer(t, url, good)
	if last.status != 429 {
		t.Errorf("the second plan: %d %s", last.status, last.body)
	}
	if last.header.Get("Retry-After") != "5" || !strings.Contains(last.body, api.PlanBusy) {
		t.Errorf("%v %s", last.header, last.body)
	}
	cancel()
	write.Close()
	<-first
	routertest.Until(t, "there is room again", func() bool {
		last, _ = planAnswer(t, url, good)
		return last.status == 200
	}, func() any { return last })
}
