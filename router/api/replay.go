package api

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/wye-events/wye/router"
)

// ReplayOrder is the body of POST /api/v1/replay. From and To are sequences or
// times in RFC 3339, as text; both are in the window. Without To it ends now.
type ReplayOrder struct {
	router.EventSelection
	From   string  `json:"from"`
	To     string  `json:"to,omitempty"`
	Rate   float64 `json:"rate,omitempty"`
	DryRun bool    `json:"dry_run,omitempty"`
}

// request is what is asked for.
func (o *ReplayOrder) request() (q router.ReplayRequest, err error) {
	q.EventSelection, q.Rate = o.EventSelection, o.Rate
	for name, end := range map[string]struct {
		text string
		to   *router.Moment
	}{"from": {o.From, &q.From}, "to": {o.To, &q.To}} {
		if *end.to, err = router.ParseMoment(end.text); err != nil {
			return q, &router.RequestError{Detail: fmt.Sprintf("%s %s: %s", name, strconv.Quote(end.text), err)}
		}
	}
	return q, nil
}

// replays answers POST /api/v1/replay: with the operation that it starts, or for a
// dry run with JSON lines of [router.Preview], the last of which has all.
type replays struct {
	router *router.Router
	tails  *tails
}

func (a replays) serve(w http.ResponseWriter, req *http.Request) {
	var order ReplayOrder
	if !readOrder(w, req, &order) {
		return
	}
	q, err := order.request()
	if err != nil {
		writeRequestProblem(w, err, "")
		return
	}
	if order.DryRun {
		ctx, cancel := a.tails.during(req)
		defer cancel()
		lines := newLines(w)
		lines.fail(a.router.PreviewReplay(ctx, q, lines.preview), "The archive cannot be read now.")
		return
	}
	op, err := a.router.Replay(req.Context(), q)
	writeStarted(w, op, err)
}
