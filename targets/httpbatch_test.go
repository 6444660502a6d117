package targets_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
	"github.com/wye-events/wye/targets/targettest"
)

// batchTo makes a target of batches, closed by the test's end.
func batchTo(t testing.TB, cfg targets.HTTPConfig) targets.Batcher {
	t.Helper()
	cfg.Batch = true
	return target(t, cfg).(targets.Batcher)
}

// fourEvents are e-0 of /a, e-1 of /a, e-1 of /b, and e-0 of /a for another rule.
func fourEvents() (ds []targets.Delivery) {
	for i, name := range []struct{ id, source string }{{"e-0", "/a"}, {"e-1", "/a"}, {"e-1", "/b"}, {"e-0", "/a"}} {
		ds = append(ds, targettest.Delivery(i, &cloudevent.Event{ID: name.id, Source: name.source, Type: "t"}))
	}
	return ds
}

// takenOf says which were taken, as in "+--+".
func takenOf(ds []targets.Delivery, errs []error) string {
	taken := strings.Repeat("+", len(ds))
	for i, err := range errs {
		if err != nil {
			taken = taken[:i] + "-" + taken[i+1:]
		}
	}
	return taken
}

func deliverBatch(t testing.TB, to targets.Batcher, ds []targets.Delivery) []error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	errs := to.DeliverBatch(ctx, ds)
	for _, err := range errs {
		if err != nil {
			targettest.CheckError(t, err)
		}
	}
	return errs
}

// TestBatchAnswers are good answers to a batch, and what they say of its events.
func TestBatchAnswers(t *testing.T) {
	for body, want := range map[string]struct{ taken, text string }{
		``:                              {"++++", ""},
		" \r\n":                         {"++++", ""},
		`{}`:                            {"++++", ""},
		`[]`:                            {"++++", ""},
		`null`:                          {"++++", ""},
		`OK, 0 failures`:                {"++++", ""},
		`{"accepted":4`:                 {"++++", ""},
		`{"failures":[]}`:               {"++++", ""},
		`{"failures":null}`:             {"++++", ""},
		`{"accepted":4,"failures":0}`:   {"++++", ""},
		`{"batchItemFailures":[]}`:      {"++++", ""},
		`{"stats":{"failures":[1]}}`:    {"++++", ""}, // somewhere else it is something else
		`<p>0 failures</p>`:             {"++++", ""},
		`{"text":"there are failures"}`: {"++++", ""},

		`{"failures":[{"id":"e-1","source":"/b","error":"no such order"}]}`:                          {"++-+", "answered 200: no such order"},
		`{"failures":[{"id":"e-0","source":"/a"}]}`:                                                  {"-++-", "this event of a batch was not taken: answered 200"},
		`{"failures":[{"id":"e-1"}]}`:                                                                {"+--+", "answered 200"},
		`{"failures":[{"id":"e-1","source":null,"error":{"code":7}}]}`:                               {"+--+", `answered 200: {"code":7}`},
		` {"ok":false,"Failures":[{"Id":"e-1","Source":"/a","retry_after":9,"error":null}],"n":[]} `: {"+-++", "answered 200"},
		`{"batchItemFailures":[{"itemIdentifier":"e-1"}]}`:                                           {"+--+", "answered 200"},
		`{"batchItemFailures":[{"itemIdentifier":"e-1"}],"failures":[{"id":"e-0"}]}`:                 {"----", "answered 200"},

		`{"failures":[{"id":"e-7","source":"/a"}]}`:                    {"----", `names a failed event that was not in it, id "e-7" of source "/a"`},
		`{"failures":[{"id":"e-0","source":"/c"}]}`:                    {"----", "that was not in it"},
		`{"failures":[{"id":"e-0"},{"id":"e-7"}]}`:                     {"----", "that was not in it"},
		`{"batchItemFailures":[{"itemIdentifier":"E-1"}]}`:             {"----", "that was not in it"},
		`{"failures":[{}]}`:                                            {"----", "has failures in a form that cannot be understood"},
		`{"failures":[{"id":7}]}`:                                      {"----", "in a form that cannot be understood"},
		`{"failures":[{"id":""}]}`:                                     {"----", "in a form that cannot be understood"},
		`{"failures":["e-1"]}`:                                         {"----", "in a form that cannot be understood"},
		`{"failures":{"id":"e-1"}}`:                                    {"----", "in a form that cannot be understood"},
		`{"failures":3}`:                                               {"----", "in a form that cannot be understood"},
		`{"failures":true}`:                                            {"----", "in a form that cannot be understood"},
		`{"failures":[],"failures":[{"id":"e-1"}]}`:                    {"----", "answer it once"},
		`{"failures":[],"FAILURES":[{"id":"e-1"}]}`:                    {"----", "answer it once"},
		`{"batchItemFailures":[{"itemIdentifier":""}]}`:                {"----", "batchitemfailures in a form that cannot be understood"},
		`{"batchItemFailures":[{"itemIdentifier":null}]}`:              {"----", "in a form that cannot be understood"},
		`{"failures":[{"id":"e-1","sour`:                               {"----", "is not a JSON object"},
		`{"failures":[{"id":"e-1"}]} and more`:                         {"----", "is not a JSON object"},
		`{'failures':[{'id':'e-1'}]}`:                                  {"----", "is not a JSON object"},
		`[{"failures":[{"id":"e-1"}]}]`:                                {"----", "is not a JSON object"},
		`"{\"failures\":[{\"id\":\"e-1\"}]}"`:                          {"----", "is not a JSON object"},
		`{"text":"` + strings.Repeat("x", 70<<10) + `","failures":[]}`: {"----", "JSON of 64 KiB or more"},
		strings.Repeat("x", 70<<10):                                    {"++++", ""},
	} {
		t.Run(fmt.Sprintf("%.60s", body), func(t *testing.T) {
			ds := fourEvents()
			errs := deliverBatch(t, batchTo(t, targets.HTTPConfig{URL: answer(t, 200, nil, body).URL}), ds)
			if got := takenOf(ds, errs); got != want.taken {
				t.Errorf("taken %s, want %s: %v", got, want.taken, errs)
			}
			for _, err := range errs {
				if err == nil {
					continue
				}
				wantText(t, err, want.text)
				if a := targets.AnswerOf(err); effectOf(err) != (effect{}) || a == nil || a.Status != 200 {
					t.Errorf("not an ordinary failure with its answer: %+v, %+v", effectOf(err), a)
				}
			}
		})
	}
}

// TestBatchAnswerBreaksOff, so nobody knows what it would have said.
func TestBatchAnswerBreaksOff(t *testing.T) {
	r := raw(t, func(int) string { return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"failures\":[" })
	ds := fourEvents()
	errs := deliverBatch(t, batchTo(t, targets.HTTPConfig{URL: r.url}), ds)
	if got := takenOf(ds, errs); got != "----" {
		t.Fatalf("taken %s", got)
	}
	wantText(t, errs[0], "the connection was closed before the answer was complete")
}

// TestBatchRequest is what a receiver sees.
func TestBatchRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	r := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	ds := fourEvents()[:2]
	ds[0].Attempt, ds[1].Attempt, ds[1].Replay = 7, 2, "r-7"
	ds[0].Event.Extensions = []cloudevent.Extension{
		{Name: "a", Value: "b"}, {Name: "wyedeliveryid", Value: "of long ago"}, {Name: "wyereplay", Value: "r-1"}, {Name: "wyerules", Value: "v0"},
	}
	to := batchTo(t, targets.HTTPConfig{URL: r.URL, Format: "structured"})
	if errs := deliverBatch(t, to, ds); errs != nil {
		t.Fatal(errs)
	}
	for name, want := range map[string]string{
		"Content-Type": cloudevent.MediaTypeBatch, "Wye-Attempt": "7", "Wye-Delivery-Id": "", "Wye-Replay": "", "Wye-Rules": "", "Ce-Id": "",
	} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s: %q, want %q", name, value, want)
		}
	}
	want := `[{"specversion":"1.0","id":"e-0","source":"/a","type":"t","a":"b","wyedeliveryid":"0/a-rule/a-target","wyerules":"v1"},` +
		`{"specversion":"1.0","id":"e-1","source":"/a","type":"t","wyedeliveryid":"1/a-rule/a-target","wyereplay":"r-7","wyerules":"v1"}]`
	if string(body) != want {
		t.Errorf("sent\n%s\nwant\n%s", body, want)
	}
	if err := to.Deliver(t.Context(), ds[1]); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(body, []byte(`[{"specversion":"1.0","id":"e-1"`)) {
		t.Errorf("one event alone was sent as %s", body)
	}
}

// choosy answers a request by the ids of its events, and keeps what it took.
type choosy struct {
	*receiver
	requests atomic.Int64
	took     []string // by one request after another
}

func newChoosy(t testing.TB, says func(ids []string) int) *choosy {
	c := &choosy{}
	c.receiver = serve(t, func(w http.ResponseWriter, r *http.Request) {
		c.requests.Add(1)
		var events []struct{ ID string }
		if err := json.NewDecoder(r.Body).Decode(&events); err != nil {
			t.Errorf("no batch arrived: %v", err)
		}
		var ids []string
		for _, e := range events {
			ids = append(ids, e.ID)
		}
		status := says(ids)
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "7")
		}
		w.WriteHeader(status)
		if status < 300 {
			c.took = append(c.took, ids...)
		}
	})
	return c
}

func has(ids []string, id string) bool {
	return strings.Contains(" "+strings.Join(ids, " ")+" ", " "+id+" ")
}

func letters(text string) (ds []targets.Delivery) {
	for i, id := range strings.Split(text, "") {
		ds = append(ds, targettest.Delivery(i, &cloudevent.Event{ID: id, Source: "/", Type: "t"}))
	}
	return ds
}

// TestBatchIsSplit: what is wrong with one event does not become the others'.
func TestBatchIsSplit(t *testing.T) {
	refusing := func(status int, bad ...string) func([]string) int {
		return func(ids []string) int {
			for _, b := range bad {
				if has(ids, b) {
					return status
				}
			}
			return 200
		}
	}
	largest := func(n int) func([]string) int {
		return func(ids []string) int {
			if len(ids) > n {
				return 413
			}
			return 200
		}
	}
	retry413 := append(targets.StatusTable{{413, 413, targets.Retry}}, targets.DefaultStatuses()...)
	for name, c := range map[string]struct {
		says     func([]string) int
		statuses targets.StatusTable
		taken    string // of abcdefgh
		requests int64
		rest     effect // of those that were not
	}{
		"too large":             {largest(3), nil, "++++++++", 7, effect{}},
		"each too large":        {largest(0), nil, "--------", 15, effect{permanent: true}},
		"too large by a table":  {largest(3), retry413, "++++++++", 7, effect{}},
		"one poisoned":          {refusing(422, "f"), nil, "+++++-++", 7, effect{permanent: true}},
		"two poisoned":          {refusing(400, "a", "h"), nil, "-++++++-", 11, effect{permanent: true}},
		"refused by a firewall": {refusing(403, "c"), nil, "++-+++++", 7, effect{permanent: true}},
		"no such format":        {refusing(415, "a", "h"), nil, "--------", 1, effect{permanent: true}},
		"no such method":        {refusing(405, "a", "h"), nil, "--------", 1, effect{permanent: true}},
		"no credentials":        {refusing(401, "a", "h"), nil, "--------", 1, effect{permanent: true}},
		"a redirect":            {refusing(302, "a", "h"), nil, "--------", 1, effect{permanent: true}},
		"failing":               {refusing(500, "a", "h"), nil, "--------", 1, effect{}},
		"busy":                  {refusing(429, "a", "h"), nil, "--------", 1, effect{everyone: true, wait: 7 * time.Second}},
		"gone":                  {refusing(410, "a", "h"), nil, "--------", 1, effect{gone: true}},
	} {
		t.Run(name, func(t *testing.T) {
			r, ds := newChoosy(t, c.says), letters("abcdefgh")
			errs := deliverBatch(t, batchTo(t, targets.HTTPConfig{URL: r.URL, Statuses: c.statuses}), ds)
			if got := takenOf(ds, errs); got != c.taken {
				t.Errorf("taken %s, want %s: %v", got, c.taken, errs)
			}
			if n := r.requests.Load(); n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
			for _, err := range errs {
				if err != nil && effectOf(err) != c.rest {
					t.Errorf("%+v, want %+v: %v", effectOf(err), c.rest, err)
				}
			}
			want := strings.Map(func(r rune) rune {
				if c.taken[r-'a'] == '-' {
					return -1
				}
				return r
			}, "abcdefgh")
			if got := strings.Join(r.took, ""); got != want {
				t.Errorf("arrived %s, want %s: in order, and each once", got, want)
			}
		})
	}
}

// TestBatchSplitEnds where the receiver asks for a pause in the middle: nothing
// more is sent, and what was taken stays taken.
func TestBatchSplitEnds(t *testing.T) {
	for status, want := range map[int]effect{
		429: {everyone: true, wait: 7 * time.Second}, 503: {}, 410: {gone: true},
	} {
		r := newChoosy(t, func(ids []string) int {
			switch {
			case len(ids) > 2:
				return 413
			case has(ids, "c"):
				return status
			}
			return 200
		})
		ds := letters("abcdefgh")
		errs := deliverBatch(t, batchTo(t, targets.HTTPConfig{URL: r.URL}), ds)
		if got := takenOf(ds, errs); got != "++------" || r.requests.Load() != 4 {
			t.Errorf("%d: taken %s after %d requests: %v", status, got, r.requests.Load(), errs)
		}
		for _, err := range errs[2:] {
			if effectOf(err) != want {
				t.Errorf("%d: %+v, want %+v", status, effectOf(err), want)
			}
		}
	}
}

// TestBatchSplitInTime has one timeout for all requests of a batch.
func TestBatchSplitInTime(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	r := newChoosy(t, func(ids []string) int {
		if len(ids) > 4 {
			return 413
		}
		if has(ids, "e") {
			<-hold
		}
		return 200
	})
	ds := letters("abcdefgh")
	errs := deliverBatch(t, batchTo(t, targets.HTTPConfig{URL: r.URL, Timeout: 300 * time.Millisecond}), ds)
	if got := takenOf(ds, errs); got != "++++----" {
		t.Fatalf("taken %s: %v", got, errs)
	}
	wantText(t, errs[7], "timeout after 300ms while waiting for the answer")
}

// TestBatchFormat: who knows no batches is told what to do.
func TestBatchFormat(t *testing.T) {
	to := batchTo(t, targets.HTTPConfig{URL: answer(t, 415, nil, "what is this?").URL})
	wantText(t, deliverBatch(t, to, letters("ab"))[0],
		"answered 415: what is this? (the receiver may not take application/cloudevents-batch+json; teach it, or remove batch from the target)")
}

// TestBatchRotation looks a refused secret up again.
func TestBatchRotation(t *testing.T) {
	path := writeFile(t, "old")
	r := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	to := batchTo(t, targets.HTTPConfig{URL: r.URL, Headers: map[string]string{"authorization": "Bearer ${file:" + path + "}"}})
	if err := os.WriteFile(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if errs := deliverBatch(t, to, letters("abc")); errs != nil {
		t.Error(errs)
	}
}

// TestNoBatch: only who says so gets batches.
func TestNoBatch(t *testing.T) {
	if _, is := target(t, targets.HTTPConfig{URL: "http://127.0.0.1:1"}).(targets.Batcher); is {
		t.Error("a target of single events is a Batcher")
	}
}
