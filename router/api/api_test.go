package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/routertest"
)

const limit = 64 << 10

const rules = `version: 1
targets: {kept: {stream: {subject: audit.all}}}
rules: {all: {on: "**", to: kept}}
`

func ingest(t *testing.T) (*routertest.Wye, string) {
	w := routertest.Start(t, rules)
	s := httptest.NewServer(api.Ingest(w.Router, limit))
	t.Cleanup(s.Close)
	return w, s.URL
}

type answer struct {
	status int
	header http.Header
	body   string
}

// problemDoc is what a refusal says (RFC 9457).
type problemDoc struct {
	Type, Title, Detail, Attribute string
	Status                         int
	Limit                          int64
	Faults                         []struct {
		Index             *int
		Attribute, Detail string
	}
}

func send(t *testing.T, req *http.Request) answer {
	t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

func request(t *testing.T, method, url, contentType, body string, headers ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return req
}

func (a answer) problem(t *testing.T) (p problemDoc) {
	t.Helper()
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("content type %q of %s", ct, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	if p.Status != a.status || p.Type == "" || p.Title == "" || p.Detail == "" {
		t.Errorf("status %d: not a whole problem document: %s", a.status, a.body)
	}
	return p
}

const (
	structured = "application/cloudevents+json"
	batch      = "application/cloudevents-batch+json"
)

func event(id string, more string) string {
	return fmt.Sprintf(`{"specversion": "1.0", "id": %q, "source": "/t", "type": "com.example.t"%s}`, id, more)
}

var attributes = []string{"Ce-Specversion", "1.0", "Ce-Id", "b", "Ce-Source", "/t", "Ce-Type", "com.example.t"}

// TestBadRequests sends what must be refused: each gets a document that says
// what is wrong, nothing is stored, and the next good event is taken.
func TestBadRequests(t *testing.T) {
	w, url := ingest(t)
	deep := strings.Repeat("[", 600) + strings.Repeat("]", 600)
	for name, c := range map[string]struct {
		req       *http.Request
		status    int
		attribute string
		says      string
	}{
		"no event at all":     {request(t, "POST", url, "text/plain", "hello"), 400, "", "ce-"},
		"empty":               {request(t, "POST", url, "", ""), 400, "", "ce-"},
		"no id":               {request(t, "POST", url, "", "", "Ce-Specversion", "1.0", "Ce-Source", "/t", "Ce-Type", "t"), 400, "id", "missing"},
		"bad time":            {request(t, "POST", url, "", "", append(attributes, "Ce-Time", "yesterday")...), 400, "time", "RFC 3339"},
		"bad utf-8":           {request(t, "POST", url, "", "", append(attributes, "Ce-Subject", "%C3%28")...), 400, "subject", "UTF-8"},
		"bad extension name":  {request(t, "POST", url, "", "", append(attributes, "Ce-A.b", "x")...), 400, "a.b", ""},
		"attribute twice":     {request(t, "POST", url, "", "", append(attributes, "Ce-Id", "c")...), 400, "id", ""},
		"data is no JSON":     {request(t, "POST", url, "application/json", `{"a":`, attributes...), 400, "", ""},
		"duplicate members":   {request(t, "POST", url, structured, event("a", `, "id": "c"`)), 400, "id", ""},
		"both kinds of data":  {request(t, "POST", url, structured, event("a", `, "data": 1, "data_base64": "AA=="`)), 400, "", "data_base64"},
		"not JSON":            {request(t, "POST", url, structured, "<event/>"), 400, "", ""},
		"trailing garbage":    {request(t, "POST", url, structured, event("a", "")+"x"), 400, "", ""},
		"deep":                {request(t, "POST", url, structured, event("a", `, "data": `+deep)), 400, "", "deep"},
		"batch, one bad":      {request(t, "POST", url, batch, "["+event("x", "")+","+event("", "")+"]"), 400, "id", "event 1"},
		"batch, no list":      {request(t, "POST", url, batch, event("a", "")), 400, "", ""},
		"event in XML":        {request(t, "POST", url, "application/cloudevents+xml", "<event/>"), 415, "", ""},
		"UTF-16":              {request(t, "POST", url, structured+"; charset=utf-16", "x"), 415, "", ""},
		"compressed":          {request(t, "POST", url, structured, "x", "Content-Encoding", "gzip"), 415, "", "gzip"},
		"too large":           {request(t, "POST", url, structured, event("a", `, "data": "`+strings.Repeat("x", limit)+`"`)), 413, "", "65536 bytes"},
		"too large, unknown":  {chunked(t, url, limit+1), 413, "", "65536 bytes"},
		"wrong method":        {request(t, "GET", url+"/events", "", ""), 405, "", "POST"},
		"nothing there":       {request(t, "POST", url+"/event", "", ""), 404, "", "/events"},
		"attributes too long": {request(t, "POST", url, "", "", append(attributes, "Ce-Long", strings.Repeat("x", 40<<10))...), 413, "long", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := send(t, c.req)
			p := a.problem(t)
			if a.status != c.status || p.Attribute != c.attribute || !strings.Contains(p.Detail, c.says) {
				t.Errorf("want %d, attribute %q, a text with %q; got %d: %s", c.status, c.attribute, c.says, a.status, a.body)
			}
			if a.status == 413 && c.attribute == "" && p.Limit != limit {
				t.Errorf("the limit is not told: %s", a.body)
			}
		})
	}
	if head := w.Router.Status().Head; head != 0 {
		t.Errorf("%d events were stored", head)
	}
	if a := send(t, request(t, "POST", url, structured, event("good", ""))); a.status != 202 {
		t.Errorf("a good event afterwards: %d %s", a.status, a.body)
	}
	w.Settled()
}

func chunked(t *testing.T, url string, n int) *http.Request {
	req := request(t, "POST", url, structured, "")
	req.Body, req.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("x", n))), -1
	return req
}

// TestBodyThatEndsEarly announces more than it sends.
func TestBodyThatEndsEarly(t *testing.T) {
	w, url := ingest(t)
	for _, announced := range []int{200, limit} { // read at once, and as it comes
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", structured, announced, event("cut", ""))
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(routertest.Patience))
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != 400 {
			t.Errorf("%d for a body that ends early", res.StatusCode)
		}
	}
	if head := w.Router.Status().Head; head != 0 {
		t.Errorf("%d events were stored", head)
	}
}

func TestReceipts(t *testing.T) {
	_, url := ingest(t)
	for _, c := range []struct{ name, contentType, body, want string }{
		{"first", structured, event(`a"<é`, ""), `{"id":"a\"\u003cé","source":"/t","sequence":1,"duplicate":false}`},
		{"again", structured, event(`a"<é`, ""), `{"id":"a\"\u003cé","source":"/t","sequence":1,"duplicate":true}`},
		{"batch", batch, "[" + event("b", "") + "," + event("b", "") + "," + event("c", "") + "]",
			`[{"id":"b","source":"/t","sequence":2,"duplicate":false},{"id":"b","source":"/t","sequence":2,"duplicate":true},{"id":"c","source":"/t","sequence":3,"duplicate":false}]`},
		{"empty batch", batch, "[]", "[]"},
	} {
		a := send(t, request(t, "POST", url+"/events", c.contentType, c.body))
		if a.status != 202 || strings.TrimSpace(a.body) != c.want || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s\nwant 202 %s", c.name, a.status, a.body, c.want)
		}
	}
}

func admin(t *testing.T, rules string) (*routertest.Wye, string) {
	w := routertest.Start(t, rules)
	s := httptest.NewServer(api.Admin(w.Router, prometheus.NewRegistry()))
	t.Cleanup(s.Close)
	return w, s.URL
}

func TestAdmin(t *testing.T) {
	w, url := admin(t, rules)
	get := func(path string) answer { return send(t, request(t, "GET", url+path, "", "")) }
	for path, want := range map[string]string{
		"/-/healthy": "healthy", "/-/ready": "ready", "/api/v1/status": `"durability":"durable"`,
		"/api/v1/rules": `"on":["**"]`, "/api/v1/targets": `"kind":"stream"`, "/api/v1/dead": `{"dead_letters":[]}`, "/metrics": "",
	} {
		if a := get(path); a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/-/reload", 405}, {"POST", "/-/ready", 405}, {"POST", "/api/v1/rules", 405}, {"PUT", "/api/v1/explain", 405}, {"DELETE", "/api/v1/events/1", 405}, {"POST", "/api/v1/tail", 405}, {"POST", "/api/v1/nothing", 404}, {"GET", "/nothing", 404},
		{"GET", "/api/v1/dead/7", 404}, {"GET", "/api/v1/dead/x", 400}, {"GET", "/api/v1/dead?limit=x", 400}, {"GET", "/api/v1/dead?from=-1", 400},
	} {
		a := send(t, request(t, c.method, url+c.path, "", ""))
		a.problem(t)
		if a.status != c.status {
			t.Errorf("%s %s: %d, want %d: %s", c.method, c.path, a.status, c.status, a.body)
		}
	}

	w.WriteRules(strings.Replace(rules, "to: kept", "to: kpt", 1))
	a := send(t, request(t, "POST", url+"/-/reload", "", ""))
	if a.problem(t); a.status != 422 || !strings.Contains(a.body, `did you mean \"kept\"`) {
		t.Errorf("bad rules: %d %s", a.status, a.body)
	}
	before := w.Router.Status().Version
	w.WriteRules(rules + "# changed\n")
	if a := send(t, request(t, "POST", url+"/-/reload", "", "")); a.status != 200 || w.Router.Status().Version == before {
		t.Errorf("good rules: %d %s", a.status, a.body)
	}
}

// TestOtherSites refuses what a browser could be made to send by a page.
func TestOtherSites(t *testing.T) {
	_, url := admin(t, rules)
	rebound := request(t, "GET", url+"/api/v1/dead", "", "")
	rebound.Host = "evil.example"
	for name, req := range map[string]*http.Request{
		"another site's form":                   request(t, "POST", url+"/-/reload", "", "", "Sec-Fetch-Site", "cross-site"),
		"another origin":                        request(t, "POST", url+"/-/reload", "", "", "Origin", "https://evil.example"),
		"a name that points here for the while": rebound,
	} {
		a := send(t, req)
		if a.problem(t); a.status != 403 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	own := request(t, "GET", url+"/-/ready", "", "")
	own.Host = "localhost:8081"
	if a := send(t, own); a.status != 200 {
		t.Errorf("localhost: %d %s", a.status, a.body)
	}
}

// TestDeadLettersInPages pages through dead letters that are larger than what
// the store gives at once.
func TestDeadLettersInPages(t *testing.T) {
	refusing := routertest.NewReceiver(t, routertest.Always(400))
	w, url := admin(t, fmt.Sprintf(`version: 1
targets: {web: {http: {url: %q}}}
rules: {all: {on: "**", to: web}}
`, refusing.URL()))
	const letters = 9
	large := `"` + strings.Repeat("x", 900<<10) + `"`
	for i := range letters {
		w.Send(t, routertest.Event{ID: fmt.Sprint(i), Data: large})
	}
	w.UntilDead("web", letters)
	seen, from := map[string]bool{}, uint64(1)
	for from > 0 {
		a := send(t, request(t, "GET", fmt.Sprintf("%s/api/v1/dead?limit=8&from=%d", url, from), "", ""))
		var page api.DeadPage
		if err := json.Unmarshal([]byte(a.body), &page); err != nil {
			t.Fatal(err)
		}
		for _, l := range page.Letters {
			seen[l.EventID] = true
		}
		from = page.Next
	}
	if len(seen) != letters {
		t.Errorf("%d of %d dead letters in all pages", len(seen), letters)
	}
	one := send(t, request(t, "GET", url+"/api/v1/dead/1", "", ""))
	if !strings.Contains(one.body, `"status":400`) || !strings.Contains(one.body, "xxxx") {
		t.Errorf("%.300s", one.body)
	}
}
