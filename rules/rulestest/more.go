package rulestest

import (
	"fmt"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// OneMore is a rule that no set has, the n-th of them, as it stands under
// `rules:` in a file, and an event that it alone matches: to measure what it
// takes until a rule that is added is in force.
func OneMore(n int) (text []byte, ev *cloudevent.Event) {
	eventType := fmt.Sprintf("com.acme.added.number%d", n)
	r := Rule{
		Name: fmt.Sprintf("added-%07d", n), On: []string{eventType}, To: targets[0],
		When: fmt.Sprintf("event.data.amount > %d && event.data.country == %q", n, countries[0]),
	}
	return r.append(nil), &cloudevent.Event{
		ID: "added", Source: "/tenants/new", Type: eventType, DataContentType: "application/json",
		Data: fmt.Appendf(nil, `{"amount":%d,"country":%q}`, 1_000_000+n, countries[0]), // beyond every band of amounts
	}
}

// Alone is a file of its own for a rule's text.
func Alone(text []byte) []byte { return append([]byte("version: 1\nrules:\n"), text...) }
