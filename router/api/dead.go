package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/rules"
)

const (
	deadDefault = 100
	deadMost    = 1000
)

// DeadPage is a part of the dead letters.
type DeadPage struct {
	Letters []router.DeadLetter `json:"dead_letters"`
	Next    uint64              `json:"next,omitempty"` // from= of the next part; absent at the end
	// Unwritten counts, by target, dead letters that the store has not taken yet.
	Unwritten map[string]int `json:"unwritten,omitempty"`
}

// DeadCauses are dead letters by what they died of.
type DeadCauses struct {
	Causes    []router.DeadCause `json:"causes"`
	Next      uint64             `json:"next,omitempty"`
	Unwritten map[string]int     `json:"unwritten,omitempty"`
}

// dead answers for dead letters. Parameters of lists are where, target, rule,
// reason, number (any number of times) and from.
type dead struct {
	router *router.Router
	tails  *tails
}

// deadParameters say which dead letters are meant.
var deadParameters = []string{"where", "target", "rule", "reason", "number"}

// selection reads which dead letters are meant; known are the other parameters
// that there may be.
func (d dead) selection(w http.ResponseWriter, v url.Values, known ...string) (s router.LetterSelection, from uint64, ok bool) {
	known = append(known, deadParameters...)
	for name := range v {
		if !slices.Contains(known, name) {
			writeProblem(w, *noParameter(name, known))
			return s, 0, false
		}
	}
	if from, ok = number(w, "from", v.Get("from"), 1); !ok {
		return s, 0, false
	}
	s = router.LetterSelection{Where: v.Get("where"), Target: v.Get("target"), Rule: v.Get("rule"), Reason: v.Get("reason")}
	for _, text := range v["number"] {
		n, ok := number(w, "number", text, 0)
		if !ok {
			return s, 0, false
		}
		s.Numbers = append(s.Numbers, n)
	}
	return s, from, true
}

// list answers GET /api/v1/dead, with limit beside the usual parameters.
func (d dead) list(w http.ResponseWriter, req *http.Request) {
	q := req.URL.Query()
	s, from, ok := d.selection(w, q, "from", "limit")
	if !ok {
		return
	}
	limit, ok := number(w, "limit", q.Get("limit"), deadDefault)
	if !ok {
		return
	}
	letters, next, err := d.router.FindDead(req.Context(), s, from, int(min(max(limit, 1), deadMost)))
	if err != nil {
		writeRequestProblem(w, err, "The dead letters cannot be read now.")
		return
	}
	writeJSON(w, http.StatusOK, DeadPage{Letters: letters, Next: next, Unwritten: d.router.UnwrittenDead()})
}

// causes answers GET /api/v1/dead/causes.
func (d dead) causes(w http.ResponseWriter, req *http.Request) {
	s, from, ok := d.selection(w, req.URL.Query(), "from")
	if !ok {
		return
	}
	all, next, err := d.router.DeadCauses(req.Context(), s, from)
	if err != nil {
		writeRequestProblem(w, err, "The dead letters cannot be read now.")
		return
	}
	writeJSON(w, http.StatusOK, DeadCauses{Causes: all, Next: next, Unwritten: d.router.UnwrittenDead()})
}

// export answers GET /api/v1/dead/export with whole dead letters as JSON lines.
// The last line, {"end":true}, says that none is missing.
func (d dead) export(w http.ResponseWriter, req *http.Request) {
	s, _, ok := d.selection(w, req.URL.Query())
	if !ok {
		return
	}
	ctx, cancel := d.tails.during(req)
	defer cancel()
	lines := newLines(w)
	err := d.router.ExportDead(ctx, s, func(l router.DeadLetter) error { return lines.write(l, false) })
	if err == nil {
		err = lines.write(map[string]bool{"end": true}, true)
	}
	lines.fail(err, "The dead letters cannot be read now.")
}

// show answers GET /api/v1/dead/{number}.
func (d dead) show(w http.ResponseWriter, req *http.Request) {
	n, ok := number(w, "number", req.PathValue("number"), 0)
	if !ok {
		return
	}
	letter, found, err := d.router.DeadLetter(req.Context(), n)
	switch {
	case err != nil:
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Detail: "The dead letters cannot be read now."})
	case !found:
		writeProblem(w, problem{Status: http.StatusNotFound, Detail: "There is no dead letter " + strconv.FormatUint(n, 10) + "; there may have been one that was redriven or discarded."})
	default:
		writeJSON(w, http.StatusOK, letter)
	}
}

// DeadOrder is the body of POST /api/v1/dead/redrive and discard.
type DeadOrder struct {
	router.LettersRequest
	DryRun bool `json:"dry_run,omitempty"`
}

// act answers the two: with the operation that it starts, or for a dry run with
// JSON lines of [router.Preview], the last of which has all.
func (d dead) act(kind router.OperationKind, start func(context.Context, router.LettersRequest) (router.Operation, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		var order DeadOrder
		if !readOrder(w, req, &order) {
			return
		}
		if order.DryRun {
			ctx, cancel := d.tails.during(req)
			defer cancel()
			lines := newLines(w)
			lines.fail(d.router.PreviewLetters(ctx, kind, order.LettersRequest, lines.preview), "The dead letters cannot be read now.")
			return
		}
		op, err := start(req.Context(), order.LettersRequest)
		writeStarted(w, op, err)
	}
}

// orderBytes bounds the body of an order.
const orderBytes = 256 << 10

// readOrder reads the body of an order, or answers what is wrong with it.
func readOrder(w http.ResponseWriter, req *http.Request, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, req.Body, orderBytes))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil && dec.More() {
		err = errors.New("there is more than one JSON object")
	}
	if err != nil {
		writeProblem(w, problem{Status: http.StatusBadRequest, Title: "The order cannot be read",
			Detail: "Expected a JSON object that says what to do: " + jsonFault(err) + "."})
		return false
	}
	return true
}

// jsonFault is what is wrong with JSON, without the words of the decoder.
func jsonFault(err error) string {
	var kind *json.UnmarshalTypeError
	var large *http.MaxBytesError
	text := strings.TrimPrefix(err.Error(), "json: ")
	switch {
	case errors.As(err, &kind):
		return kind.Field + " is given a " + kind.Value + ", which it cannot be"
	case errors.As(err, &large):
		return "it is larger than " + strconv.Itoa(orderBytes) + " bytes"
	case strings.HasPrefix(text, "unknown field "):
		return "there is no member " + strings.TrimPrefix(text, "unknown field ")
	case text == "EOF":
		return "the body is empty"
	}
	return text
}

// writeRequestProblem answers an error: what was asked for is wrong, or it
// cannot be done now.
func writeRequestProblem(w http.ResponseWriter, err error, otherwise string) {
	var bad *router.RequestError
	var busy *router.ConflictError
	switch {
	case errors.As(err, &bad):
		p := problem{Status: http.StatusBadRequest, Detail: sentence(bad.Detail), Rules: bad.Problems}
		if found, ok := bad.Problems.(rules.Problems); ok {
			p.Title, p.Detail = "The condition cannot be used", inWords(found[0])
		}
		writeProblem(w, p)
	case errors.As(err, &busy):
		writeProblem(w, problem{Status: http.StatusConflict, Detail: sentence(busy.Detail)})
	case errors.Is(err, router.ErrNoOperation):
		writeProblem(w, problem{Status: http.StatusNotFound, Detail: "There is no operation of this id; `wye operation list` (GET /api/v1/operations) lists them."})
	case errors.Is(err, router.ErrStopping):
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Detail: "Wye is stopping."})
	default:
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Detail: otherwise})
	}
}
