package api

import (
	"context"
	"net/http"

	"github.com/wye-events/wye/router"
)

// operationRoutes are the paths of dead letters, replays and operations. What is
// answered line by line ends with the tails when the server does.
func operationRoutes(mux *http.ServeMux, r *router.Router, t *tails) {
	d, ops := dead{r, t}, operations{r}
	mux.HandleFunc("GET /api/v1/dead", d.list)
	mux.HandleFunc("GET /api/v1/dead/{number}", d.show)
	mux.HandleFunc("GET /api/v1/dead/causes", d.causes)
	mux.HandleFunc("GET /api/v1/dead/export", d.export)
	mux.HandleFunc("POST /api/v1/dead/redrive", d.act(router.OperationRedrive, r.Redrive))
	mux.HandleFunc("POST /api/v1/dead/discard", d.act(router.OperationDiscard, r.Discard))
	mux.HandleFunc("POST /api/v1/replay", replays{r, t}.serve)
	mux.HandleFunc("GET /api/v1/operations", ops.list)
	mux.HandleFunc("GET /api/v1/operations/{id}", ops.show)
	mux.HandleFunc("POST /api/v1/operations/{id}/stop", ops.act(r.StopOperation))
	mux.HandleFunc("POST /api/v1/operations/{id}/resume", ops.act(r.ResumeOperation))
	for _, path := range []string{"dead", "dead/{number}", "operations", "operations/{id}"} {
		mux.HandleFunc("/api/v1/"+path, methodNotAllowed(http.MethodGet))
	}
	for _, path := range []string{"replay", "operations/{id}/stop", "operations/{id}/resume"} {
		mux.HandleFunc("/api/v1/"+path, methodNotAllowed(http.MethodPost))
	}
	for _, path := range []string{"dead/redrive", "dead/discard"} { // which else were numbers
		mux.HandleFunc("GET /api/v1/"+path, methodNotAllowed(http.MethodPost))
	}
}

// Operations are the operations that are kept, the newest first.
type Operations struct {
	Operations []router.Operation `json:"operations"`
}

// operations answers for long work of the server.
type operations struct{ router *router.Router }

func (o operations) list(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, Operations{o.router.Operations()})
}

func (o operations) show(w http.ResponseWriter, req *http.Request) {
	op, err := o.router.Operation(req.PathValue("id"))
	writeOperation(w, http.StatusOK, op, err)
}

// act answers a POST that stops or resumes one.
func (o operations) act(do func(context.Context, string) (router.Operation, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		op, err := do(req.Context(), req.PathValue("id"))
		writeOperation(w, http.StatusOK, op, err)
	}
}

func writeOperation(w http.ResponseWriter, status int, op router.Operation, err error) {
	if err != nil {
		writeRequestProblem(w, err, "How far the operation is could not be noted, so it was left as it was; try again.")
		return
	}
	writeJSON(w, status, op)
}

// writeStarted answers with an operation that began, and where to look at it.
func writeStarted(w http.ResponseWriter, op router.Operation, err error) {
	if err == nil {
		w.Header().Set("Location", "/api/v1/operations/"+op.ID)
	}
	writeOperation(w, http.StatusAccepted, op, err)
}
