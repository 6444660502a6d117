package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// explainBody is how large the body of an explained event may be. It is above
// what any ingest takes by default, so that an event can be explained that was
// refused for its size.
const explainBody = 8 << 20

// explainer answers POST /api/v1/explain: what the rules in force would do with
// the event of the body, in binary or structured mode as at ingest, and why.
// Nothing is done with it. Parameters are rule (a name; may be given again),
// all and limit, see [rules.ExplainOptions], and at, the time at which it would be
// accepted: now where it is not given.
type explainer struct{ router *router.Router }

func (e explainer) serve(w http.ResponseWriter, req *http.Request) {
	options, p := explainOptions(req.URL.Query(), "rule", "all", "limit", "at")
	if p != nil {
		writeProblem(w, *p)
		return
	}
	body, p := (&ingest{maxBody: explainBody}).body(w, req)
	if p != nil {
		p.Detail = withoutStored(p.Detail)
		writeProblem(w, *p)
		return
	}
	evs, _, err := cloudevent.Parse(req.Header, body)
	if err != nil {
		writeProblem(w, invalid(err))
		return
	}
	if len(evs) != 1 {
		writeProblem(w, problem{Status: http.StatusBadRequest, Title: "Not one event",
			Detail: fmt.Sprintf("The batch has %d events; one is explained at a time.", len(evs))})
		return
	}
	explanation, err := e.router.Explain(evs[0], options)
	if err != nil {
		writeProblem(w, noSuchRule(err))
		return
	}
	writeJSON(w, http.StatusOK, explanation)
}

// NoSuchRule is the reason of the problem of asking for a rule that there is not.
const NoSuchRule = "no_such_rule"

// noSuchRule is the problem of a [*rules.UnknownRule].
func noSuchRule(err error) problem {
	text := err.Error()
	text = strings.ToUpper(text[:1]) + text[1:]
	if !strings.HasSuffix(text, "?") {
		text += "."
	}
	return problem{Status: http.StatusNotFound, Title: "No such rule", Detail: text, Reason: NoSuchRule}
}

// withoutStored takes back from the words of ingest what is no question here.
func withoutStored(detail string) string {
	const stored = "; nothing was stored."
	if n := len(detail) - len(stored); n > 0 && detail[n:] == stored {
		return detail[:n] + "."
	}
	return detail
}

// noParameter refuses a parameter that would be of no effect: somebody meant
// something with it.
func noParameter(name string, known []string) *problem {
	last := len(known) - 1
	return &problem{Status: http.StatusBadRequest, Detail: "There is no parameter " + strconv.Quote(name) + " here; there are " +
		strings.Join(known[:last], ", ") + " and " + known[last] + "."}
}

// explainOptions reads what is to be told. Known are all parameters that there may be.
func explainOptions(v url.Values, known ...string) (o rules.ExplainOptions, p *problem) {
	o.Rules = v["rule"]
	bad := func(name, expected string) *problem {
		return &problem{Status: http.StatusBadRequest, Detail: fmt.Sprintf("%s=%s: expected %s.", name, strconv.Quote(v.Get(name)), expected)}
	}
	for name := range v {
		if !slices.Contains(known, name) {
			return o, noParameter(name, known)
		}
	}
	var err error
	if v.Get("all") != "" {
		if o.All, err = strconv.ParseBool(v.Get("all")); err != nil {
			return o, bad("all", "true or false")
		}
	}
	if v.Get("limit") != "" {
		if o.Limit, err = strconv.Atoi(v.Get("limit")); err != nil || o.Limit < 1 {
			return o, bad("limit", "a number from 1 on")
		}
	}
	if v.Get("at") != "" {
		if o.Accepted, err = time.Parse(time.RFC3339Nano, v.Get("at")); err != nil {
			return o, bad("at", "a time such as 2027-01-31T12:00:00Z")
		}
	}
	return o, nil
}
