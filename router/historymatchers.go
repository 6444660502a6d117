package router

import (
	"context"
	"fmt"
	"slices"

	"github.com/wye-events/wye/rules"
)

// Bounds of the past rule sets that are held compiled, so that a second question
// about one is quick.
const (
	pastMatchersMost  = 4
	pastMatchersBytes = 16 << 20 // of their files' text; the newest is held in any case
)

// pastMatchers holds compiled rule sets of the past, the last used first.
type pastMatchers struct {
	turn chan struct{} // holds a token while nobody looks or compiles
	held []pastMatcher
}

type pastMatcher struct {
	*rules.Matcher
	bytes int
}

func newPastMatchers() pastMatchers {
	p := pastMatchers{turn: make(chan struct{}, 1)}
	p.turn <- struct{}{}
	return p
}

// get gives a held matcher, as the last used one.
func (p *pastMatchers) get(version string) *rules.Matcher {
	i := slices.IndexFunc(p.held, func(m pastMatcher) bool { return m.Version() == version })
	if i < 0 {
		return nil
	}
	found := p.held[i]
	p.held = slices.Insert(slices.Delete(p.held, i, i+1), 0, found)
	return found.Matcher
}

// put holds a matcher, and lets go of those that were not used for longest.
func (p *pastMatchers) put(m pastMatcher) {
	p.held = slices.Insert(p.held, 0, m)
	size := 0
	for i := range p.held {
		size += p.held[i].bytes
		if i > 0 && (i >= pastMatchersMost || size > pastMatchersBytes) {
			p.held = slices.Delete(p.held, i, len(p.held))
			return
		}
	}
}

// matcher is the compiled rule set of a past version, or nil and why it cannot
// be had. One is compiled at a time.
func (h *history) matcher(ctx context.Context, version string) (m *rules.Matcher, why string, err error) {
	p := &h.matchers
	select {
	case <-p.turn:
	case <-ctx.Done():
		return nil, "", context.Cause(ctx)
	}
	defer func() { p.turn <- struct{}{} }()
	if m := p.get(version); m != nil {
		return m, "", nil
	}
	sources, why, err := h.sources(ctx, version)
	if sources == nil {
		return nil, why, err
	}
	size := 0
	for _, s := range sources {
		size += len(s.Text)
	}
	_, m, problems := new(rules.Loader).LoadCommit(rules.CommitOf(version), "", sources...)
	if m == nil {
		return nil, fmt.Sprintf("rule set %s decided this event; this version of Wye does not accept it: %s", version, firstError(problems)), nil
	}
	p.put(pastMatcher{m, size})
	return m, "", nil
}

// sources are the files of a past version, or nil and why they cannot be had.
func (h *history) sources(ctx context.Context, version string) (sources []rules.Source, why string, err error) {
	packed, ok, err := h.bus.Recollect(ctx, version)
	if ctx.Err() != nil {
		return nil, "", context.Cause(ctx)
	}
	if err == nil && !ok {
		return nil, fmt.Sprintf("rule set %s decided this event; its files are not kept", version), nil
	}
	if err == nil {
		sources, err = unpack(packed, version)
	}
	if err != nil {
		return nil, fmt.Sprintf("rule set %s decided this event; its files cannot be read: %s", version, err), nil
	}
	return sources, "", nil
}

func firstError(problems rules.Problems) string {
	for _, p := range problems {
		if p.Severity == rules.Error {
			return fmt.Sprintf("%s, line %d: %s", p.File, p.Line, p.Message)
		}
	}
	return "it cannot be loaded"
}
