package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/rules"
)

// rulesetRoutes are the routes about the rule sets that were in force.
func (a *admin) rulesetRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/rules/history", a.rulesHistory)
	mux.HandleFunc("/api/v1/rules/history", methodNotAllowed(http.MethodGet))
	mux.HandleFunc("GET /api/v1/rules/history/{version}", a.rulesVersion)
	mux.HandleFunc("/api/v1/rules/history/{version}", methodNotAllowed(http.MethodGet))
	mux.HandleFunc("POST /api/v1/rules/rollback", a.rollback)
	mux.HandleFunc("/api/v1/rules/rollback", methodNotAllowed(http.MethodPost))
}

// RulesHistoryDoc is the answer of GET /api/v1/rules/history: the newest first.
type RulesHistoryDoc struct {
	History []router.RulesetEntry `json:"history"`
}

func (a *admin) rulesHistory(w http.ResponseWriter, req *http.Request) {
	all, err := a.router.Rulesets(req.Context())
	if err != nil {
		writeProblem(w, versionProblem(err))
		return
	}
	writeJSON(w, http.StatusOK, RulesHistoryDoc{append([]router.RulesetEntry{}, all...)})
}

// RulesFilesDoc is the answer of GET /api/v1/rules/history/VERSION: a rule set with its files.
type RulesFilesDoc struct {
	router.RulesetEntry
	Files []RulesFile `json:"files"`
}

// RulesFile is a rule file as it was when it came into force. Where a credential
// seems to be written into a line the rest of it is not shown.
type RulesFile struct {
	Name     string `json:"name"` // below the root of the rule set
	Text     string `json:"text"`
	NotShown int    `json:"lines_not_shown,omitempty"`
}

// rulesVersion gives the files of a rule set. VERSION is as in [router.Router.Ruleset].
func (a *admin) rulesVersion(w http.ResponseWriter, req *http.Request) {
	found, sources, err := a.router.Ruleset(req.Context(), req.PathValue("version"))
	if err != nil {
		writeProblem(w, versionProblem(err))
		return
	}
	doc := RulesFilesDoc{RulesetEntry: found, Files: []RulesFile{}}
	for _, s := range sources {
		text, hidden := rules.WithoutSecrets(s.Text)
		doc.Files = append(doc.Files, RulesFile{s.Name, string(text), hidden})
	}
	writeJSON(w, http.StatusOK, doc)
}

// RollbackRequest is the body of POST /api/v1/rules/rollback. It may be absent.
type RollbackRequest struct {
	Version string `json:"version,omitempty"` // as in [router.Router.Ruleset]; without it the previous one
	Reason  string `json:"reason,omitempty"`  // for those who look at it later
}

func (a *admin) rollback(w http.ResponseWriter, req *http.Request) {
	ask, p := readRollback(w, req)
	if p != nil {
		writeProblem(w, *p)
		return
	}
	done, err := a.router.Rollback(req.Context(), ask.Version, ask.Reason)
	if err != nil {
		writeProblem(w, rollbackProblem(err))
		return
	}
	writeJSON(w, http.StatusOK, done)
}

func readRollback(w http.ResponseWriter, req *http.Request) (ask RollbackRequest, p *problem) {
	dec := json.NewDecoder(http.MaxBytesReader(w, req.Body, pauseBody))
	dec.DisallowUnknownFields()
	switch err := dec.Decode(&ask); {
	case errors.Is(err, io.EOF):
		return ask, nil
	case err != nil || dec.More():
		return ask, &problem{Status: http.StatusBadRequest, Detail: `The body is to be empty or a JSON object such as {"version": "3f9a", "reason": "incident 1234"}.`}
	}
	if n := utf8.RuneCountInString(ask.Reason); n > reasonMost {
		return ask, &problem{Status: http.StatusBadRequest, Detail: fmt.Sprintf("The reason has %d characters; at most %d are kept.", n, reasonMost)}
	}
	return ask, nil
}

var versionAnswers = map[router.VersionReason]struct {
	status int
	title  string
}{
	router.VersionShort:     {http.StatusBadRequest, "Not a version"},
	router.VersionAmbiguous: {http.StatusBadRequest, "Not one rule set"},
	router.VersionUnknown:   {http.StatusNotFound, "No such rule set"},
	router.VersionNone:      {http.StatusNotFound, "No such rule set"},
	router.VersionNotKept:   {http.StatusGone, "Not kept"},
	router.VersionInForce:   {http.StatusConflict, "In force already"},
	router.VersionChanged:   {http.StatusConflict, "Changed meanwhile"},
}

// versionProblem is why a rule set is not to be had.
func versionProblem(err error) problem {
	var version *router.VersionError
	if errors.As(err, &version) {
		answer := versionAnswers[version.Reason]
		return problem{Status: answer.status, Title: answer.title, Detail: sentence(err.Error()), Reason: string(version.Reason)}
	}
	return problem{Status: http.StatusServiceUnavailable, Title: "Not to be had", Detail: sentence(err.Error())}
}

// rollbackProblem is why a rule set was not brought back.
func rollbackProblem(err error) problem {
	var refused *router.RulesError
	switch {
	case errors.As(err, new(*router.VersionError)):
		return versionProblem(err)
	case errors.Is(err, router.ErrStopping):
		return lookProblem(err)
	case errors.Is(err, router.ErrNotStored):
		return problem{Status: http.StatusServiceUnavailable, Title: "Done, and not stored", Detail: sentence(err.Error())}
	}
	p := problem{Status: http.StatusUnprocessableEntity, Title: "Not rolled back; the rules in force stay", Detail: sentence(err.Error())}
	if errors.As(err, &refused) {
		p.Rules = refused.Problems
	}
	return p
}
