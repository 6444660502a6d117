package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// NoSuchTarget is the reason of the problem of asking for a target that there is not.
const NoSuchTarget = "no_such_target"

// targetRoutes are the routes under /api/v1/targets.
func (a *admin) targetRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/targets", a.targets)
	mux.HandleFunc("GET /api/v1/targets/{name}", a.targetShow)
	mux.HandleFunc("/api/v1/targets", methodNotAllowed(http.MethodGet))
	mux.HandleFunc("/api/v1/targets/{name}", methodNotAllowed(http.MethodGet))
	for verb, serve := range map[string]http.HandlerFunc{"pause": a.targetPause, "resume": a.targetResume, "test": a.targetTest} {
		mux.HandleFunc("POST /api/v1/targets/{name}/"+verb, serve)
		mux.HandleFunc("/api/v1/targets/{name}/"+verb, methodNotAllowed(http.MethodPost))
	}
}

func (a *admin) targets(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, a.router.Targets())
}

func (a *admin) targetShow(w http.ResponseWriter, req *http.Request) {
	name := req.PathValue("name")
	st, ok := a.router.Target(name)
	if !ok {
		writeProblem(w, a.noTarget(&router.NoTargetError{Target: name}))
		return
	}
	writeJSON(w, http.StatusOK, st)
}

// noTarget is the problem of a name that no target has, and tells those there are.
func (a *admin) noTarget(err error) problem {
	var names []string
	for _, t := range a.router.Targets() {
		names = append(names, t.Name)
	}
	none := (*router.NoTargetError)(nil)
	if !errors.As(err, &none) {
		return problem{Status: http.StatusServiceUnavailable, Title: "Not done", Detail: sentence(err.Error())}
	}
	detail := fmt.Sprintf("There is no target %q in the rules.", none.Target)
	if len(names) > 0 && len(names) <= 20 {
		detail += " There are " + strings.Join(names, ", ") + "."
	}
	return problem{Status: http.StatusNotFound, Title: "No such target", Detail: detail, Reason: NoSuchTarget}
}

func sentence(text string) string {
	text = strings.ToUpper(text[:1]) + text[1:]
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// Bounds of what is said of a pause.
const (
	pauseBody  = 16 << 10
	reasonMost = 1000 // characters
)

// PauseRequest is the body of a request to pause a target. It may be absent.
type PauseRequest struct {
	Reason string `json:"reason"`
}

func (a *admin) targetPause(w http.ResponseWriter, req *http.Request) {
	ask, p := readPause(w, req)
	if p != nil {
		writeProblem(w, *p)
		return
	}
	name := req.PathValue("name")
	if err := a.router.PauseTarget(req.Context(), name, router.ByPerson, ask.Reason); err != nil {
		writeProblem(w, a.noTarget(err))
		return
	}
	a.targetShow(w, req)
}

func readPause(w http.ResponseWriter, req *http.Request) (ask PauseRequest, p *problem) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, pauseBody))
	if err != nil {
		return ask, &problem{Status: http.StatusRequestEntityTooLarge, Limit: pauseBody, Detail: fmt.Sprintf("The body is larger than %d bytes, or ended early.", pauseBody)}
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return ask, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if dec.Decode(&ask) != nil || dec.More() {
		return ask, &problem{Status: http.StatusBadRequest, Detail: `The body is to be empty or a JSON object such as {"reason": "maintenance until noon"}.`}
	}
	if n := utf8.RuneCountInString(ask.Reason); n > reasonMost {
		return ask, &problem{Status: http.StatusBadRequest, Detail: fmt.Sprintf("The reason has %d characters; at most %d are kept.", n, reasonMost)}
	}
	return ask, nil
}

func (a *admin) targetResume(w http.ResponseWriter, req *http.Request) {
	if err := a.router.ResumeTarget(req.Context(), req.PathValue("name")); err != nil {
		writeProblem(w, a.noTarget(err))
		return
	}
	a.targetShow(w, req)
}

// targetTest sends the event of the body, or without one an event made for it,
// to the target once.
func (a *admin) targetTest(w http.ResponseWriter, req *http.Request) {
	ev, p := testEventOf(w, req)
	if p != nil {
		p.Detail = withoutStored(p.Detail)
		writeProblem(w, *p)
		return
	}
	res, err := a.router.TestTarget(req.Context(), req.PathValue("name"), ev)
	if err != nil {
		writeProblem(w, a.noTarget(err))
		return
	}
	writeJSON(w, http.StatusOK, res)
}

func testEventOf(w http.ResponseWriter, req *http.Request) (*cloudevent.Event, *problem) {
	body, p := (&ingest{maxBody: explainBody}).body(w, req)
	if p != nil {
		return nil, p
	}
	if len(body) == 0 && req.Header.Get("Ce-Specversion") == "" && req.Header.Get("Ce-Id") == "" {
		return nil, nil
	}
	evs, _, err := cloudevent.Parse(req.Header, body)
	if err != nil {
		bad := invalid(err)
		return nil, &bad
	}
	if len(evs) != 1 {
		return nil, &problem{Status: http.StatusBadRequest, Title: "Not one event",
			Detail: fmt.Sprintf("The batch has %d events; one is sent at a time.", len(evs))}
	}
	return evs[0], nil
}
