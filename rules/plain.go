package rules

import (
	"slices"
	"sync"
)

// plain finds the rules of an event the plain way: those whose `on` names its
// type by that name, those with stars in it one by one.
type plain struct {
	byType   map[string][]*CompiledRule
	patterns []starred
}

// starred is a rule with event types that have stars in them.
type starred struct {
	rule  *CompiledRule
	stars []typePattern
}

// laterPlain is newPlain, when somebody asks.
func laterPlain(rules []*CompiledRule) func() *plain {
	return sync.OnceValue(func() *plain { return newPlain(rules) })
}

func newPlain(rules []*CompiledRule) *plain {
	p := &plain{byType: map[string][]*CompiledRule{}}
	for _, r := range rules {
		if !r.Enabled {
			continue
		}
		var stars []typePattern
		for _, on := range r.On {
			if isPattern(on) {
				stars = append(stars, compileType(on))
			} else {
				p.byType[on] = append(p.byType[on], r)
			}
		}
		if stars != nil {
			p.patterns = append(p.patterns, starred{r, stars})
		}
	}
	return p
}

func (p *plain) match(e *evaluation, into []Match) []Match {
	eventType := e.event.ev.Type
	for _, r := range p.byType[eventType] {
		into = e.try(r, into)
	}
	for _, s := range p.patterns {
		named := slices.ContainsFunc(s.rule.On, func(on string) bool { return on == eventType && !isPattern(on) })
		if !named && slices.ContainsFunc(s.stars, func(t typePattern) bool { return t.fits(eventType) }) {
			into = e.try(s.rule, into)
		}
	}
	return into
}
