package router

import (
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// Explain says what the rule set in force would do with an event, and why. The
// event need not be one that was accepted, and nothing is done with it. Where o
// does not say when it is accepted, that is now.
func (r *Router) Explain(ev *cloudevent.Event, o rules.ExplainOptions) (*rules.Explanation, error) {
	if o.Accepted.IsZero() {
		o.Accepted = time.Now()
	}
	return r.set.Load().matcher.Explain(ev, o)
}
