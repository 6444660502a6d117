package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/routertest"
)

func targetsAdmin(t *testing.T, url string) (*routertest.Wye, string) {
	t.Helper()
	w := routertest.Start(t, "version: 1\ntargets: {web: {http: {url: \""+url+"\"}, rate: 50}, kept: {stream: {subject: audit.all}}}\nrules: {all: {on: \"**\", to: [web, kept]}}\n")
	s := httptest.NewServer(api.Admin(w.Router, prometheus.NewRegistry()))
	t.Cleanup(s.Close)
	return w, s.URL + "/api/v1/targets"
}

// in decodes an answer of 200.
func in[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return v
}

// TestTargetRequestsThatAreBad is what must be refused, and changes nothing.
func TestTargetRequestsThatAreBad(t *testing.T) {
	w, url := targetsAdmin(t, "http://127.0.0.1:1/")
	for name, c := range map[string]struct {
		req    *http.Request
		status int
		says   string
	}{
		"show none":             {request(t, "GET", url+"/wbe", "", ""), 404, `There is no target "wbe" in the rules. There are kept, web.`},
		"pause none":            {request(t, "POST", url+"/wbe/pause", "", ""), 404, `no target "wbe"`},
		"resume none":           {request(t, "POST", url+"/wbe/resume", "", ""), 404, `no target "wbe"`},
		"test none":             {request(t, "POST", url+"/wbe/test", "", ""), 404, `no target "wbe"`},
		"a name of two parts":   {request(t, "POST", url+"/a%2Fb/pause", "", ""), 404, `no target "a/b"`},
		"pause by GET":          {request(t, "GET", url+"/web/pause", "", ""), 405, "POST"},
		"test by GET":           {request(t, "GET", url+"/web/test", "", ""), 405, "POST"},
		"show by POST":          {request(t, "POST", url+"/web", "", ""), 405, "GET"},
		"list by DELETE":        {request(t, "DELETE", url, "", ""), 405, "GET"},
		"unknown verb":          {request(t, "POST", url+"/web/stop", "", ""), 404, "Nothing is at"},
		"pause, no JSON":        {request(t, "POST", url+"/web/pause", "application/json", "because"), 400, `{"reason": `},
		"pause, unknown member": {request(t, "POST", url+"/web/pause", "application/json", `{"raeson": "x"}`), 400, `{"reason": `},
		"pause, wrong type":     {request(t, "POST", url+"/web/pause", "application/json", `{"reason": 7}`), 400, `{"reason": `},
		"pause, two objects":    {request(t, "POST", url+"/web/pause", "application/json", `{"reason": "a"}{}`), 400, `{"reason": `},
		"pause, a list":         {request(t, "POST", url+"/web/pause", "application/json", `["a"]`), 400, `{"reason": `},
		"pause, long reason":    {request(t, "POST", url+"/web/pause", "application/json", `{"reason": "`+strings.Repeat("ü", 1001)+`"}`), 400, "1001 characters"},
		"pause, huge body":      {request(t, "POST", url+"/web/pause", "application/json", strings.Repeat(" ", 1<<20)), 413, "16384 bytes"},
		"test, no event":        {request(t, "POST", url+"/web/test", "application/json", `{"a": 1}`), 400, ""},
		"test, bad event":       {request(t, "POST", url+"/web/test", structured, event("", "")), 400, "id"},
		"test, two events":      {request(t, "POST", url+"/web/test", batch, "["+event("a", "")+","+event("b", "")+"]"), 400, "2 events"},
		"another site's page":   {request(t, "POST", url+"/web/pause", "text/plain", "", "Sec-Fetch-Site", "cross-site"), 403, "another site"},
	} {
		t.Run(name, func(t *testing.T) {
			a := send(t, c.req)
			if p := a.problem(t); a.status != c.status || !strings.Contains(p.Detail, c.says) {
				t.Errorf("want %d and a text with %q; got %d: %s", c.status, c.says, a.status, a.body)
			}
		})
	}
	for _, s := range w.Router.Targets() {
		if s.State != "straight" || s.Delivered > 0 {
			t.Errorf("%+v", s)
		}
	}
}

func TestPauseAndResumeByRequest(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w, url := targetsAdmin(t, r.URL())
	st := in[router.TargetStatus](t, send(t, request(t, "POST", url+"/web/pause", "application/json", `{"reason": "moving house"}`)))
	if st.State != "paused" || st.Paused == nil || st.Paused.By != router.ByPerson || st.Paused.Reason != "moving house" || st.Rate != 50 {
		t.Errorf("%+v, %+v", st, st.Paused)
	}
	w.SendMany(t, "e", 3)
	w.Until("web", "has a backlog", func(s router.TargetStatus) bool { return s.Waiting == 3 })
	if st := in[router.TargetStatus](t, send(t, request(t, "GET", url+"/web", "", ""))); st.State != "paused" || st.Waiting != 3 {
		t.Errorf("%+v", st)
	}
	if st := in[router.TargetStatus](t, send(t, request(t, "POST", url+"/web/pause", "", ""))); st.Paused.Reason != "" {
		t.Errorf("paused again without a reason: %+v", st.Paused)
	}
	if st := in[router.TargetStatus](t, send(t, request(t, "POST", url+"/web/resume", "", ""))); st.State == "paused" || st.Paused != nil {
		t.Errorf("%+v", st)
	}
	r.UntilTaken(3)
	w.Settled()
}

// TestTestOfATarget sends test events to a target that answers in all ways, and
// to one that is paused: nothing of it is in any account.
func TestTestOfATarget(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w, url := targetsAdmin(t, r.URL())
	if err := w.Router.PauseTarget(t.Context(), "web", router.ByPerson, "so"); err != nil {
		t.Fatal(err)
	}
	test := func(contentType, body string) router.TestResult {
		t.Helper()
		return in[router.TestResult](t, send(t, request(t, "POST", url+"/web/test", contentType, body)))
	}
	taken := test("", "")
	if taken.Means != router.MeansDelivered || taken.EventType != router.TestType || taken.Kind != "http" || taken.Took <= 0 || taken.Paused == nil {
		t.Errorf("%+v", taken)
	}
	if a := r.Arrivals()[0]; a.ID != taken.EventID || a.DeliveryID != taken.DeliveryID || a.Attempt != 1 || !strings.Contains(string(a.Body), "test") {
		t.Errorf("%+v", a)
	}
	if own := test(structured, event("mine", `, "data": 7`)); own.EventID != "mine" || own.Means != router.MeansDelivered || own.DeliveryID == taken.DeliveryID {
		t.Errorf("%+v", own)
	}
	for _, c := range []struct {
		reply routertest.Reply
		means string
	}{
		{routertest.Reply{Status: 400, Body: "not like this"}, router.MeansDeadLetter},
		{routertest.Reply{Status: 503}, router.MeansRetry},
		{routertest.Reply{Status: 429, RetryAfter: "7"}, router.MeansRetry},
		{routertest.Reply{Status: 410}, router.MeansPause},
	} {
		r.Answer(func(routertest.Arrival) routertest.Reply { return c.reply })
		got := test("", "")
		if got.Means != c.means || got.Status != c.reply.Status || got.Excerpt != c.reply.Body || got.Error == "" {
			t.Errorf("%+v: %+v", c.reply, got)
		}
		if c.reply.RetryAfter == "7" && (got.RetryAfter.Seconds() != 7 || !got.Everyone) {
			t.Errorf("%+v", got)
		}
	}
	r.Down()
	if got := test("", ""); got.Means != router.MeansRetry || got.Status != 0 || got.Error == "" {
		t.Errorf("down: %+v", got)
	}
	if s := w.Target("web"); s.State != "paused" || s.Delivered+s.Dead+s.Retried > 0 || s.Waiting+s.Active > 0 {
		t.Errorf("a test is in the accounts: %+v", s)
	}
	if s := w.Router.Status(); s.Accepted > 0 || s.Head > 0 {
		t.Errorf("a test was accepted: %+v", s)
	}
	if res := in[router.TestResult](t, send(t, request(t, "POST", url+"/kept/test", "", ""))); res.Means != router.MeansDelivered || res.Kind != "stream" {
		t.Errorf("%+v", res)
	}
}
