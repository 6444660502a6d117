package router

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// searchWithin bounds the search for an id. There is no index: 100,000 to
// 190,000 small events are looked at in a second on an idle machine.
const searchWithin = 5 * time.Second

// Why there is no event, for [NoEventError].
type Why string

const (
	NotYet     Why = "not_yet"    // its sequence was not given to an event so far
	Removed    Why = "removed"    // it is not kept any more
	Unreadable Why = "unreadable" // it is kept, but damaged
	Unknown    Why = "unknown"    // no event that is kept has this id
	NotFound   Why = "not_found"  // none was found in the time there was; LookedTo says how far
)

// NoEventError says that an event is not to be had.
type NoEventError struct {
	EventRef
	Why         Why
	First, Last uint64 // what is kept; First is Last+1 where nothing is
	FirstAt     time.Time
	LookedTo    uint64    // with NotFound: all from here on were looked at
	LookedAt    time.Time // when that one was stored; zero where that is not known
}

// Error says it in a sentence.
func (e *NoEventError) Error() string {
	kept := "no events are kept yet"
	switch {
	case e.First == e.Last:
		kept = fmt.Sprintf("only event %d is kept, stored %s", e.First, e.FirstAt.UTC().Format(time.RFC3339))
	case e.First < e.Last:
		kept = fmt.Sprintf("events %d to %d are kept, the first stored %s", e.First, e.Last, e.FirstAt.UTC().Format(time.RFC3339))
	}
	switch e.Why {
	case NotYet:
		return fmt.Sprintf("there is no event %d yet; %s", e.Sequence, kept)
	case Removed:
		return fmt.Sprintf("event %d is not kept any more; %s", e.Sequence, kept)
	case Unreadable:
		return fmt.Sprintf("event %d is stored but cannot be read", e.Sequence)
	case Unknown:
		return fmt.Sprintf("no event has %s; %s", e.named(), kept)
	}
	return fmt.Sprintf("no event with %s was found in %s, back to sequence %d%s; give its sequence%s, or look further with before=%d",
		e.named(), searchWithin, e.LookedTo, e.lookedAt(), e.sourceHint(), e.LookedTo)
}

func (e *NoEventError) lookedAt() string {
	if e.LookedAt.IsZero() {
		return ""
	}
	return " (" + e.LookedAt.UTC().Format(time.RFC3339) + ")"
}

// sourceHint: with the source, an event of the last minutes is found at once.
func (e *NoEventError) sourceHint() string {
	if e.Source != "" {
		return ""
	}
	return " or its source too"
}

func (e *NoEventError) named() string {
	text := fmt.Sprintf("id %q", e.ID)
	if e.Source != "" {
		text += fmt.Sprintf(" and source %q", e.Source)
	}
	if e.Before > 0 {
		text += fmt.Sprintf(" below sequence %d", e.Before)
	}
	return text
}

// findByID finds the newest event of an id. With its source, one of the last
// minutes is found at once, for the store still tells its repetitions by both.
func (r *Router) findByID(ctx context.Context, ref EventRef, archive bus.Archive) (uint64, error) {
	if ref.Source != "" && ref.Before == 0 {
		seq, err := r.bus.Recall(ctx, messageID(&cloudevent.Event{ID: ref.ID, Source: ref.Source}))
		if err == nil && seq >= archive.First && seq <= archive.Last {
			return seq, nil
		}
	}
	before := ref.Before
	if before == 0 {
		before = archive.Last + 1
	}
	within, cancel := context.WithTimeout(ctx, searchWithin)
	defer cancel()
	seq, looked, err := r.bus.SearchBack(within, before, hasID(ref))
	if err != nil || seq > 0 {
		return seq, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	none := &NoEventError{EventRef: ref, Why: Unknown, First: archive.First, Last: archive.Last, FirstAt: archive.FirstAt}
	if looked > archive.First {
		none.Why, none.LookedTo = NotFound, looked
		if rec, ok, err := r.bus.Event(ctx, looked); err == nil && ok {
			none.LookedAt = rec.Time
		}
	}
	return 0, none
}

// hasID compares stored headers with an id (and a source), all of them encoded
// alike, so that none is decoded.
func hasID(ref EventRef) func(header map[string][]string) bool {
	stored, _ := (&cloudevent.Event{ID: ref.ID, Source: ref.Source}).EncodeStored()
	wanted := map[string]string{}
	for name, values := range stored {
		if strings.EqualFold(name, "ce-id") || strings.EqualFold(name, "ce-source") && ref.Source != "" {
			wanted[name] = values[0]
		}
	}
	return func(header map[string][]string) bool {
		for name, value := range wanted {
			if got := header[name]; len(got) != 1 || got[0] != value {
				return false
			}
		}
		return true
	}
}
