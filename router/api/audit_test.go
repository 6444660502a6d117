package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/routertest"
)

func TestAudit(t *testing.T) {
	w, url := admin(t, pastRules(100))
	w.Send(t, routertest.Event{ID: "a", Type: "com.example.order", Data: `{"total":170}`})
	w.Send(t, routertest.Event{ID: "b", Type: "com.example.order", Data: `{"total":70}`})
	w.Send(t, routertest.Event{ID: "c", Type: "com.example.other"})
	w.Settled()
	for query, want := range map[string]string{
		"":                                       "3 1 3",
		"?from=2":                                "2 1 1",
		"?from=2&to=2":                           "1 0 1",
		"?to=2020-01-01T00:00:00Z":               "0 0 0",
		"?from=2020-01-01T00:00:00%2b02:00&to=1": "1 0 2",
	} {
		a := send(t, request(t, "GET", url+"/api/v1/audit"+query, "", ""))
		var last api.AuditLine
		for line := range strings.Lines(a.body) {
			last = api.AuditLine{}
			if err := json.Unmarshal([]byte(line), &last); err != nil {
				t.Fatalf("%s: %v: %s", query, err, line)
			}
		}
		if a.status != 200 || last.Report == nil || !last.Report.Balanced {
			t.Fatalf("%s: %d %s", query, a.status, a.body)
		}
		got := []uint64{last.Report.Events.Accepted, last.Report.Events.Unmatched, last.Report.Deliveries.Delivered}
		if text := strings.Trim(strings.Join(strings.Fields(jsonText(t, got)), ""), "[]"); strings.ReplaceAll(text, ",", " ") != want {
			t.Errorf("%s: %s, want %s", query, text, want)
		}
	}
	for query, want := range map[string]string{
		"?from=0":       "expected a sequence from 1 on, or a time such as",
		"?to=yesterday": "expected a sequence from 1 on, or a time such as",
		"?from=3&to=2":  "the stretch ends before it begins",
		"?since=1":      "There is no parameter",
	} {
		if a := send(t, request(t, "GET", url+"/api/v1/audit"+query, "", "")); a.status != 400 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
}

func jsonText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
