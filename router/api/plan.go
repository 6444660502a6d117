package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/plan"
	"github.com/wye-events/wye/rules"
)

// PlanOrder is the body of POST /api/v1/plan. Since and Until are sequences or
// times in RFC 3339, as text, both in the window; without them it is all that is
// kept.
type PlanOrder struct {
	Rules []RuleFile `json:"rules"`         // the new set
	Old   []RuleFile `json:"old,omitempty"` // default the set in force
	// Commit and OldCommit are the commits that the files came from, where they
	// came from Git: 12 hex digits or more.
	Commit    string `json:"commit,omitempty"`
	OldCommit string `json:"old_commit,omitempty"`

	Since    string  `json:"since,omitempty"`
	Until    string  `json:"until,omitempty"`
	Sample   float64 `json:"sample,omitempty"`   // default 1: all events
	Limit    uint64  `json:"limit,omitempty"`    // only the newest so many
	Examples *int    `json:"examples,omitempty"` // of each difference; default 3
	All      bool    `json:"all,omitempty"`      // also rules and targets without a difference
}

// RuleFile is a rule file, with its name below the root of its set.
type RuleFile struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// PlanLine is a line of the answer: how far the plan is, with what was found so far
// (Report is partial then), and in the last line its report, or why there is none.
type PlanLine struct {
	Progress *router.PlanProgress `json:"progress,omitempty"`
	Report   *plan.Report         `json:"report,omitempty"`
	Problem  string               `json:"problem,omitempty"`
}

const (
	// planBytes bounds the body, and so the rule sets: 100,000 rules have 14 MB.
	planBytes = 64 << 20
	// planFiles bounds the files of a set.
	planFiles = 20_000
	// planBodyWithin is how long a client may take to send the body, since others
	// wait for their turn.
	planBodyWithin = time.Minute
	planExamples   = 3
	// planAgain is after how many seconds another plan may be tried.
	planAgain = 5
)

// PlanBusy and BadRules are reasons of problems.
const (
	PlanBusy = "plan_busy"
	BadRules = "bad_rules"
)

// plans answers POST /api/v1/plan with JSON lines. One is made at a time.
type plans struct {
	router *router.Router
	tails  *tails
	turn   chan struct{} // holds a token while one is made
}

func newPlans(r *router.Router, t *tails) plans { return plans{r, t, make(chan struct{}, 1)} }

func (a plans) serve(w http.ResponseWriter, req *http.Request) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	default:
		writeProblem(w, problem{Status: http.StatusTooManyRequests, Title: "Another plan is being made", Reason: PlanBusy,
			Detail: "The server makes one plan at a time, so that live traffic does not feel it; try again when the other one is done.", RetryAfter: planAgain})
		return
	}
	q, ok := planOrder(w, req)
	if !ok {
		return
	}
	ctx, cancel := a.tails.during(req)
	defer cancel()
	lines := newLines(w)
	q.Progress = func(p router.PlanProgress) error { return lines.write(PlanLine{Progress: &p}, true) }
	q.Interim = func(r *plan.Report) error { return lines.write(PlanLine{Report: r}, true) }
	report, err := a.router.Plan(ctx, q)
	switch {
	case err == nil:
		_ = lines.write(PlanLine{Report: report}, true)
	case lines.begun:
		_ = lines.write(PlanLine{Problem: "The archive cannot be read any further now."}, true)
	default:
		writePlanProblem(w, err)
	}
}

func writePlanProblem(w http.ResponseWriter, err error) {
	if bad := (*router.PlanRulesError)(nil); errors.As(err, &bad) {
		writeProblem(w, problem{Status: http.StatusUnprocessableEntity, Title: "The " + bad.Which + " rules do not load",
			Detail: sentence(bad.Error()), Reason: BadRules, Rules: bad.Problems})
		return
	}
	writeRequestProblem(w, err, "The archive cannot be read now.")
}

// planOrder reads the body, or answers what is wrong with it.
func planOrder(w http.ResponseWriter, req *http.Request) (q router.PlanRequest, ok bool) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(planBodyWithin))
	var order PlanOrder
	dec := json.NewDecoder(http.MaxBytesReader(w, req.Body, planBytes))
	dec.DisallowUnknownFields()
	err := dec.Decode(&order)
	if err == nil && dec.More() {
		err = errors.New("there is more than one JSON object")
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		writeProblem(w, problem{Status: http.StatusRequestEntityTooLarge, Limit: planBytes,
			Detail: fmt.Sprintf("The rule files are more than a plan takes: %d bytes (64 MiB).", planBytes)})
		return q, false
	case err != nil:
		writeProblem(w, problem{Status: http.StatusBadRequest, Title: "The order cannot be read",
			Detail: "Expected a JSON object that says what to do: " + jsonFault(err) + "."})
		return q, false
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	if q, err = order.request(); err != nil {
		writeRequestProblem(w, err, "")
		return q, false
	}
	return q, true
}

// request is what is asked for.
func (o *PlanOrder) request() (q router.PlanRequest, err error) {
	q.Sample, q.Limit, q.All, q.Examples = o.Sample, o.Limit, o.All, planExamples
	if o.Examples != nil {
		q.Examples = *o.Examples
	}
	for name, commit := range map[string]string{"commit": o.Commit, "old_commit": o.OldCommit} {
		if commit != "" && !isCommit(commit) {
			return q, &router.RequestError{Detail: fmt.Sprintf("%s %s: expected 12 to 64 hex digits", name, strconv.Quote(commit))}
		}
	}
	q.Commit, q.OldCommit = o.Commit, o.OldCommit
	if q.Since, err = planMoment("since", o.Since); err != nil {
		return q, err
	}
	if q.Until, err = planMoment("until", o.Until); err != nil {
		return q, err
	}
	if q.Rules, err = sources("rules", o.Rules); err != nil {
		return q, err
	}
	q.Old, err = sources("old", o.Old)
	return q, err
}

func planMoment(name, text string) (router.Moment, error) {
	m, err := router.ParseMoment(text)
	if err != nil {
		return m, &router.RequestError{Detail: fmt.Sprintf("%s %s: %s", name, strconv.Quote(text), err)}
	}
	return m, nil
}

func sources(name string, files []RuleFile) ([]rules.Source, error) {
	if len(files) > planFiles {
		return nil, &router.RequestError{Detail: fmt.Sprintf("%s: %d files; a set has at most %d", name, len(files), planFiles)}
	}
	all := make([]rules.Source, len(files))
	for i, f := range files {
		if f.Name == "" {
			return nil, &router.RequestError{Detail: fmt.Sprintf("%s: the file %d has no name", name, i+1)}
		}
		all[i] = rules.Source{Name: f.Name, Text: []byte(f.Text)}
	}
	return all, nil
}

var isCommit = regexp.MustCompile(`^[0-9a-f]{12,64}$`).MatchString
