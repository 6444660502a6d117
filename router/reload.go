package router

import (
	"context"
	"errors"
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

// RulesError says that a rule set was refused.
type RulesError struct {
	Path     string
	Problems rules.Problems
}

func (e *RulesError) Error() string {
	n := 0
	for _, p := range e.Problems {
		if p.Severity == rules.Error {
			n++
		}
	}
	if n == 1 {
		return fmt.Sprintf("the rules in %s have a problem; `wye check %s` shows it", e.Path, e.Path)
	}
	return fmt.Sprintf("the rules in %s have %d problems; `wye check %s` shows them", e.Path, n, e.Path)
}

// Reload loads the rules again. A set with problems is refused as a
// [*RulesError] and the one in force stays; everything that can fail is done
// before anything that runs is touched. A good one is swapped in whole:
// deliveries under way end with the targets they began with, lanes of unchanged
// targets are not touched, and what waits for a target that is gone becomes
// dead letters.
func (r *Router) Reload(ctx context.Context) error {
	r.reloadMu.Lock()
	defer r.reloadMu.Unlock()
	if r.stopping {
		return ErrStopping
	}
	err := r.reload(ctx)
	if err != nil {
		r.acct.reloads.WithLabelValues("refused").Inc()
		return err
	}
	r.acct.reloads.WithLabelValues("ok").Inc()
	return nil
}

// ErrStopping says that the router takes no new rules because it is stopping.
var ErrStopping = errors.New("the server is stopping")

func (r *Router) reload(ctx context.Context) error {
	source, matcher, problems := r.loader.Load(r.cfg.Rules)
	if problems.HasErrors() {
		return &RulesError{Path: r.cfg.Rules, Problems: problems}
	}
	for _, p := range problems {
		if p.Severity == rules.Note {
			continue
		}
		r.log.Warn("rules", "file", p.File, "line", p.Line, "code", p.Code, "problem", p.Message)
	}
	old := r.set.Load()
	if old != nil && old.version == matcher.Version() && !anySecret(source) {
		return nil
	}
	built, err := r.buildChanged(ctx, source)
	if err != nil {
		return err
	}
	r.swap(source, matcher, built)
	r.history.keep(source)
	report := r.loader.Report()
	r.log.Info("rules loaded", "path", r.cfg.Rules, "version", matcher.Version(),
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
