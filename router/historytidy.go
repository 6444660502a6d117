package router

import (
	"context"
	"errors"

	"github.com/wye-events/wye/router/bus"
)

// Bounds of what is kept of rule sets.
const (
	// versionsKept is how many of the newest are kept in any case; older ones
	// only as long as an event that they decided.
	versionsKept = 20
	// versionsBytes bounds them all, compressed: a rule set of 100,000 rules is
	// about 1 MiB.
	versionsBytes = 256 << 20
	// notesKept bounds the notes of which decided what.
	notesKept = 10_000
)

// tidy stores what could not be stored before, and lets go of what no event
// that is kept was decided by.
func (h *history) tidy(ctx context.Context, now *ruleset) error {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	h.noteAgain()
	h.keep(now.source)
	archive, err := h.bus.Archive(ctx)
	if err != nil {
		return err
	}
	h.drop(h.pastNotes(archive.First))
	return errors.Join(h.trimOutcomes(ctx, archive), h.prune(ctx, now.version))
}

// noteAgain stores the notes that could not be stored, and all later ones, in
// order: in any other a later one would seem to be replaced.
func (h *history) noteAgain() {
	h.mu.Lock()
	var again timeline
	if h.unsaved > 0 {
		again = h.line[h.line.find(h.unsaved):]
	}
	h.unsaved = 0
	h.mu.Unlock()
	for _, s := range again {
		h.note(s)
	}
}

// pastNotes takes out the notes that no kept event needs.
func (h *history) pastNotes(first uint64) timeline {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := max(len(h.line.before(first)), len(h.line)-notesKept)
	past := h.line[:n]
	h.line = h.line[n:]
	return past
}

// drop removes notes from the store, except where a newer one has the same place.
func (h *history) drop(gone timeline) {
	for _, s := range gone {
		h.mu.Lock()
		i := h.line.find(s.from)
		used := i < len(h.line) && h.line[i].from == s.from
		h.mu.Unlock()
		if used {
			continue
		}
		if err := h.bus.DropMark(h.ctx, s.from); err != nil {
			return // it is of no harm, and is dropped at the next start
		}
	}
}

// trimOutcomes lets the history of outcomes begin with the archive.
func (h *history) trimOutcomes(ctx context.Context, a bus.Archive) error {
	if a.First == h.trimmed || a.First > a.Last {
		return nil
	}
	h.trimmed = a.First
	return h.bus.TrimOutcomes(ctx, a.FirstAt)
}

// prune removes the files of versions that are not to be kept, and what was left
// of those that were never stored whole.
func (h *history) prune(ctx context.Context, now string) error {
	h.storing.Lock()
	defer h.storing.Unlock()
	memories, err := h.bus.Memories(ctx)
	if err != nil {
		return err
	}
	past, err := h.bus.Fragments(ctx)
	if err != nil {
		return err
	}
	for _, name := range append(past, surplus(memories, h.needed(now), now)...) {
		if err := h.bus.Forget(ctx, name); err != nil {
			return err
		}
		h.mu.Lock()
		delete(h.kept, name)
		delete(h.settled, name)
		h.mu.Unlock()
	}
	return nil
}

// needed are the version in force and those that decided a kept event.
func (h *history) needed(now string) map[string]bool {
	needed := map[string]bool{now: true}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.line {
		needed[s.version] = true
	}
	return needed
}

// surplus are the versions that need not, or cannot, be kept. The memories are
// in the order in which they were stored.
func surplus(memories []bus.Memory, needed map[string]bool, now string) (names []string) {
	size := 0
	for i := len(memories) - 1; i >= 0; i-- {
		m := memories[i]
		old := len(memories)-i > versionsKept && !needed[m.Name]
		if m.Name != now && (old || size+m.Bytes > versionsBytes) {
			names = append(names, m.Name)
			continue
		}
		size += m.Bytes
	}
	return names
}
