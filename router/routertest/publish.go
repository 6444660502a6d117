package routertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/wye-events/wye/router"
)

// Event is what a test publishes. Empty fields have defaults.
type Event struct {
	ID     string
	Source string // default /routertest
	Type   string // default com.example.test
	Data   string // JSON; default {}

	Attributes map[string]string // more of them, such as subject, and extensions
}

// Publisher publishes over HTTP, in binary mode.
type Publisher struct{ url string }

// NewPublisher gives a publisher to the Wye at url.
func NewPublisher(url string) *Publisher { return &Publisher{url} }

// Post publishes one event and gives the status of the answer, and the receipt
// where it was accepted.
func (p *Publisher) Post(ctx context.Context, ev Event) (status int, r router.Receipt, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, strings.NewReader(or(ev.Data, "{}")))
	if err != nil {
		return 0, r, err
	}
	req.Header["Ce-Specversion"] = []string{"1.0"}
	req.Header["Ce-Id"] = []string{ev.ID}
	req.Header["Ce-Source"] = []string{or(ev.Source, "/routertest")}
	req.Header["Ce-Type"] = []string{or(ev.Type, "com.example.test")}
	for name, value := range ev.Attributes {
		req.Header.Set("Ce-"+name, value)
	}
	req.Header["Content-Type"] = []string{"application/json"}
	res, err := client.Do(req)
	if err != nil {
		return 0, r, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, r, err
	}
	if res.StatusCode == http.StatusAccepted {
		err = json.Unmarshal(body, &r)
	}
	return res.StatusCode, r, err
}

// PostBatch publishes several events in one request, in their order.
func (p *Publisher) PostBatch(ctx context.Context, evs []Event) (status int, err error) {
	all := make([]map[string]any, len(evs))
	for i, ev := range evs {
		all[i] = map[string]any{
			"specversion": "1.0", "id": ev.ID, "source": or(ev.Source, "/routertest"), "type": or(ev.Type, "com.example.test"),
			"data": json.RawMessage(or(ev.Data, "{}")),
		}
		for name, value := range ev.Attributes {
			all[i][name] = value
		}
	}
	body, err := json.Marshal(all)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/cloudevents-batch+json")
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// Send publishes one event that must be accepted.
func (p *Publisher) Send(t testing.TB, ev Event) router.Receipt {
	t.Helper()
	status, r, err := p.Post(t.Context(), ev)
	if err != nil || status != http.StatusAccepted {
		t.Fatalf("publish %s: status %d, %v", ev.ID, status, err)
	}
	return r
}

// SendMany publishes n events with the ids "<prefix>0" and so on, some at a
// time, and gives their ids.
func (p *Publisher) SendMany(t testing.TB, prefix string, n int) []string {
	t.Helper()
	ids := make([]string, n)
	next := make(chan string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(prefix, i)
		next <- ids[i]
	}
	close(next)
	var all sync.WaitGroup
	for range min(n, 16) {
		all.Go(func() {
			for id := range next {
				if status, _, err := p.Post(t.Context(), Event{ID: id}); err != nil || status != http.StatusAccepted {
					t.Errorf("publish %s: status %d, %v", id, status, err)
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return ids
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// URL is where the publisher publishes.
func (p *Publisher) URL() string { return p.url }
