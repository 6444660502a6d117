package sender

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// answerWithin is how long a request may take. It is longer than a server takes
// to give up on its disk.
const answerWithin = 60 * time.Second

// mostAnswer bounds the answer that is read: a receipt for each event of a batch.
const mostAnswer = 16 << 20

// httpPublisher speaks the HTTP binding.
type httpPublisher struct {
	to     string
	mode   cloudevent.Mode
	client *http.Client
}

func newHTTPPublisher(cfg Config) *httpPublisher {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, max(cfg.Concurrency, 1)
	return &httpPublisher{to: cfg.To, mode: cfg.Mode, client: &http.Client{
		Transport: t, Timeout: answerWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (p *httpPublisher) close() { p.client.CloseIdleConnections() }

func (p *httpPublisher) publish(ctx context.Context, items []Item) ([]Receipt, error) {
	header, body := encode(p.mode, items)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.to, bytes.NewReader(body))
	if err != nil {
		return nil, &Unreachable{p.to, err}
	}
	req.Header = header
	req.Header.Set("User-Agent", "wye-send")
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, &Unreachable{p.to, withoutURL(err)}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return nil, &Unreachable{p.to, err}
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, refusalOf(resp, answer)
	}
	return receiptsOf(p.mode == cloudevent.Batched, len(items), answer)
}

func withoutURL(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}

// encode is a message with the events.
func encode(mode cloudevent.Mode, items []Item) (header http.Header, body []byte) {
	switch mode {
	case cloudevent.Batched:
		evs := make([]*cloudevent.Event, len(items))
		for i, it := range items {
			evs[i] = it.Event
		}
		return http.Header{"Content-Type": {cloudevent.MediaTypeBatch}}, cloudevent.AppendBatch(nil, evs)
	case cloudevent.Structured:
		return http.Header{"Content-Type": {cloudevent.MediaTypeStructured}}, items[0].Event.AppendStructured(nil)
	}
	return items[0].Event.BinaryHeader(), items[0].Event.Data
}

// receiptsOf reads the answer to a request with n events. An answer of another
// kind came from something that is not Wye.
func receiptsOf(batch bool, n int, answer []byte) ([]Receipt, error) {
	receipts := make([]Receipt, 1)
	to := any(&receipts[0])
	if batch {
		to = &receipts
	}
	err := json.Unmarshal(answer, to)
	if err == nil && (len(receipts) != n || receipts[0].ID == "") {
		err = errors.New("there is not one for each event")
	}
	if err != nil {
		return nil, &Refusal{Status: http.StatusAccepted, Title: "Not the answer of a Wye",
			Detail: fmt.Sprintf("the receipts cannot be read: %s", err)}
	}
	return receipts, nil
}

// refusalOf reads a problem document, or makes do with the status.
func refusalOf(resp *http.Response, answer []byte) *Refusal {
	var problem struct {
		Title, Detail, Attribute string
	}
	if json.Unmarshal(answer, &problem) != nil || problem.Detail == "" {
		problem.Detail = excerpt(answer)
	}
	if problem.Title == "" {
		problem.Title = http.StatusText(resp.StatusCode)
	}
	return &Refusal{Status: resp.StatusCode, Title: problem.Title, Detail: problem.Detail,
		Attribute: problem.Attribute, Wait: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
}

const excerptLength = 200

func excerpt(answer []byte) string {
	answer = bytes.TrimSpace(answer)
	if len(answer) == 0 {
		return "the server says no more than that"
	}
	return string(answer[:min(len(answer), excerptLength)])
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if s, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
