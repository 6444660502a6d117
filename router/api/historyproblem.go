package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/wye-events/wye/router"
)

// noEvent is the problem document of an event that is not to be had.
type noEvent struct {
	problem
	Reason router.Why `json:"reason"`
	Kept   *keptSpan  `json:"kept,omitempty"`           // absent where nothing is kept
	Looked *lookedTo  `json:"looked_back_to,omitempty"` // where the time was over before the archive
}

type keptSpan struct {
	First  uint64    `json:"first"`
	Last   uint64    `json:"last"`
	Stored time.Time `json:"first_stored"`
}

type lookedTo struct {
	Sequence uint64    `json:"sequence"`
	Stored   time.Time `json:"stored,omitzero"`
}

// noEventAnswers are the statuses and titles of the reasons.
var noEventAnswers = map[router.Why]problem{
	router.NotYet:     {Status: http.StatusNotFound, Title: "No such event yet"},
	router.Removed:    {Status: http.StatusGone, Title: "The event is not kept any more"},
	router.Unreadable: {Status: http.StatusInternalServerError, Title: "The event is damaged"},
	router.Unknown:    {Status: http.StatusNotFound, Title: "No such event"},
	router.NotFound:   {Status: http.StatusNotFound, Title: "Not found in the time there was"},
}

func writeNoEvent(w http.ResponseWriter, e *router.NoEventError) {
	doc := noEvent{problem: noEventAnswers[e.Why], Reason: e.Why}
	text := e.Error()
	doc.Type, doc.Detail = "about:blank", strings.ToUpper(text[:1])+text[1:]+"."
	if e.First <= e.Last {
		doc.Kept = &keptSpan{e.First, e.Last, e.FirstAt.UTC()}
	}
	if e.Why == router.NotFound {
		doc.Looked = &lookedTo{Sequence: e.LookedTo}
		if !e.LookedAt.IsZero() {
			doc.Looked.Stored = e.LookedAt.UTC()
		}
	}
	writeAs(w, "application/problem+json", doc.Status, doc)
}
