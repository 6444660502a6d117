package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/routertest"
)

// pastRules is a rule set that sends orders over a limit to the target kept.
func pastRules(limit int) string {
	return fmt.Sprintf(`version: 1
targets: {kept: {stream: {subject: audit.all}}}
rules:
  large: {on: com.example.order, when: event.data.total > %d, to: kept}
  limit%[1]d: {on: com.example.order, to: kept}
`, limit)
}

func fetch(t *testing.T, url string, into any) answer {
	t.Helper()
	a := send(t, request(t, "GET", url, "", ""))
	if err := json.Unmarshal([]byte(a.body), into); err != nil || a.status != 200 {
		t.Fatalf("%s: %d %s", url, a.status, a.body)
	}
	return a
}

func TestExplainPast(t *testing.T) {
	w, url := admin(t, pastRules(100))
	order := func(id string, total int) routertest.Event {
		return routertest.Event{ID: id, Type: "com.example.order", Data: fmt.Sprintf(`{"total":%d}`, total)}
	}
	w.Send(t, order("a", 70))
	w.Settled()
	var doc api.PastDoc
	fetch(t, url+"/api/v1/explain?event=1", &doc)
	if !doc.Same || doc.ThenVersion != doc.NowVersion || doc.Then == nil || doc.Now == nil || doc.Then.Counts.Matched != 1 {
		t.Errorf("%+v", doc)
	}
	then := doc.NowVersion
	w.Loaded(pastRules(50))
	w.Send(t, order("b", 70))
	w.Settled()
	doc = api.PastDoc{}
	a := fetch(t, url+"/api/v1/explain?event=a", &doc)
	if doc.Sequence != 1 || time.Since(doc.Stored) > time.Hour || doc.ThenVersion != then || doc.Same || doc.ThenNote != "" {
		t.Errorf("%s", a.body)
	}
	if doc.Then.Version != then || doc.Then.Counts.Matched != 1 || doc.Now.Version != w.Router.Status().Version || doc.Now.Counts.Matched != 2 {
		t.Errorf("then %+v\nnow %+v", doc.Then.Counts, doc.Now.Counts)
	}
	if len(doc.Deliveries) != 1 || doc.Deliveries[0].Rule != "limit100" || doc.Deliveries[0].Outcome != "delivered" {
		t.Errorf("%+v", doc.Deliveries)
	}
	var ev struct {
		ID   string
		Data struct{ Total int }
	}
	if err := json.Unmarshal(doc.Event, &ev); err != nil || ev.ID != "a" || ev.Data.Total != 70 {
		t.Errorf("%s", doc.Event)
	}
	// A rule of which only one of the two knows.
	doc = api.PastDoc{}
	fetch(t, url+"/api/v1/explain?event=1&rule=limit50&all=true", &doc)
	if doc.Then != nil || !strings.Contains(doc.ThenNote, "there is no rule") || doc.Now == nil || len(doc.Now.Rules) != 1 {
		t.Errorf("%+v", doc)
	}
	for _, ref := range []string{"b", "2", "b&source=/routertest", "b&before=9", "2&source="} {
		doc = api.PastDoc{}
		if fetch(t, url+"/api/v1/explain?event="+ref, &doc); doc.Sequence != 2 || !doc.Same {
			t.Errorf("%s: %+v", ref, doc)
		}
	}
}

func TestEventDoc(t *testing.T) {
	w, url := admin(t, rules)
	w.Send(t, routertest.Event{ID: "a", Data: `{"total":1}`})
	w.Settled()
	var doc api.EventDoc
	a := fetch(t, url+"/api/v1/events/1", &doc)
	if doc.Sequence != 1 || doc.Version != w.Router.Status().Version || len(doc.Deliveries) != 1 || doc.Deliveries[0].Outcome != "delivered" {
		t.Errorf("%s", a.body)
	}
	if !strings.Contains(a.body, `"event":{"specversion":"1.0","id":"a"`) || strings.Contains(a.body, "_note") {
		t.Errorf("%s", a.body)
	}
}

func TestNoSuchPast(t *testing.T) {
	w, url := admin(t, rules)
	for _, c := range []struct {
		path   string
		status int
		want   string
	}{
		{"/api/v1/events/1", 404, `"detail":"There is no event 1 yet; no events are kept yet.","reason":"not_yet"}`},
		{"/api/v1/explain?event=1", 404, `"reason":"not_yet"`},
		{"/api/v1/explain?event=x", 404, `No event has id \"x\"; no events are kept yet.`},
	} {
		if a := send(t, request(t, "GET", url+c.path, "", "")); a.status != c.status || !strings.Contains(a.body, c.want) {
			t.Errorf("%s: %d %s\nwant %d %s", c.path, a.status, a.body, c.status, c.want)
		}
	}
	w.SendMany(t, "e", 3)
	w.Settled()
	for _, c := range []struct {
		path   string
		status int
		want   string
	}{
		{"/api/v1/events/4", 404, `"kept":{"first":1,"last":3,"first_stored":"20`},
		{"/api/v1/events/0", 400, "numbers from 1 on"},
		{"/api/v1/events/x", 400, "is not a sequence"},
		{"/api/v1/events/-1", 400, "is not a sequence"},
		{"/api/v1/explain", 400, "Say which event"},
		{"/api/v1/explain?evnt=1", 400, `There is no parameter \"evnt\" here; there are event, source, before, rule, all and limit.`},
		{"/api/v1/explain?event=1&all=perhaps", 400, `all=\"perhaps\": expected true or false`},
		{"/api/v1/explain?event=x&before=y", 400, `before=\"y\" is not a number`},
		{"/api/v1/explain?event=1&limit=y", 400, `limit=\"y\": expected a number`},
		{"/api/v1/explain?event=1&rule=al", 404, `There is no rule \"al\"; the rules are: all.","reason":"no_such_rule"`},
		{"/api/v1/explain?event=1&source=/routertest", 404, `No event has id \"1\" and source \"/routertest\"; events 1 to 3 are kept, the first stored 20`},
		{"/api/v1/explain?event=0", 404, `No event has id \"0\"`},
		{"/api/v1/explain?event=e0&before=1", 404, `below sequence 1`},
	} {
		a := send(t, request(t, "GET", url+c.path, "", ""))
		a.problem(t)
		if a.status != c.status || !strings.Contains(a.body, c.want) {
			t.Errorf("%s: %d %s\nwant %d %s", c.path, a.status, a.body, c.status, c.want)
		}
	}
}
