package router

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// ruleset is one loaded rule set with the lanes that its rules lead to. It is
// never changed.
type ruleset struct {
	version string
	loaded  time.Time
	source  *rules.Ruleset
	matcher *rules.Matcher
	routes  map[*rules.CompiledRule]*route
}

// key is the key of an event at a target that orders, and "" where it goes in no
// order.
func (s *ruleset) key(target string, ev *cloudevent.Event) string {
	order := s.matcher.Order(target)
	if order == nil {
		return ""
	}
	key, err := order.Of(ev)
	if err != nil {
		return "" // as one that has no key; `wye check` and the docs say so
	}
	return key
}

// route is where one rule leads, and its counters.
type route struct {
	lanes           []*lane
	matched, errors prometheus.Counter
}

// put puts a rule set in force, unless it is: everything that can fail is done
// before anything that runs is touched. from says where it is from. reloadMu is
// held, or nothing runs yet.
func (r *Router) put(ctx context.Context, source *rules.Ruleset, matcher *rules.Matcher, problems rules.Problems, from string) error {
	old := r.set.Load()
	if old != nil && old.version == matcher.Version() && !anySecret(source) {
		return nil
	}
	built, err := r.buildChanged(ctx, source)
	if err != nil {
		return err
	}
	for _, p := range problems.And(source.Over(time.Now())) {
		if p.Severity == rules.Note {
			continue
		}
		r.log.Warn("rules", "file", p.File, "line", p.Line, "code", p.Code, "problem", p.Message, "version", matcher.Version())
	}
	r.swap(source, matcher, built)
	r.history.keep(source)
	report := r.loader.Report()
	r.log.Info("rules loaded", "path", from, "version", matcher.Version(),
		"rules", report.Rules, "targets", report.Targets, "compiled", report.Compiled, "shapes", report.Shapes,
		"took", report.Took.Round(time.Microsecond), "bytes", report.Bytes())
	return nil
}

// buildChanged builds the targets that are new or are set differently now. If
// one cannot be built none is kept.
func (r *Router) buildChanged(ctx context.Context, source *rules.Ruleset) (map[string]*handle, error) {
	built := map[string]*handle{}
	for _, spec := range source.Targets {
		if r.unchanged(spec) {
			continue
		}
		t, err := build(ctx, spec, r.streams)
		if err != nil {
			for _, h := range built {
				h.target.Close()
			}
			return nil, fmt.Errorf("target %s: %w", spec.Name, err)
		}
		built[spec.Name] = &handle{spec: spec, target: t}
	}
	return built, nil
}

// unchanged tells whether the target runs with just this specification. One
// that uses secrets never does: what they refer to may have changed.
func (r *Router) unchanged(spec rules.Target) bool {
	r.lanesMu.Lock()
	defer r.lanesMu.Unlock()
	l := r.lanes[spec.Name]
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.handle != nil && l.handle.spec.Same(spec) && !hasSecret(spec)
}

func hasSecret(t rules.Target) bool {
	if t.HTTP == nil {
		return false
	}
	for _, v := range t.HTTP.Headers {
		if strings.Contains(v, "${") {
			return true
		}
	}
	return strings.Contains(t.HTTP.URL, "${")
}

func anySecret(source *rules.Ruleset) bool {
	for _, t := range source.Targets {
		if hasSecret(t) {
			return true
		}
	}
	return false
}

// swap puts the new set in force. Nothing in it can fail.
func (r *Router) swap(source *rules.Ruleset, matcher *rules.Matcher, built map[string]*handle) {
	r.lanesMu.Lock()
	wanted := map[string]bool{}
	for _, t := range source.Targets {
		wanted[t.Name] = true
		h, l := built[t.Name], r.lanes[t.Name]
		switch {
		case l == nil:
			r.lanes[t.Name] = newLane(r, t.Name, h)
		case h != nil:
			l.adopt(h)
		}
	}
	set := &ruleset{
		version: matcher.Version(), loaded: time.Now().UTC(), source: source, matcher: matcher,
		routes: make(map[*rules.CompiledRule]*route, len(source.Rules)),
	}
	for _, c := range matcher.Rules() {
		if set.routes[c] = r.routeBefore(c); set.routes[c] == nil {
			set.routes[c] = r.routeOf(c)
		}
	}
	var orphans []*lane
	for name, l := range r.lanes {
		if !wanted[name] {
			orphans = append(orphans, l)
		}
	}
	r.lanesMu.Unlock()

	r.set.Store(set)
	for _, l := range orphans {
		l.orphan()
	}
}

// routeBefore is where a rule has led so far, nil where it is new or leads
// somewhere else now. r.lanesMu is held.
func (r *Router) routeBefore(c *rules.CompiledRule) *route {
	old := r.set.Load()
	if old == nil || old.routes[c] == nil {
		return nil
	}
	rt := old.routes[c]
	for i, name := range c.To {
		if rt.lanes[i] != r.lanes[name] {
			return nil
		}
	}
	return rt
}

// routeOf is where one rule leads. r.lanesMu is held.
func (r *Router) routeOf(c *rules.CompiledRule) *route {
	rt := &route{}
	rt.matched, rt.errors = r.acct.ofRule(c.Rule)
	for _, name := range c.To {
		rt.lanes = append(rt.lanes, r.lanes[name])
	}
	return rt
}
