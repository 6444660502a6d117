package api

import (
	"errors"
	"net/http"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/source"
)

// Suspended is the reason of the problem of a reload while the source of the rules
// is suspended.
const Suspended = "suspended"

// sourceRoutes are the routes about the source of the rules.
func (a *admin) sourceRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /-/reload", a.reload)
	mux.HandleFunc("/-/reload", methodNotAllowed(http.MethodPost))
	mux.HandleFunc("GET /api/v1/source", a.source)
	mux.HandleFunc("/api/v1/source", methodNotAllowed(http.MethodGet))
	mux.HandleFunc("POST /api/v1/source/suspend", a.suspend)
	mux.HandleFunc("POST /api/v1/source/resume", a.resume)
	for _, verb := range []string{"suspend", "resume"} {
		mux.HandleFunc("/api/v1/source/"+verb, methodNotAllowed(http.MethodPost))
	}
}

func (a *admin) source(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, a.router.Source())
}

// reload looks at the source at once, as the hook of a Git server asks for.
func (a *admin) reload(w http.ResponseWriter, req *http.Request) {
	a.answerLook(w, req, a.router.Reload(req.Context()), a.status)
}

// suspend lets what is in force stay. The body is that of a target's pause.
func (a *admin) suspend(w http.ResponseWriter, req *http.Request) {
	ask, p := readPause(w, req)
	if p != nil {
		writeProblem(w, *p)
		return
	}
	if err := a.router.Suspend(req.Context(), ask.Reason); err != nil {
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Title: "Not done", Detail: sentence(err.Error())})
		return
	}
	a.source(w, req)
}

func (a *admin) resume(w http.ResponseWriter, req *http.Request) {
	a.answerLook(w, req, a.router.Resume(req.Context()), a.source)
}

// answerLook answers what came of a look at the source.
func (a *admin) answerLook(w http.ResponseWriter, req *http.Request, err error, well http.HandlerFunc) {
	if err == nil {
		well(w, req)
		return
	}
	writeProblem(w, lookProblem(err))
}

func lookProblem(err error) problem {
	const refusedTitle = "The rules were refused; the old ones are still in force"
	var refused *router.RulesError
	var suspended *router.SuspendedError
	var still *router.StillSuspendedError
	var from *source.Error
	switch {
	case errors.Is(err, router.ErrStopping):
		return problem{Status: http.StatusServiceUnavailable, Detail: "Wye is stopping."}
	case errors.As(err, &suspended):
		return problem{Status: http.StatusConflict, Title: "The source is suspended", Detail: sentence(err.Error()), Reason: Suspended}
	case errors.As(err, &still):
		return problem{Status: http.StatusServiceUnavailable, Title: "Not done", Detail: sentence(err.Error())}
	case errors.As(err, &refused):
		return problem{Status: http.StatusUnprocessableEntity, Title: refusedTitle, Detail: refused.Error(), Rules: refused.Problems}
	case errors.As(err, &from):
		return problem{Status: http.StatusBadGateway, Title: "The rules could not be read; the old ones are still in force", Detail: from.Error(), Reason: string(from.Reason)}
	}
	return problem{Status: http.StatusUnprocessableEntity, Title: refusedTitle, Detail: err.Error()}
}
