package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/wye-events/wye/router"
)

// AuditLine is a line of the answer to GET /api/v1/audit: how far the audit is,
// and in the last line its report, or why there is none.
type AuditLine struct {
	Progress *router.AuditProgress `json:"progress,omitempty"`
	Report   *router.AuditReport   `json:"report,omitempty"`
	Problem  string                `json:"problem,omitempty"`
}

// auditTalkEvery is how often a line tells how far an audit is.
const auditTalkEvery = 250 * time.Millisecond

// audit answers GET /api/v1/audit?from=&to=, both a sequence or a time in RFC
// 3339, and both open if they are left out. The answer is JSON lines, for a large
// archive takes its time.
func (a *admin) audit(w http.ResponseWriter, req *http.Request) {
	var asked router.AuditRequest
	for name := range req.URL.Query() {
		if name != "from" && name != "to" {
			writeProblem(w, *noParameter(name, []string{"from", "to"}))
			return
		}
	}
	for name, to := range map[string]*router.AuditBound{"from": &asked.From, "to": &asked.To} {
		bound, ok := auditBound(w, name, req.URL.Query().Get(name))
		if !ok {
			return
		}
		*to = bound
	}
	lines := newAuditLines(w)
	asked.Progress = lines.progress
	report, err := a.router.Audit(req.Context(), asked)
	var window *router.AuditWindowError
	switch {
	case err == nil:
		lines.write(AuditLine{Report: report})
	case errors.As(err, &window) && !lines.begun:
		writeProblem(w, problem{Status: http.StatusBadRequest, Detail: "from=" + req.URL.Query().Get("from") + " to=" + req.URL.Query().Get("to") + ": " + window.Error() + "."})
	case !lines.begun:
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Detail: "The archive cannot be read now."})
	default:
		lines.write(AuditLine{Problem: "The archive cannot be read any further now."})
	}
}

func auditBound(w http.ResponseWriter, name, text string) (b router.AuditBound, ok bool) {
	if text == "" {
		return b, true
	}
	var err error
	if b.Sequence, err = strconv.ParseUint(text, 10, 64); err == nil && b.Sequence > 0 {
		return b, true
	}
	b.Sequence = 0
	if b.Time, err = time.Parse(time.RFC3339, text); err == nil && !b.Time.IsZero() {
		return b, true
	}
	writeProblem(w, problem{Status: http.StatusBadRequest, Detail: name + "=" + strconv.Quote(text) + ": expected a sequence from 1 on, or a time such as 2026-03-02T09:00:00Z."})
	return b, false
}

// auditLines writes lines as they come. It is used by one goroutine.
type auditLines struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	begun bool
	last  time.Time
}

func newAuditLines(w http.ResponseWriter) *auditLines {
	return &auditLines{w: w, rc: http.NewResponseController(w), last: time.Now()}
}

func (l *auditLines) progress(p router.AuditProgress) {
	if time.Since(l.last) >= auditTalkEvery {
		l.write(AuditLine{Progress: &p})
	}
}

// write writes a line. Who does not read it is gone, which ends the context of
// the request, and so the audit.
func (l *auditLines) write(line AuditLine) {
	if !l.begun {
		l.begun = true
		l.w.Header().Set("Content-Type", "application/x-ndjson")
		l.w.Header().Set("Cache-Control", "no-store")
	}
	l.last = time.Now()
	_ = l.rc.SetWriteDeadline(time.Now().Add(stalledAfter)) // in the place of the server's own
	enc := json.NewEncoder(l.w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(line)
	_ = l.rc.Flush()
}
