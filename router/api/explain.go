package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

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
// all and limit, see [rules.ExplainOptions].
type explainer struct{ router *router.Router }

func (e explainer) serve(w http.ResponseWriter, req *http.Request) {
	options, p := explainOptions(req.URL.Query())
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
	if unknown := (*rules.UnknownRule)(nil); errors.As(err, &unknown) {
		writeProblem(w, problem{Status: http.StatusNotFound, Title: "No such rule", Detail: "rule=" + strconv.Quote(unknown.Name) + ": " + unknown.Error() + "."})
		return
	}
	writeJSON(w, http.StatusOK, explanation)
}

// withoutStored takes back from the words of ingest what is no question here.
func withoutStored(detail string) string {
	const stored = "; nothing was stored."
	if n := len(detail) - len(stored); n > 0 && detail[n:] == stored {
		return detail[:n] + "."
	}
	return detail
}

func explainOptions(v url.Values) (o rules.ExplainOptions, p *problem) {
	o.Rules = v["rule"]
	bad := func(name, expected string) *problem {
		return &problem{Status: http.StatusBadRequest, Detail: fmt.Sprintf("%s=%s: expected %s.", name, strconv.Quote(v.Get(name)), expected)}
	}
	for name := range v {
		if name != "rule" && name != "all" && name != "limit" {
			return o, &problem{Status: http.StatusBadRequest, Detail: "There is no parameter " + strconv.Quote(name) + " here; there are rule, all and limit."}
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
	return o, nil
}
