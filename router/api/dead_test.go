package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/routertest"
)

// deadAdmin is the admin interface of a Wye with some dead letters.
func deadAdmin(t *testing.T, letters int) (*routertest.Wye, string) {
	t.Helper()
	refusing := routertest.NewReceiver(t, routertest.Always(422))
	w, url := admin(t, fmt.Sprintf(`version: 1
targets: {web: {http: {url: %q}}}
rules: {all: {on: "**", to: web}}
`, refusing.URL()))
	for i := range letters {
		w.Send(t, routertest.Event{ID: fmt.Sprint("e", i), Data: fmt.Sprintf(`{"n":%d}`, i)})
	}
	w.UntilDead("web", letters)
	w.Settled()
	return w, url
}

// TestBadOrders: what is wrong with an order is said, and nothing is done.
func TestBadOrders(t *testing.T) {
	w, url := deadAdmin(t, 2)
	for _, c := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"dead/redrive", ``, 400, "the body is empty"},
		{"dead/redrive", `{`, 400, "unexpected EOF"},
		{"dead/redrive", `[]`, 400, "cannot be"},
		{"dead/redrive", `{"all": 1}`, 400, "all is given a number"},
		{"dead/redrive", `{"numbers": ["1"]}`, 400, "numbers is given a string"},
		{"dead/redrive", `{"numbers": [-1]}`, 400, "numbers is given a number"},
		{"dead/redrive", `{"tarket": "web"}`, 400, `there is no member \"tarket\"`},
		{"dead/redrive", `{"all": true} {}`, 400, "more than one JSON object"},
		{"dead/redrive", `{}`, 400, "Say which dead letters are meant"},
		{"dead/redrive", `{"all": true, "target": "web"}`, 400, "All dead letters, or some"},
		{"dead/redrive", `{"all": true, "rate": -1}`, 400, "Rate -1: expected"},
		{"dead/redrive", `{"where": "statos == 1"}`, 400, "where:1:1: "},
		{"dead/redrive", `{"where": "status"}`, 400, "The condition cannot be used"},
		{"dead/redrive", `{"where": "statos == 1", "dry_run": true}`, 400, "where:1:1: "},
		{"dead/redrive", `{"where": "` + strings.Repeat("x", 300<<10) + `"}`, 400, "larger than"},
		{"dead/discard", `{"all": true, "rate": 5}`, 400, "it has no rate"},
		{"replay", `{"all": true}`, 400, "Say from when on"},
		{"replay", `{"from": 1}`, 400, "from is given a number"},
		{"replay", `{"from": "yesterday", "all": true}`, 400, `From \"yesterday\": expected a sequence from 1 on, or a time`},
		{"replay", `{"from": "0", "all": true}`, 400, "expected a sequence"},
		{"replay", `{"from": "1", "to": "-1", "all": true}`, 400, `To \"-1\": expected`},
		{"replay", `{"from": "1"}`, 400, "or for which rule or target; or all"},
		{"replay", `{"from": "1", "target": "nobody"}`, 400, "is not in the rules"},
		{"replay", `{"from": "1", "where": "status == 4"}`, 400, "where:1:1: "},
		{"operations/none/stop", ``, 404, "There is no operation of this id"},
		{"operations/none/resume", ``, 404, "There is no operation of this id"},
	} {
		a := send(t, request(t, "POST", url+"/api/v1/"+c.path, "application/json", c.body))
		a.problem(t)
		if a.status != c.status || !strings.Contains(a.body, c.want) {
			t.Errorf("%s %.60s: %d %s, want %d %s", c.path, c.body, a.status, a.body, c.status, c.want)
		}
	}
	for path, status := range map[string]int{
		"dead?where=statos": 400, "dead?tarket=web": 400, "dead?number=x": 400, "dead/causes?limit=1": 400, "dead/causes?where=1": 400, "dead/export?from=1": 400,
		"dead/export?where=event.": 400, "operations/none": 404, "dead/redrive": 405, "dead/discard": 405, "replay": 405, "operations/none/stop": 405, "dead?target=a%20b": 400,
	} {
		a := send(t, request(t, "GET", url+"/api/v1/"+path, "", ""))
		a.problem(t)
		if a.status != status {
			t.Errorf("GET %s: %d, want %d: %s", path, a.status, status, a.body)
		}
	}
	if ops := w.Router.Operations(); len(ops) != 0 || len(w.Dead("")) != 2 {
		t.Errorf("something was done: %+v", ops)
	}
}

// TestDeadOverHTTP lists, exports and discards.
func TestDeadOverHTTP(t *testing.T) {
	w, url := deadAdmin(t, 6)
	get := func(path string, into any) {
		t.Helper()
		a := send(t, request(t, "GET", url+"/api/v1/"+path, "", ""))
		if err := json.Unmarshal([]byte(a.body), into); err != nil || a.status != 200 {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
	}
	var page api.DeadPage
	get("dead?limit=2&where=event.data.n%20%3E%202", &page)
	if len(page.Letters) != 2 || page.Letters[0].EventID == "e0" || page.Next == 0 {
		t.Errorf("%+v", page)
	}
	get(fmt.Sprint("dead?limit=2&where=event.data.n%20%3E%202&from=", page.Next), &page)
	if len(page.Letters) != 1 {
		t.Errorf("%+v", page)
	}
	var causes api.DeadCauses
	get("dead/causes?reason=permanent", &causes)
	if len(causes.Causes) != 1 || causes.Causes[0].Count != 6 || causes.Causes[0].Status != 422 {
		t.Errorf("%+v", causes)
	}

	a := send(t, request(t, "GET", url+"/api/v1/dead/export?number=2&number=3", "", ""))
	lines := strings.Split(strings.TrimSpace(a.body), "\n")
	if a.header.Get("Content-Type") != "application/x-ndjson" || len(lines) != 3 || lines[2] != `{"end":true}` {
		t.Fatalf("%v %s", a.header, a.body)
	}
	var letter router.DeadLetter
	if err := json.Unmarshal([]byte(lines[0]), &letter); err != nil || letter.Number != 2 || len(letter.Event) == 0 || len(letter.Attempts) != 1 {
		t.Errorf("%s, %v", lines[0], err)
	}

	a = send(t, request(t, "POST", url+"/api/v1/dead/discard", "application/json", `{"all":true,"dry_run":true}`))
	var p router.Preview
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || !p.End || p.Would != 6 {
		t.Errorf("%s, %v", a.body, err)
	}
	a = send(t, request(t, "POST", url+"/api/v1/dead/discard", "application/json", `{"numbers":[1,2]}`))
	var op router.Operation
	if err := json.Unmarshal([]byte(a.body), &op); err != nil || a.status != 202 || a.header.Get("Location") != "/api/v1/operations/"+op.ID {
		t.Fatalf("%d %s, %v", a.status, a.body, err)
	}
	routertest.Until(t, "it ends", func() bool {
		get("operations/"+op.ID[:8], &op)
		return op.State == router.OperationDone
	}, func() any { return op })
	if n := len(w.Dead("")); n != 4 || op.Done != 2 {
		t.Errorf("%d are left: %+v", n, op)
	}
	a = send(t, request(t, "POST", url+"/api/v1/operations/"+op.ID+"/resume", "application/json", ""))
	if a.problem(t); a.status != 409 || !strings.Contains(a.body, "cannot be resumed: it is done") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
