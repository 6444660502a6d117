package router

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/rules"
)

// history is the router's memory of what was in force: which rule set decided
// which events, and the files of those rule sets. It is for those who look
// back, so nothing waits for it and nothing fails with it: what it could not
// store is said to be unknown.
//
// Which rule set decided is noted by the loop, the one place that knows, when
// the first event is read under another rule set than the one before. The note
// is handed to the store before any of those events can be settled, in the
// stream that keeps the floor and in order: see [bus.Bus.SetMark]. So there is
// no moment at which a crash could leave an event below the floor and without
// the right note. Events above it are read and decided again, under the rule set
// of the new start; then that is what decided them, although deliveries of before
// the crash may have been made under another (each tells its own version).
type history struct {
	bus *bus.Bus
	log *slog.Logger

	deciding string // the version that the loop uses; the loop's own

	mu      sync.Mutex
	line    timeline
	unsaved uint64                       // notes from this sequence on are to be stored again; 0: none
	kept    map[string]bool              // versions whose files are stored, or are being stored
	settled map[string]bool              // versions whose files are stored, or could not be
	await   map[string]bool              // versions that decide, or did, and whose files may still come to be stored
	told    map[string]bool              // what was logged already
	then    map[string][]func(kept bool) // to be called once the files of a version are stored, or could not be
	trimmed uint64                       // the first event that was kept when tidy looked last

	storing  sync.Mutex // of files: one at a time, and not while tidy looks
	matchers pastMatchers

	ctx    context.Context // ends when what is being stored is cut short
	cancel context.CancelFunc
	tasks  tasks
}

func openHistory(ctx context.Context, b *bus.Bus, log *slog.Logger) *history {
	h := &history{bus: b, log: log, kept: map[string]bool{}, settled: map[string]bool{}, await: map[string]bool{}, told: map[string]bool{}, then: map[string][]func(bool){}, matchers: newPastMatchers()}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	gone, err := h.load(ctx)
	if err != nil {
		log.Warn("what decided past events could not be read; it will not be known", "error", err)
	}
	h.tasks.run(func() { h.drop(gone) })
	return h
}

// load reads what an earlier run noted, and gives the notes that later ones replaced.
func (h *history) load(ctx context.Context) (gone timeline, err error) {
	marks, err := h.bus.Marks(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range marks {
		line, _, replaced := h.line.add(segment{m.From, string(m.Data)})
		h.line, gone = line, append(gone, replaced...)
	}
	memories, err := h.bus.Memories(ctx)
	for _, m := range memories {
		h.kept[m.Name], h.settled[m.Name] = true, true
	}
	return gone, err
}

// decides notes that events from a sequence on are decided by a version. It is
// called by the loop, before it routes the first of them.
func (h *history) decides(version string, from uint64) {
	if h.deciding == version {
		return
	}
	h.deciding = version
	h.mu.Lock()
	line, news, _ := h.line.add(segment{from, version})
	h.line = line
	if !h.settled[version] {
		h.await[version] = true
	}
	h.mu.Unlock()
	if news {
		h.note(segment{from, version})
	}
}

func (h *history) note(s segment) {
	h.bus.SetMark(bus.Mark{From: s.from, Data: []byte(s.version)}, func(err error) {
		if err == nil || h.ctx.Err() != nil {
			return
		}
		h.mu.Lock()
		if h.unsaved == 0 || s.from < h.unsaved {
			h.unsaved = s.from
		}
		h.mu.Unlock()
		h.warn("note", "which rule set decides could not be stored; trying again", "version", s.version, "error", err)
	})
}

// decided is the version that decided an event, "" where that is not known.
func (h *history) decided(seq uint64) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.line.decided(seq)
}

// segments are what decided what, as of now.
func (h *history) segments() timeline {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.line)
}

// keep stores the files of a rule set that has come into force, in the
// background, unless they are stored already.
func (h *history) keep(set *rules.Ruleset) {
	h.mu.Lock()
	kept := h.kept[set.Version]
	h.kept[set.Version] = true
	h.mu.Unlock()
	if kept {
		return
	}
	h.tasks.run(func() { h.store(set.Version, set.Sources()) })
}

// whenKept calls then, in the background, once the files of a version that was
// given to keep are durable, or it is known that they cannot be.
func (h *history) whenKept(version string, then func(kept bool)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.settled[version] {
		h.then[version] = append(h.then[version], then)
		return
	}
	kept := h.kept[version]
	h.tasks.run(func() { then(kept) })
}

// beingKept tells whether the files of a version are being stored.
func (h *history) beingKept(version string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.kept[version] && !h.settled[version]
}

// untilKept returns when the files of a version are stored, or could not be, if they
// are being stored.
func (h *history) untilKept(ctx context.Context, version string) {
	if !h.beingKept(version) {
		return
	}
	done := make(chan struct{})
	h.whenKept(version, func(bool) { close(done) })
	select {
	case <-done:
	case <-ctx.Done():
	case <-h.ctx.Done():
	}
}

func (h *history) store(version string, sources []rules.Source) {
	h.storing.Lock()
	defer h.storing.Unlock()
	packed, err := pack(sources)
	if err == nil {
		err = h.bus.Remember(h.ctx, version, packed)
	}
	if err != nil {
		if h.ctx.Err() == nil {
			h.notKept(version, err)
		}
		return
	}
	h.settle(version, true)
}

// settle ends the wait for the files of a version.
func (h *history) settle(version string, kept bool) {
	h.mu.Lock()
	if !kept {
		delete(h.kept, version)
	}
	h.settled[version] = true
	delete(h.await, version)
	then := h.then[version]
	delete(h.then, version)
	h.mu.Unlock()
	for _, f := range then {
		f(kept)
	}
}

// unstored tells whether the files of a rule set that decides, or did, are still
// being stored: the floor waits for them, so that for every event below it there
// is the rule set that decided it. It does not wait for files that cannot be
// stored.
func (h *history) unstored() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.await) > 0
}

// notKept lets a version be tried again, by tidy as long as it is in force.
func (h *history) notKept(version string, err error) {
	h.settle(version, false)
	h.warn("files "+version, "the rule files could not be kept; what they decide cannot be explained once others are in force",
		"version", version, "error", err)
}

// warn logs a trouble once.
func (h *history) warn(key, message string, args ...any) {
	h.mu.Lock()
	told := h.told[key]
	h.told[key] = true
	h.mu.Unlock()
	if !told {
		h.log.Warn(message, args...)
	}
}

// stop lets what is being stored end until ctx does, and cuts it short then.
func (h *history) stop(ctx context.Context) {
	await(ctx, h.tasks.stop)
	h.cancel()
	h.tasks.stop()
}

// storeWithin bounds what tidy does to the store at a time.
const storeWithin = 10 * time.Second
