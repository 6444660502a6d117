package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/wye-events/wye/router"
)

// during is the context of a request that may take long: it ends also when the
// server is shut down.
func (t *tails) during(req *http.Request) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(req.Context())
	stop := context.AfterFunc(t.endingWith(req), cancel)
	return ctx, func() { stop(); cancel() }
}

// lines writes JSON lines, for as long as somebody takes them.
type lines struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	enc   *json.Encoder
	begun bool
	last  time.Time
}

func newLines(w http.ResponseWriter) *lines {
	l := &lines{w: w, rc: http.NewResponseController(w), enc: json.NewEncoder(w)}
	l.enc.SetEscapeHTML(false)
	return l
}

// flushEvery is how often lines are pushed to who reads them.
const flushEvery = time.Second

func (l *lines) write(v any, flush bool) error {
	now := time.Now()
	if !l.begun {
		l.begun = true
		l.w.Header().Set("Content-Type", "application/x-ndjson")
		l.w.Header().Set("Cache-Control", "no-store")
	}
	if flush || now.Sub(l.last) > flushEvery {
		_ = l.rc.SetWriteDeadline(now.Add(stalledAfter)) // in the place of the server's own
		l.last, flush = now, true
	}
	if err := l.enc.Encode(v); err != nil {
		return err
	}
	if flush {
		return l.rc.Flush()
	}
	return nil
}

func (l *lines) preview(p router.Preview) error { return l.write(p, true) }

// fail answers with an error while nothing is written; after that the lines only
// end, without the last.
func (l *lines) fail(err error, otherwise string) {
	if err != nil && !l.begun {
		writeRequestProblem(l.w, err, otherwise)
	}
}
