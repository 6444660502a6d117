package router

import (
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// Explain says what the rule set in force would do with an event, and why. The
// event need not be one that was accepted, and nothing is done with it.
func (r *Router) Explain(ev *cloudevent.Event, o rules.ExplainOptions) (*rules.Explanation, error) {
	return r.set.Load().matcher.Explain(ev, o)
}
