package api

import (
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
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /api/v1/status", a.status)
	mux.HandleFunc("GET /api/v1/rules", a.rules)
	a.sourceRoutes(mux)
	a.rulesetRoutes(mux)
	a.targetRoutes(mux)
	t := newTails(r)
	mux.HandleFunc("GET /api/v1/tail", t.serve)
	mux.HandleFunc("POST /api/v1/explain", explainer{r}.serve)
	operationRoutes(mux, r, t)
	mux.HandleFunc("POST /api/v1/plan", newPlans(r, t).serve)
	schemaRoutes(mux)
	mux.HandleFunc("GET /api/v1/events/{sequence}", a.event)
	mux.HandleFunc("GET /api/v1/events", a.eventNamed)
	mux.HandleFunc("GET /api/v1/explain", a.explainPast)
	mux.HandleFunc("GET /api/v1/audit", a.audit)
	mux.HandleFunc("/api/v1/plan", methodNotAllowed(http.MethodPost))
	mux.HandleFunc("/api/v1/explain", methodNotAllowed("GET, POST"))
	for _, path := range []string{"status", "rules", "tail", "events", "events/{sequence}", "audit"} {
		mux.HandleFunc("/api/v1/"+path, methodNotAllowed(http.MethodGet))
	}
	for _, path := range []string{"/-/healthy", "/-/ready", "/metrics"} {
		mux.HandleFunc("POST "+path, methodNotAllowed(http.MethodGet))
	}
	mux.HandleFunc("/", notFound("See /-/healthy, /-/ready, /-/reload (POST), /metrics and /api/v1/status, source, rules, rules/history, rules/history/VERSION, targets, targets/NAME, events/SEQUENCE, audit, explain, tail, dead, replay, plan, operations, schema"))
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

func (a *admin) status(w http.ResponseWriter, req *http.Request) {
	writeJSON(w, http.StatusOK, a.router.Overview(req.Context()))
}

func (a *admin) rules(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, a.router.Rules())
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
