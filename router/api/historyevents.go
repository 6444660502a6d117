package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/rules"
)

// EventDoc is an event of the archive and what became of it.
type EventDoc struct {
	Sequence uint64          `json:"sequence"`
	Stored   time.Time       `json:"stored"`
	Accepted time.Time       `json:"accepted"` // what the until of rules is compared with
	Event    json.RawMessage `json:"event"`    // in the CloudEvents JSON format
	// Version is the rule set that decided the event; empty, with VersionNote,
	// where that is not known.
	Version     string                `json:"version,omitempty"`
	Commit      string                `json:"commit,omitempty"`
	VersionNote string                `json:"version_note,omitempty"`
	Shadow      []string              `json:"shadow,omitempty"` // shadow rules that matched it and delivered nothing
	Deliveries  []router.PastDelivery `json:"deliveries"`
	Replays     []router.PastDelivery `json:"replays,omitempty"` // what became of those of replays
	// DeliveriesNote says what may be missing among them.
	DeliveriesNote string `json:"deliveries_note,omitempty"`
}

// PastDoc explains an event of the archive: with the rule set that decided it
// (then) and with the one in force (now), and what became of its deliveries.
type PastDoc struct {
	Sequence    uint64          `json:"sequence"`
	Stored      time.Time       `json:"stored"`
	Accepted    time.Time       `json:"accepted"` // what the until of rules is compared with
	Event       json.RawMessage `json:"event"`    // in the CloudEvents JSON format
	ThenVersion string          `json:"then_version,omitempty"`
	ThenCommit  string          `json:"then_commit,omitempty"`
	NowVersion  string          `json:"now_version"`
	NowCommit   string          `json:"now_commit,omitempty"`
	// Same says that then and now are one rule set, and so one explanation.
	Same bool `json:"same"`
	// Then and Now are null where there is no explanation, and the note says why.
	Then           *rules.Explanation    `json:"then"`
	ThenNote       string                `json:"then_note,omitempty"`
	Now            *rules.Explanation    `json:"now"`
	NowNote        string                `json:"now_note,omitempty"`
	Deliveries     []router.PastDelivery `json:"deliveries"`
	DeliveriesNote string                `json:"deliveries_note,omitempty"`
}

// event answers GET /api/v1/events/{sequence}.
func (a *admin) event(w http.ResponseWriter, req *http.Request) {
	text := req.PathValue("sequence")
	seq, err := strconv.ParseUint(text, 10, 64)
	if err != nil || seq == 0 {
		writeProblem(w, problem{Status: http.StatusBadRequest, Detail: strconv.Quote(text) + " is not a sequence; they are numbers from 1 on."})
		return
	}
	a.whole(w, req, router.EventRef{Sequence: seq})
}

// eventNamed answers GET /api/v1/events?event=SEQUENCE|ID, with source= and
// before= for an id.
func (a *admin) eventNamed(w http.ResponseWriter, req *http.Request) {
	known := []string{"event", "source", "before"}
	for name := range req.URL.Query() {
		if !slices.Contains(known, name) {
			writeProblem(w, *noParameter(name, known))
			return
		}
	}
	if ref, ok := eventRef(w, req); ok {
		a.whole(w, req, ref)
	}
}

// whole answers with all that is known of an event.
func (a *admin) whole(w http.ResponseWriter, req *http.Request, ref router.EventRef) {
	ref.Whole = true
	p, ok := a.past(w, req, ref)
	if !ok {
		return
	}
	doc := EventDoc{
		Sequence: p.Sequence, Stored: p.Stored, Accepted: p.Accepted, Event: p.Event.AppendStructured(nil),
		Version: p.Version, Commit: rules.CommitOf(p.Version), Shadow: p.Shadows(), Deliveries: p.Deliveries, Replays: p.Replays, DeliveriesNote: p.DeliveriesNote,
	}
	if p.Version == "" {
		doc.VersionNote = p.ThenNote
	}
	writeJSON(w, http.StatusOK, doc)
}

// explainPast answers GET /api/v1/explain?event=SEQUENCE|ID, with source= and
// before= for an id, rule= (any number of times), all=true and limit=.
func (a *admin) explainPast(w http.ResponseWriter, req *http.Request) {
	o, ok := pastOptions(w, req)
	if !ok {
		return
	}
	ref, ok := eventRef(w, req)
	if !ok {
		return
	}
	p, ok := a.past(w, req, ref)
	if !ok {
		return
	}
	o.Accepted = p.Accepted // for the rules of now too: they are asked about that event, not about one like it
	doc := PastDoc{
		Sequence: p.Sequence, Stored: p.Stored, Accepted: p.Accepted, Event: p.Event.AppendStructured(nil),
		ThenVersion: p.Version, ThenCommit: rules.CommitOf(p.Version),
		NowVersion: p.Now.Version(), NowCommit: rules.CommitOf(p.Now.Version()), Same: p.Then == p.Now, ThenNote: p.ThenNote,
		Deliveries: p.Deliveries, DeliveriesNote: p.DeliveriesNote,
	}
	var unknown error
	if doc.Now, unknown = p.Now.Explain(p.Event, o); unknown != nil {
		doc.NowNote = unknown.Error()
	}
	switch {
	case doc.Same:
		doc.Then, doc.ThenNote = doc.Now, doc.NowNote
	case p.Then != nil:
		if doc.Then, unknown = p.Then.Explain(p.Event, o); unknown != nil {
			doc.ThenNote = unknown.Error()
		}
	}
	if doc.Then == nil && doc.Now == nil {
		writeProblem(w, noSuchRule(unknown))
		return
	}
	writeJSON(w, http.StatusOK, doc)
}

// eventRef reads which event is asked for. Digits are a sequence, unless there
// is a source: only an id has one.
func eventRef(w http.ResponseWriter, req *http.Request) (ref router.EventRef, ok bool) {
	q := req.URL.Query()
	text := q.Get("event")
	if text == "" {
		writeProblem(w, problem{Status: http.StatusBadRequest, Detail: "Say which event: event=SEQUENCE, or event=ID with source=SOURCE if you know it. " +
			"An event that is not in the archive is sent in the body of a POST."})
		return ref, false
	}
	if ref.Before, ok = number(w, "before", q.Get("before"), 0); !ok {
		return ref, false
	}
	ref.ID, ref.Source = text, q.Get("source")
	if seq, err := strconv.ParseUint(text, 10, 64); err == nil && seq > 0 && ref.Source == "" {
		ref = router.EventRef{Sequence: seq}
	}
	return ref, true
}

// pastOptions are what is to be told, as of a POST.
func pastOptions(w http.ResponseWriter, req *http.Request) (rules.ExplainOptions, bool) {
	o, p := explainOptions(req.URL.Query(), "event", "source", "before", "rule", "all", "limit")
	if p != nil {
		writeProblem(w, *p)
		return o, false
	}
	return o, true
}

// past finds an event, or answers why there is none.
func (a *admin) past(w http.ResponseWriter, req *http.Request, ref router.EventRef) (*router.PastEvent, bool) {
	p, err := a.router.Past(req.Context(), ref)
	var none *router.NoEventError
	switch {
	case errors.As(err, &none):
		writeNoEvent(w, none)
	case err != nil:
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Detail: "The archive cannot be read now."})
	}
	return p, err == nil
}
