// Package flood keeps a log readable when the same thing happens ten thousand
// times a second: the first of a kind is logged at once, the rest of the next
// seconds as one line that says how many there were.
package flood

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Every is how long records of one kind are gathered.
const Every = 5 * time.Second

// keys are the attributes that, with the message, make a kind.
var keys = map[string]bool{"target": true, "rule": true, "code": true, "file": true, "line": true, "from": true}

// Handler passes records on to another handler, those that repeat only as a count.
type Handler struct {
	next  slog.Handler
	prior string // the kind's part that comes from WithAttrs and WithGroup
	seen  *seen
}

// New wraps a handler.
func New(next slog.Handler) *Handler {
	return &Handler{next: next, seen: &seen{kinds: map[string]*kind{}}}
}

type seen struct {
	mu    sync.Mutex
	kinds map[string]*kind
}

// kind is one sort of record that was logged within the last while.
type kind struct {
	more int
	last slog.Record
	to   slog.Handler
}

// Enabled tells what the wrapped handler does.
func (h *Handler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// WithAttrs gives a handler whose records carry the attributes.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.next = h.next.WithAttrs(attrs)
	for _, a := range attrs {
		c.prior += part(a)
	}
	return &c
}

// WithGroup gives a handler whose attributes are in the group.
func (h *Handler) WithGroup(name string) slog.Handler {
	c := *h
	c.next = h.next.WithGroup(name)
	c.prior += "/" + name
	return &c
}

// Handle logs the first record of a kind, and counts those that follow soon.
// What only informs or debugs is never held back.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn {
		return h.next.Handle(ctx, r)
	}
	name := h.name(r)
	h.seen.mu.Lock()
	if k := h.seen.kinds[name]; k != nil {
		k.more++
		k.last = r.Clone()
		h.seen.mu.Unlock()
		return nil
	}
	h.seen.kinds[name] = &kind{to: h.next}
	h.seen.mu.Unlock()
	time.AfterFunc(Every, func() { h.seen.sum(name) })
	return h.next.Handle(ctx, r)
}

func (h *Handler) name(r slog.Record) string {
	var b strings.Builder
	b.WriteString(h.prior)
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(part(a))
		return true
	})
	return b.String()
}

func part(a slog.Attr) string {
	if !keys[a.Key] {
		return ""
	}
	return "\x00" + a.Key + "=" + a.Value.String()
}

// sum logs the newest of the records that were held back, with their number,
// and goes on gathering while there are any.
func (s *seen) sum(name string) {
	s.mu.Lock()
	k := s.kinds[name]
	if k.more == 0 {
		delete(s.kinds, name)
		s.mu.Unlock()
		return
	}
	r, n := k.last, k.more
	k.more = 0
	s.mu.Unlock()
	time.AfterFunc(Every, func() { s.sum(name) })
	r.AddAttrs(slog.Int("times", n), slog.Duration("within", Every))
	_ = k.to.Handle(context.Background(), r)
}
