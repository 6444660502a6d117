package matchbench

import (
	"github.com/tidwall/gjson"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest/plain"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// validating is the floor F.
func validating(events []*cloudevent.Event) {
	for _, ev := range events {
		gjson.ValidBytes(ev.Data)
	}
}

// matching is what is measured; it counts the matches and the errors that it
// saw.
type matching struct {
	wye             *rules.Matcher
	into            []rules.Match
	events, matched int
}

func (m *matching) all(events []*cloudevent.Event) {
	for _, ev := range events {
		m.into = m.wye.Match(ev, m.into[:0])
		m.matched += len(m.into)
	}
	m.events += len(events)
}

// oneByOne is Wye's own evaluation of every rule, without an index.
func (m *matching) oneByOne(events []*cloudevent.Event) {
	for _, ev := range events {
		m.into = m.wye.MatchOneByOne(ev, m.into[:0])
	}
}

// plainly is cel-go alone. All data is valid, so there are no errors.
func plainly(m *plain.Matcher) subject {
	var into []int
	return func(events []*cloudevent.Event) {
		for _, ev := range events {
			into, _ = m.Match(ev, into[:0])
		}
	}
}
