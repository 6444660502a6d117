package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/routertest"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// watcher reads a tail.
type watcher struct {
	t    *testing.T
	body *bufio.Reader
	end  context.CancelFunc
	res  *http.Response
}

func watch(t *testing.T, url string) *watcher {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), routertest.Patience)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return &watcher{t: t, body: bufio.NewReader(res.Body), end: cancel, res: res}
}

func (w *watcher) next() (line router.TailLine) {
	w.t.Helper()
	text, err := w.body.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(text, &line)
	}
	if err != nil {
		w.t.Fatalf("%v in %q", err, text)
	}
	return line
}

const tailRules = `version: 1
targets: {kept: {stream: {subject: audit.all}}}
rules: {all: {on: com.example.test, to: kept}, large: {on: "**", when: event.data.total > 100, to: kept}}
`

// TestTail: lines come as events do, and only those asked for.
func TestTail(t *testing.T) {
	w, at := admin(t, tailRules)
	all := watch(t, at+"/api/v1/tail")
	if all.res.StatusCode != 200 || all.res.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatal(all.res.Status, all.res.Header)
	}
	some := watch(t, at+"/api/v1/tail?where="+url.QueryEscape(`event.data.total > 100 && event.type == "<other>"`)+"&outcomes=true")
	unmatched := watch(t, at+"/api/v1/tail?unmatched=1")
	// Each is seen before the next is sent.
	for i, ev := range []routertest.Event{
		{ID: "A"}, {ID: "B", Type: "nothing"}, {ID: "C", Type: "<other>", Data: `{"total": 250}`},
	} {
		w.Send(t, ev)
		if got := all.next(); got.TailEvent == nil || got.ID != ev.ID || got.Sequence != uint64(i+1) {
			t.Fatalf("%+v", got)
		}
	}
	got := some.next()
	if got.ID != "C" || got.Type != "<other>" || len(got.Matched) != 1 || got.Matched[0].Rule != "large" || got.Matched[0].To[0] != "kept" {
		t.Errorf("%+v", got.TailEvent)
	}
	if got := some.next(); got.Outcome == nil || got.Outcome.Sequence != 3 || got.Outcome.Outcome != "delivered" {
		t.Errorf("%+v", got)
	}
	if got := unmatched.next(); got.ID != "B" || !got.Unmatched() {
		t.Errorf("%+v", got)
	}
}

// TestTailText is what a line looks like.
func TestTailText(t *testing.T) {
	w, at := admin(t, tailRules)
	all := watch(t, at+"/api/v1/tail")
	w.Send(t, routertest.Event{ID: "A<1>", Type: "nothing"})
	text, err := all.body.ReadString('\n')
	if want := `","type":"nothing","source":"/routertest","id":"A<1>","rules_version":"` + w.Router.Status().Version + `","matched":[]}` + "\n"; err != nil ||
		!strings.HasPrefix(text, `{"sequence":1,"at":"20`) || !strings.HasSuffix(text, want) {
		t.Errorf("%v, %s", err, text)
	}
}

func TestBadTails(t *testing.T) {
	_, at := admin(t, tailRules)
	for query, says := range map[string]string{
		"where=" + url.QueryEscape("event.sorce == 1"): "where:1:7: sorce is hardly the name of an attribute; did you mean event.source?",
		"wher=event.id":                          `There is no parameter "wher" here; there are where, unmatched and outcomes.`,
		"where=":                                 "where:1:1: the condition is empty",
		"where=" + url.QueryEscape("event.type"): "where:1:",
		"where=%ff":                              "where:1:1: this byte is not UTF-8 text",
		"where=" + strings.Repeat("(", 8<<10):    "where:1:49: the condition is nested more than 48 brackets deep",
		"where=" + strings.Repeat("x", 9<<10):    "the condition has 9216 bytes; it may have 8192",
		"unmatched=perhaps":                      `unmatched="perhaps" is neither true nor false.`,
		"outcomes=2":                             `outcomes="2" is neither true nor false.`,
	} {
		a := send(t, request(t, "GET", at+"/api/v1/tail?"+query, "", ""))
		if p := a.problem(t); a.status != 400 || !strings.Contains(p.Detail, says) {
			t.Errorf("%.60s: %d %s; expected %q", query, a.status, a.body, says)
		}
	}
	a := send(t, request(t, "GET", at+"/api/v1/tail?where="+url.QueryEscape("event.sorce == 1"), "", ""))
	if !strings.Contains(a.body, `"problems":[{"severity":"error","code":"WYE042","file":"where","line":1,"column":7,`) {
		t.Error(a.body)
	}
	if a := send(t, request(t, "POST", at+"/api/v1/tail", "", "")); a.status != 405 {
		t.Error(a.status, a.body)
	}
	if a := send(t, request(t, "HEAD", at+"/api/v1/tail", "", "")); a.status != 200 || a.body != "" {
		t.Error(a.status, a.body)
	}
}

// TestTooManyTails: one more than may is asked to come back, and is let in when
// another has gone.
func TestTooManyTails(t *testing.T) {
	_, at := admin(t, tailRules)
	first := watch(t, at+"/api/v1/tail")
	for range 31 {
		watch(t, at+"/api/v1/tail")
	}
	a := send(t, request(t, "GET", at+"/api/v1/tail", "", ""))
	if a.problem(t); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Error(a.status, a.body)
	}
	first.end()
	routertest.Until(t, "a place is free", func() bool { return watch(t, at+"/api/v1/tail").res.StatusCode == 200 }, func() any { return nil })
}

// TestTailOutlastsLimits: the limits of a server's other requests do not end a
// tail.
func TestTailOutlastsLimits(t *testing.T) {
	w := routertest.Start(t, tailRules)
	const limit = 50 * time.Millisecond
	s := httptest.NewUnstartedServer(api.Admin(w.Router, prometheus.NewRegistry()))
	s.Config.ReadTimeout, s.Config.WriteTimeout = limit, limit
	s.Start()
	t.Cleanup(s.Close)
	all := watch(t, s.URL+"/api/v1/tail")
	for n, end := 0, time.Now().Add(4*limit); time.Now().Before(end); n++ {
		w.Send(t, routertest.Event{ID: strconv.Itoa(n)})
		if got := all.next(); got.ID != strconv.Itoa(n) {
			t.Fatalf("%+v", got)
		}
	}
}

// TestTailEndsWithServer: a server that shuts down does not wait for those who
// watch, not even for one that takes nothing.
func TestTailEndsWithServer(t *testing.T) {
	w := routertest.Start(t, tailRules)
	s := httptest.NewServer(api.Admin(w.Router, prometheus.NewRegistry()))
	t.Cleanup(s.Close)
	idle, stalled := watch(t, s.URL+"/api/v1/tail"), watch(t, s.URL+"/api/v1/tail")
	// Far more than the sockets between hold, and read by nobody.
	evs := make([]*cloudevent.Event, 400)
	for i := range evs {
		evs[i] = &cloudevent.Event{ID: strconv.Itoa(i), Source: "/t", Type: "com.example.t", Subject: strings.Repeat("s", 30<<10)}
	}
	if _, err := w.Router.Accept(t.Context(), evs...); err != nil {
		t.Fatal(err)
	}
	if got := idle.next(); got.Sequence != 1 {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), routertest.Patience)
	defer cancel()
	if err := s.Config.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, idle.body); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	stalled.end()
}
