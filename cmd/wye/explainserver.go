package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/schemas/cloudevent"
)

type (
	event  = cloudevent.Event
	talker = io.Writer
)

// oneEvent reads the one event of a file.
func oneEvent(path string, stdin io.Reader) (*event, error) {
	items, err := sender.Read([]string{path}, stdin)
	if err != nil {
		return nil, err
	}
	if len(items) != 1 {
		return nil, fmt.Errorf("%s has %s; one is explained at a time (`wye match` runs a file of them)", path, count(len(items), "event"))
	}
	return items[0].Event, nil
}

// query is what the server is asked for beside the event.
func (f explainFlags) query() url.Values {
	v := url.Values{}
	for _, name := range f.only {
		v.Add("rule", name)
	}
	if f.all {
		v.Set("all", "true")
	}
	return v
}

// onServer has an event explained with the rules that are in force there.
func (f explainFlags) onServer(ctx context.Context, ev *event) (explainAnswer, error) {
	body := ev.AppendStructured(nil)
	var x explainAnswer
	if names := slices.Concat(f.want, f.refuse); len(names) > 0 { // those that there are not would never match
		if _, err := f.ask(ctx, http.MethodPost, url.Values{"rule": names}, body); err != nil {
			return x, err
		}
	}
	raw, err := f.ask(ctx, http.MethodPost, f.query(), body)
	if err != nil {
		return x, err
	}
	return x, f.server.readable(json.Unmarshal(raw, &x.now))
}

// past has an event explained that the server has, by sequence number or id.
func (f explainFlags) past(ctx context.Context, name string) (explainAnswer, error) {
	v := f.query()
	v.Set("event", name)
	var x explainAnswer
	raw, err := f.ask(ctx, http.MethodGet, v, nil)
	if r := (*refusal)(nil); errors.As(err, &r) && r.Status == http.StatusNotFound {
		err = &exitError{exitFindings, r}
		if _, notNumber := strconv.ParseUint(name, 10, 64); notNumber != nil {
			err = &exitError{exitFindings, fmt.Errorf("%w (and there is no file %s)", r, name)}
		}
	}
	if err != nil {
		return x, err
	}
	x.raw = raw
	return x, f.server.readable(json.Unmarshal(raw, &x.past))
}

// ask has the server explain.
func (f explainFlags) ask(ctx context.Context, method string, v url.Values, body []byte) (json.RawMessage, error) {
	base, err := f.server.base()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, serverWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, base+"/api/v1/explain?"+v.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", cloudevent.MediaTypeStructured)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, failed(fmt.Errorf("no Wye answers at %s (%w); start one with `wye serve`, or name another with --server or WYE_SERVER", base, cause(err)))
	}
	defer resp.Body.Close()
	var raw json.RawMessage
	return raw, failedUnlessRefused(base, decodeAnswer(resp, &raw))
}

// readable says of an answer that it is none of a Wye.
func (s server) readable(err error) error {
	if err == nil {
		return nil
	}
	return failedUnlessRefused(s.url, err)
}
