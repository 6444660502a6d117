package matchbench

import (
	"time"

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

// matching is what is measured.
type matching struct {
	wye  *rules.Matcher
	into []rules.Match
}

func (m *matching) all(events []*cloudevent.Event) {
	for _, ev := range events {
		m.into = m.wye.Match(ev, m.into[:0])
	}
}

// answers are the matches and the errors of an event on average, over as many
// events as there is time for.
func (m *matching) answers(events []*cloudevent.Event, long time.Duration) (matches, errs float64) {
	begin, n := time.Now(), 0.0
	for _, ev := range events {
		m.into = m.wye.Match(ev, m.into[:0])
		for _, match := range m.into {
			if match.Err != nil {
				errs++
			} else {
				matches++
			}
		}
		if n++; time.Since(begin) > long {
			break
		}
	}
	return matches / n, errs / n
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
