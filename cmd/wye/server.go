package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/rules"
)

// server is the admin interface of a running Wye.
type server struct{ url string }

const serverWithin = 30 * time.Second

func addServer(c *cobra.Command, to *server) {
	c.Flags().StringVar(&to.url, "server", defaultServer(), "admin address of a running Wye (or set WYE_SERVER)")
}

// defaultServer is the server that is asked where no other is named.
func defaultServer() string { return cmp.Or(os.Getenv("WYE_SERVER"), "http://127.0.0.1:8081") }

// base is the address to put paths behind.
func (s server) base() (string, error) {
	text := s.url
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("--server %s: expected an address such as http://127.0.0.1:8081", s.url)
	}
	return strings.TrimSuffix(text, "/"), nil
}

// refusal is what a server answered instead of the thing asked for.
type refusal struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Reason string `json:"reason"` // for programs, where there is one

	Problems rules.Problems `json:"problems"` // of rules that were refused
}

func (r *refusal) Error() string {
	if r.Detail == "" {
		return fmt.Sprintf("the server answered %d %s", r.Status, http.StatusText(r.Status))
	}
	return plain(r.Detail, 400)
}

// get asks for a path and decodes the answer into v. Errors carry the exit
// status; that of a [*refusal] is the caller's to choose.
func (s server) get(ctx context.Context, path string, v any) error {
	return s.ask(ctx, http.MethodGet, path, "", nil, v)
}

// post sends a body to a path, as get asks for one.
func (s server) post(ctx context.Context, path, mediaType string, body []byte, v any) error {
	return s.ask(ctx, http.MethodPost, path, mediaType, body, v)
}

func (s server) ask(ctx context.Context, method, path, mediaType string, body []byte, v any) error {
	return s.askWithin(ctx, serverWithin, method, path, mediaType, body, v)
}

// askWithin is ask for what may take longer, or must be quicker.
func (s server) askWithin(ctx context.Context, within time.Duration, method, path, mediaType string, body []byte, v any) error {
	base, err := s.base()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return failed(fmt.Errorf("no Wye answers at %s (%w); start one with `wye serve`, or name another with --server or WYE_SERVER", base, cause(err)))
	}
	defer resp.Body.Close()
	return failedUnlessRefused(base, decodeAnswer(resp, v))
}

// cause is an error without the address that net/http puts before it.
func cause(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}

func decodeAnswer(resp *http.Response, v any) error {
	if resp.StatusCode/100 != 2 {
		r := &refusal{}
		// A server that is not Wye answers in its own way, and only its status counts.
		_ = json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(r)
		r.Status = resp.StatusCode
		return r
	}
	return json.NewDecoder(resp.Body).Decode(v)
}

func failedUnlessRefused(base string, err error) error {
	if err == nil {
		return nil
	}
	if r := (*refusal)(nil); errors.As(err, &r) {
		return failed(fmt.Errorf("%s: %w", base, r))
	}
	return failed(fmt.Errorf("the answer of %s cannot be read (%w); is it the admin address of a Wye?", base, err))
}
