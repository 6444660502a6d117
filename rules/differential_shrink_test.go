package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// smallest makes rules and an event on which answers differ as small as it can
// in a little time, and shows them as they go into a test.
func smallest(rules []genRule, e genEvent, maker int) string {
	c := shrinker{rules: slices.Clone(rules), event: e, maker: maker, end: time.Now().Add(30 * time.Second)}
	c.fewerRules()
	for range 2 {
		c.smallerEvent()
		c.smallerRules()
	}
	return c.String()
}

type shrinker struct {
	rules []genRule
	event genEvent
	maker int
	end   time.Time
}

// differs tells whether the answers still differ.
func (c *shrinker) differs(rules []genRule, e genEvent) bool {
	if time.Now().After(c.end) {
		return false
	}
	s, err := newSubject(rules, c.maker)
	return err == nil && s.compare(e.made(), &counts{}) != ""
}

// fewerRules leaves out rules, many at once at first.
func (c *shrinker) fewerRules() {
	for step := len(c.rules) / 2; step > 0; step /= 2 {
		for i := 0; i+step <= len(c.rules); {
			fewer := slices.Delete(slices.Clone(c.rules), i, i+step)
			if len(fewer) > 0 && c.differs(fewer, c.event) {
				c.rules = fewer
			} else {
				i += step
			}
		}
	}
}

func (c *shrinker) smallerRules() {
	simplest := []string{"true", "false", "1", `""`, "event.data", "event.data.a"}
	for i := range c.rules {
		c.tryRule(i, func(r *genRule) { r.when, r.program = nil, nil })
		c.tryRule(i, func(r *genRule) { r.on = []string{"**"} })
		c.tryRule(i, func(r *genRule) { r.onError = "" })
		if c.rules[i].when == nil {
			continue
		}
		c.rules[i].program = nil
		c.rules[i].when = c.rules[i].when.shrink(simplest, func(t *tree) bool {
			rules := slices.Clone(c.rules)
			rules[i].when = t
			return c.differs(rules, c.event)
		})
	}
}

func (c *shrinker) tryRule(i int, change func(*genRule)) {
	rules := slices.Clone(c.rules)
	change(&rules[i])
	if c.differs(rules, c.event) {
		c.rules = rules
	}
}

func (c *shrinker) smallerEvent() {
	for _, change := range []func(e *genEvent){
		func(e *genEvent) { e.data, e.Data = nil, nil },
		func(e *genEvent) { e.Extensions = nil },
		func(e *genEvent) { e.Headers = nil },
		func(e *genEvent) { e.Subject = "" },
		func(e *genEvent) { e.Time = "" },
		func(e *genEvent) { e.DataSchema = "" },
		func(e *genEvent) { e.DataContentType = "application/json" },
		func(e *genEvent) { e.Type = "a" },
	} {
		e := c.event
		change(&e)
		if c.differs(c.rules, e) {
			c.event = e
		}
	}
	if c.event.data == nil {
		return
	}
	c.event.data = c.event.data.shrink([]string{"1", "{}", `""`, `"a"`, "null"}, func(t *tree) bool {
		e := c.event
		e.data = t
		return c.differs(c.rules, e)
	})
}

// String is the case and what is said of it.
func (c *shrinker) String() string {
	s, err := newSubject(c.rules, c.maker)
	if err != nil {
		return err.Error()
	}
	ev := c.event.made()
	return fmt.Sprintf("%s\n%s\n%s", source(c.rules).Text, shown(ev), s.compare(ev, &counts{}))
}

// shown is an event with what it has, and nothing else.
func shown(ev *cloudevent.Event) string {
	parts := []string{fmt.Sprintf("id %q, source %q, type %q", ev.ID, ev.Source, ev.Type)}
	for name, value := range map[string]string{
		"subject": ev.Subject, "time": ev.Time, "dataschema": ev.DataSchema, "datacontenttype": ev.DataContentType,
	} {
		if value != "" {
			parts = append(parts, fmt.Sprintf("%s %q", name, value))
		}
	}
	slices.Sort(parts[1:])
	for _, x := range ev.Extensions {
		parts = append(parts, fmt.Sprintf("%s %#v", x.Name, x.Value))
	}
	for _, h := range ev.Headers {
		parts = append(parts, fmt.Sprintf("header %s %q", h.Name, h.Value))
	}
	if ev.Data == nil {
		return strings.Join(append(parts, "no data"), ", ")
	}
	return strings.Join(parts, ", ") + fmt.Sprintf(", data\n%s\n(%q)", ev.Data, ev.Data)
}
