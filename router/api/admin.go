package api

import (
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wye-events/wye/router"
)

// Admin answers those who run Wye: health, metrics, reload, and what the rules,
// targets and dead letters are. It has no credentials of its own: it belongs on
// a loopback address.
func Admin(r *router.Router, metrics *prometheus.Registry) http.Handler {
	a := &admin{router: r}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/healthy", a.healthy)
	mux.HandleFunc("GET /-/ready", a.ready)
	mux.HandleFunc("POST /-/reload", a.reload)
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /api/v1/status", a.status)
	mux.HandleFunc("GET /api/v1/rules", a.rules)
	a.targetRoutes(mux)
	mux.HandleFunc("GET /api/v1/tail", newTails(r).serve)
	mux.HandleFunc("POST /api/v1/explain", explainer{r}.serve)
	mux.HandleFunc("GET /api/v1/dead", a.deadList)
	mux.HandleFunc("GET /api/v1/dead/{number}", a.deadShow)
	mux.HandleFunc("GET /api/v1/events/{sequence}", a.event)
	mux.HandleFunc("GET /api/v1/explain", a.explainPast)
	mux.HandleFunc("/-/reload", methodNotAllowed(http.MethodPost))
	mux.HandleFunc("/api/v1/explain", methodNotAllowed("GET, POST"))
	for _, path := range []string{"status", "rules", "tail", "dead", "dead/{number}", "events/{sequence}"} {
		mux.HandleFunc("/api/v1/"+path, methodNotAllowed(http.MethodGet))
	}
	for _, path := range []string{"/-/healthy", "/-/ready", "/metrics"} {
		mux.HandleFunc("POST "+path, methodNotAllowed(http.MethodGet))
	}
	mux.HandleFunc("/", notFound("See /-/healthy, /-/ready, /-/reload (POST), /metrics and /api/v1/status, rules, targets, targets/NAME, events/SEQUENCE, explain, tail, dead"))
	return sameSite(mux)
}

type admin struct{ router *router.Router }

// sameSite refuses what a browser sends for another site's page: loopback is
// within every page's reach. A page can also give its own name the loopback
// address, so on loopback the request must name loopback.
func sameSite(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(otherSite))
	next = guard.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		local, ok := req.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
		if ok && local.IP.IsLoopback() && !namesLoopback(req.Host) {
			otherSite(w, req)
			return
		}
		next.ServeHTTP(w, req)
	})
}

func otherSite(w http.ResponseWriter, _ *http.Request) {
	writeProblem(w, problem{Status: http.StatusForbidden, Detail: "Requests from another site's page are not answered; use 127.0.0.1 or localhost."})
}

func namesLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (a *admin) healthy(w http.ResponseWriter, _ *http.Request) {
	if err := a.router.Err(); err != nil {
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Detail: err.Error()})
		return
	}
	writeText(w, "healthy\n")
}

// ready says that events are taken: the router exists only once it has loaded
// its rules and recovered.
func (a *admin) ready(w http.ResponseWriter, req *http.Request) {
	if a.router.Err() != nil {
		a.healthy(w, req)
		return
	}
	writeText(w, "ready\n")
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte(text))
}

func (a *admin) reload(w http.ResponseWriter, req *http.Request) {
	err := a.router.Reload(req.Context())
	var refused *router.RulesError
	switch {
	case errors.Is(err, router.ErrStopping):
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Detail: "Wye is stopping."})
	case errors.As(err, &refused):
		writeProblem(w, problem{Status: http.StatusUnprocessableEntity, Title: "The rules were refused; the old ones are still in force",
			Detail: refused.Error(), Rules: refused.Problems})
	case err != nil:
		writeProblem(w, problem{Status: http.StatusUnprocessableEntity, Title: "The rules were refused; the old ones are still in force", Detail: err.Error()})
	default:
		a.status(w, req)
	}
}

func (a *admin) status(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, a.router.Status())
}

func (a *admin) rules(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, a.router.Rules())
}

const (
	deadDefault = 100
	deadMost    = 1000
)

// DeadPage is a part of the dead letters.
type DeadPage struct {
	Letters []router.DeadLetter `json:"dead_letters"`
	Next    uint64              `json:"next,omitempty"` // from= of the next part; absent at the end
}

func (a *admin) deadList(w http.ResponseWriter, req *http.Request) {
	q := req.URL.Query()
	from, ok := number(w, "from", q.Get("from"), 1)
	if !ok {
		return
	}
	limit, ok := number(w, "limit", q.Get("limit"), deadDefault)
	if !ok {
		return
	}
	limit = min(max(limit, 1), deadMost)
	letters, more, err := a.router.DeadLetters(req.Context(), q.Get("target"), from, int(limit))
	if err != nil {
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Detail: "The dead letters cannot be read now."})
		return
	}
	page := DeadPage{Letters: letters}
	if more && len(letters) > 0 {
		page.Next = letters[len(letters)-1].Number + 1
	}
	writeJSON(w, http.StatusOK, page)
}

func (a *admin) deadShow(w http.ResponseWriter, req *http.Request) {
	n, ok := number(w, "number", req.PathValue("number"), 0)
	if !ok {
		return
	}
	letter, found, err := a.router.DeadLetter(req.Context(), n)
	switch {
	case err != nil:
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Detail: "The dead letters cannot be read now."})
	case !found:
		writeProblem(w, problem{Status: http.StatusNotFound, Detail: "There is no dead letter " + strconv.FormatUint(n, 10) + "."})
	default:
		writeJSON(w, http.StatusOK, letter)
	}
}

// number reads a parameter, or answers that it is none.
func number(w http.ResponseWriter, name, text string, otherwise uint64) (uint64, bool) {
	if text == "" {
		return otherwise, true
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		writeProblem(w, problem{Status: http.StatusBadRequest, Detail: name + "=" + strconv.Quote(text) + " is not a number."})
		return 0, false
	}
	return n, true
}
