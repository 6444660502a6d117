package rulestest

import "github.com/wye-events/wye/schemas/cloudevent"

// Set is a rule set and events to match against it.
type Set struct {
	Name   string
	Rules  []Rule
	Events []*cloudevent.Event
}

// Rule is one rule as it is written in a file.
type Rule struct {
	Name string
	On   []string // event types, or patterns of them
	When string
	To   string
}

// events is how many events every set has: enough that what one event leaves in
// the caches of the processor does not help the next.
const events = 2_000

// everything is the pattern of all event types.
const everything = "**"

// JSONLines are the events in the JSON format of CloudEvents, one a line. The
// headers of the transport are not part of that format.
func (s *Set) JSONLines() []byte {
	var out []byte
	for _, ev := range s.Events {
		out = append(ev.AppendStructured(out), '\n')
	}
	return out
}
