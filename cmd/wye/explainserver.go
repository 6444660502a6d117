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
	"os"
	"strconv"
	"strings"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/router/api"
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
		return nil, notOnlyData(path, err)
	}
	if len(items) != 1 {
		return nil, fmt.Errorf("%s has %s; one is explained at a time (`wye match` runs a file of them)", path, count(len(items), "event"))
	}
	return items[0].Event, nil
}

// notOnlyData adds to why a file has no event, where it seems to be only the data of one.
func notOnlyData(path string, err error) error {
	var members map[string]json.RawMessage
	text, unread := os.ReadFile(path)
	if unread != nil || json.Unmarshal(text, &members) != nil || members["specversion"] != nil {
		return err
	}
	return fmt.Errorf("%w (this is no event: it has no specversion; is it only the data of one? That goes under data)", err)
}

// query is what the server is asked for beside the event.
func query(only []string, all bool) url.Values {
	v := url.Values{"rule": only}
	if all {
		v.Set("all", "true")
	}
	return v
}

// askServer has an event explained with the rules that are in force there.
func (f explainFlags) askServer(ctx context.Context, ev *event) asker {
	body := ev.AppendStructured(nil)
	return func(only []string, all bool) (x explainAnswer, err error) {
		v := query(only, all)
		if f.at != "" {
			v.Set("at", f.at)
		}
		raw, err := f.ask(ctx, http.MethodPost, v, body)
		if err != nil {
			return x, err
		}
		return x, f.server.readable(json.Unmarshal(raw, &x.now))
	}
}

// askPast has an event explained that the server has, by sequence number or id.
func (f explainFlags) askPast(ctx context.Context, name string) asker {
	return func(only []string, all bool) (x explainAnswer, err error) {
		v := query(only, all)
		v.Set("event", name)
		raw, err := f.ask(ctx, http.MethodGet, v, nil)
		if err != nil {
			return x, notFound(name, err)
		}
		x.raw = raw
		return x, f.server.readable(json.Unmarshal(raw, &x.past))
	}
}

// notFound says of an event that the server does not have it, which is an
// answer, and of what may have been meant as a file that there is none.
func notFound(name string, err error) error {
	_, notNumber := strconv.ParseUint(name, 10, 64)
	r := (*refusal)(nil)
	isAnswer := errors.As(err, &r) && r.Reason != "" && (r.Status == http.StatusNotFound || r.Status == http.StatusGone)
	switch none := (*noRule)(nil); {
	case errors.As(err, &none):
		return err
	case isAnswer && notNumber != nil:
		return &exitError{exitFindings, fmt.Errorf("%s; nor is there a file %s", strings.TrimSuffix(r.Error(), "."), plain(name, 200))}
	case isAnswer:
		return &exitError{exitFindings, r}
	case notNumber != nil:
		return failed(fmt.Errorf("there is no file %s, and %w", plain(name, 200), err))
	}
	return err
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
	err = decodeAnswer(resp, &raw)
	if r := (*refusal)(nil); errors.As(err, &r) && r.Reason == api.NoSuchRule {
		return nil, &noRule{r.Error()}
	}
	return raw, failedUnlessRefused(base, err)
}

// readable says of an answer that it is none of a Wye.
func (s server) readable(err error) error {
	if err == nil {
		return nil
	}
	return failedUnlessRefused(s.url, err)
}
