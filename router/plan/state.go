package plan

import (
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// state is what one rule does with one event.
type state uint8

const (
	idle   state = iota
	live         // its targets get the event
	shadow       // its targets would get it if the rule were live
	dead         // each of its targets gets a dead letter, because the condition failed

	failed // a mark beside one of those: the condition failed
)

// states is how many there are, with and without the mark.
const states = int(2 * failed)

func (s state) what() state { return s &^ failed }

func (s state) fails() bool { return s&failed != 0 }

// stateOf is what a rule does with an event that the matcher says it matches, or
// fails on.
func stateOf(r *rules.Rule, err error, ev *cloudevent.Event, accepted time.Time) (s state) {
	part := r.Part(ev, accepted)
	if !part.Matches() {
		return idle
	}
	if err != nil {
		s = failed
	}
	switch {
	case err != nil && r.OnError == rules.OnErrorSkip:
	case part == rules.PartShadow:
		if err == nil || r.OnError == rules.OnErrorMatch {
			s |= shadow
		}
	case err == nil || r.OnError == rules.OnErrorMatch:
		s |= live
	default:
		s |= dead
	}
	return s
}
