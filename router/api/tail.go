package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/rules"
)

const (
	// beatEvery is how often an empty line says that the stream is alive, so
	// that nobody between takes it for idle and a watcher who is gone is noticed.
	beatEvery = 15 * time.Second
	// stalledAfter is how long a watcher may take nothing before its place is
	// given up.
	stalledAfter = 5 * time.Minute
	// lastWords is the time for the end of a stream when the server stops.
	lastWords = time.Second
)

// tails answers GET /api/v1/tail with the lines of a [router.Tail] as they come,
// as JSON lines. Parameters are where (a condition), unmatched and outcomes.
// The answer ends when the watcher goes or the server stops.
type tails struct {
	router *router.Router
	ending context.Context // ends when the server is shut down
	end    context.CancelFunc
	once   sync.Once
}

func newTails(r *router.Router) *tails {
	t := &tails{router: r}
	t.ending, t.end = context.WithCancel(context.Background())
	return t
}

func (t *tails) serve(w http.ResponseWriter, req *http.Request) {
	query, p := tailQuery(req.URL.Query())
	if p != nil {
		writeProblem(w, *p)
		return
	}
	tail, err := t.router.Tail(query)
	if err != nil {
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, RetryAfter: 5, Detail: "As many watch as may; nothing is wrong with the events. Try again when one of them has ended."})
		return
	}
	defer tail.Close()
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	defer context.AfterFunc(t.endingWith(req), cancel)()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	if req.Method != http.MethodHead {
		stream(ctx, w, tail)
	}
}

// endingWith is the context that ends with the server of the request. A server
// that shuts down waits for its requests, and this one would never end.
func (t *tails) endingWith(req *http.Request) context.Context {
	if srv, ok := req.Context().Value(http.ServerContextKey).(*http.Server); ok {
		t.once.Do(func() { srv.RegisterOnShutdown(t.end) })
	}
	return t.ending
}

// tailQuery reads the parameters.
func tailQuery(v url.Values) (q router.TailQuery, p *problem) {
	known := []string{"where", "unmatched", "outcomes"}
	for name := range v {
		if !slices.Contains(known, name) {
			return q, noParameter(name, known)
		}
	}
	for name, to := range map[string]*bool{"unmatched": &q.Unmatched, "outcomes": &q.Outcomes} {
		text := v.Get(name)
		if text == "" {
			continue
		}
		var err error
		if *to, err = strconv.ParseBool(text); err != nil {
			return q, &problem{Status: http.StatusBadRequest, Detail: name + "=" + strconv.Quote(text) + " is neither true nor false."}
		}
	}
	if !v.Has("where") {
		return q, nil
	}
	var found rules.Problems
	if q.Where, found = rules.NewCondition("where", v.Get("where")); q.Where == nil {
		return q, &problem{Status: http.StatusBadRequest, Title: "The condition cannot be used", Detail: inWords(found[0]), Rules: found}
	}
	return q, nil
}

// inWords is a problem in one line.
func inWords(p rules.Problem) string {
	text := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Hint != "" {
		text += "; " + p.Hint
	}
	return text
}

// stream writes lines until ctx ends, the router stops or the watcher is gone.
func stream(ctx context.Context, w http.ResponseWriter, tail *router.Tail) {
	rc := http.NewResponseController(w)
	defer context.AfterFunc(ctx, func() { _ = rc.SetWriteDeadline(time.Now().Add(lastWords)) })()
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	for {
		_ = rc.SetWriteDeadline(time.Now().Add(stalledAfter)) // in the place of the server's own
		if ctx.Err() != nil {
			return // or the deadline of the last words would be put off
		}
		if _, err := w.Write(text.Bytes()); err != nil || rc.Flush() != nil {
			return
		}
		text.Reset()
		lines, err := next(ctx, tail)
		if err != nil {
			return
		}
		for _, line := range lines {
			if err := enc.Encode(line); err != nil {
				return
			}
		}
		if len(lines) == 0 {
			text.WriteByte('\n')
		}
	}
}

// next gives no lines where there were none for a while.
func next(ctx context.Context, tail *router.Tail) ([]router.TailLine, error) {
	beat, cancel := context.WithTimeout(ctx, beatEvery)
	defer cancel()
	lines, err := tail.Next(beat)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, nil
	}
	return lines, err
}
