package router

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Sample is an event to try a rule set with.
type Sample struct {
	Type string
	Data string // JSON
	Then string // what will happen to it, as a sentence
}

// sampleData are bodies that a newcomer's first rules are likely to ask for.
var sampleData = []string{
	`{"total": 250, "items": [{"sku": "vase", "fragile": true}]}`,
	`{}`,
}

// Sample finds an event that the rules in force match, if one of a few simple
// ones does, and says where it will go.
func (r *Router) Sample() Sample {
	set := r.set.Load()
	first := Sample{Type: "com.example.order.placed", Data: sampleData[0]}
	if first.Then = r.foretell(set, first); first.Then != "" {
		return first
	}
	for _, rule := range set.matcher.Rules() {
		for _, on := range rule.On {
			eventType := strings.NewReplacer("**", "sample", "*", "sample").Replace(on)
			for _, data := range sampleData {
				s := Sample{Type: eventType, Data: data}
				if s.Then = r.foretell(set, s); s.Then != "" {
					return s
				}
			}
			if first.Then == "" {
				first = Sample{Type: eventType, Data: `{}`}
			}
		}
	}
	first.Then = "it is accepted and kept, but no rule matches it: see " + r.sourcing.from.Address().String()
	return first
}

// foretell says where a sample goes, or nothing if no rule matches it.
func (r *Router) foretell(set *ruleset, s Sample) string {
	ev := &cloudevent.Event{ID: "sample", Source: "/try", Type: s.Type, DataContentType: "application/json", Data: []byte(s.Data)}
	var names, to []string
	for _, m := range set.matcher.MatchAt(ev, time.Now(), nil) {
		if m.Err == nil && !m.Rule.Shadow() && m.Rule.Sample >= 1 { // another event may not be in a sample
			names = append(names, m.Rule.Name)
			to = append(to, m.Rule.To...)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(to)
	to = slices.Compact(to)
	verb := "takes"
	if len(names) > 1 {
		verb = "take"
	}
	return fmt.Sprintf("%s of %s %s it to %s", plural("rule", names), r.sourcing.from.Address().String(), verb, plural("target", to))
}

func plural(word string, names []string) string {
	if len(names) > 1 {
		word += "s"
	}
	return word + " " + strings.Join(names, ", ")
}
