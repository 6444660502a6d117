package api

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// problem is a problem document (RFC 9457), with members of Wye's own.
type problem struct {
	Type       string  `json:"type"`
	Title      string  `json:"title"`
	Status     int     `json:"status"`
	Detail     string  `json:"detail"`
	Reason     string  `json:"reason,omitempty"`    // for programs, where the status is not enough
	Attribute  string  `json:"attribute,omitempty"` // the first attribute at fault
	Faults     []fault `json:"faults,omitempty"`
	Limit      int64   `json:"limit,omitempty"` // in bytes
	Rules      any     `json:"problems,omitempty"`
	RetryAfter int     `json:"-"` // seconds; 0 for none
}

func writeProblem(w http.ResponseWriter, p problem) {
	if p.Type == "" {
		p.Type = "about:blank"
	}
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	writeAs(w, "application/problem+json", p.Status, p)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	writeAs(w, "application/json", status, v)
}

func writeAs(w http.ResponseWriter, mediaType string, status int, v any) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.Encode(v)
}

func methodNotAllowed(allowed string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Allow", allowed)
		writeProblem(w, problem{Status: http.StatusMethodNotAllowed, Detail: req.URL.Path + " is for " + allowed + "."})
	}
}

func notFound(hint string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		writeProblem(w, problem{Status: http.StatusNotFound, Detail: "Nothing is at " + req.URL.Path + ". " + hint + "."})
	}
}
