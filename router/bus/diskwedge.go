package bus

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// A write of the embedded server that fails wedges its stream: nothing is stored
// or removed in it any more, and who appends to it is never answered, also when
// there is room again. What was acknowledged is untouched. The server says so in
// its log and nowhere else. The way out is to let it recover its streams as at a
// start, which it can do while everything else goes on.

// noteServerError looks for a write that failed in what the server logs. It is
// called with streams of the server locked, so it only takes note.
func (b *Bus) noteServerError(text string) {
	if b.disk == nil || !strings.Contains(text, "ritical write error") {
		return
	}
	if !strings.Contains(text, "no space left on device") && !strings.Contains(text, "quota exceeded") {
		go b.fail(fmt.Errorf("write to disk failed; nothing more is accepted until a restart: %s", text))
		return
	}
	b.disk.change(func(st *DiskState) {
		if st.Wedged.IsZero() {
			st.Wedged = time.Now()
		}
	})
	select {
	case b.disk.trouble <- struct{}{}:
	default:
	}
}

// watch looks at the disk, and at what a full one did to the store, until the
// bus stops.
func (b *Bus) watch() {
	defer b.stopped.Done()
	tick := time.NewTicker(diskEvery)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-b.disk.trouble:
		case <-tick.C:
		}
		now := time.Now()
		b.disk.look(now)
		if err := b.Wedged(); err != nil {
			b.answerOpen()
			b.unwedge(now)
		}
	}
}

// Wedged is a [*FullError] while the store writes nothing at all because it met
// a full disk, else nil.
func (b *Bus) Wedged() error {
	if b.disk == nil {
		return nil
	}
	if st := b.disk.state.Load(); !st.Wedged.IsZero() {
		return &FullError{DiskState: *st}
	}
	return nil
}

// answerOpen fails what was handed to the wedged store and will not be answered.
func (b *Bus) answerOpen() {
	st, _ := b.Disk()
	for _, s := range b.allStreams() {
		s.acks.expire(time.Now(), &FullError{DiskState: st, Unsure: true})
	}
}

// Waits between attempts to free the store: doubled, and begun again when it was
// well for as long as wellAfter.
const (
	unwedgeFirst = 250 * time.Millisecond
	unwedgeMost  = 4 * time.Second
	wellAfter    = time.Minute
)

// unwedge lets the server recover its streams once there is some room.
func (b *Bus) unwedge(now time.Time) {
	w := b.disk
	if now.Before(w.freeAt) || !w.room() {
		return
	}
	if now.Sub(w.freeAt) > wellAfter {
		w.freed = 0
	}
	w.freeAt = now.Add(min(unwedgeFirst<<min(w.freed, 8), unwedgeMost))
	w.freed++
	if err := b.restartStore(); err != nil {
		b.cfg.Log.Error("the store met a full disk and could not be recovered yet; trying again", "error", err)
		return
	}
	w.change(func(st *DiskState) { st.Wedged = time.Time{} })
	b.payOwed()
	b.cfg.Log.Warn("the store met a full disk and was recovered", "took", time.Since(now).Round(time.Millisecond), "free", bytesText(w.state.Load().Free))
}

// owed are entries of backlogs that are to be removed when the store can.
// A removal that the wedged store loses lets its entry come again.
type owed struct {
	mu      sync.Mutex
	replies []string
}

// owe keeps a removal for later; ok is false where the store can do it now.
func (b *Bus) owe(reply string) (ok bool) {
	if b.Wedged() == nil {
		return false
	}
	b.owed.mu.Lock()
	defer b.owed.mu.Unlock()
	if b.Wedged() == nil {
		return false
	}
	b.owed.replies = append(b.owed.replies, reply)
	return true
}

// payOwed removes what could not be removed while the store was wedged.
func (b *Bus) payOwed() {
	b.owed.mu.Lock()
	defer b.owed.mu.Unlock()
	for _, reply := range b.owed.replies {
		if err := (Handle{b, reply}).say([]byte(wordDone)); err != nil {
			b.cfg.Log.Warn("an entry could not be removed from a backlog and will come again", "error", err)
		}
	}
	b.owed.replies = nil
}

// room tells whether enough can be written for the store to go on. It tries:
// what statfs says leaves out quotas, and what of the disk is kept for root.
func (w *diskWatch) room() bool {
	l := levelsOf(w.state.Load().Total, w.watermark)
	probe := reserve{path: filepath.Join(w.dir, "probe"), size: l.recover}
	err := probe.keep()
	probe.release()
	return err == nil
}

const restartWithin = 30 * time.Second

// restartStore recovers the streams from disk, as a start does, and makes sure
// that all that was promised is there.
func (b *Bus) restartStore() error {
	if err := b.server.ShutdownJetStream(); err != nil {
		return err
	}
	err := b.server.EnableJetStream(&server.JetStreamConfig{StoreDir: b.cfg.Dir, MaxStore: storeMost})
	if err == nil {
		err = b.server.enableStreams()
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), restartWithin)
	defer cancel()
	info, err := b.events.js.Info(ctx)
	if err != nil {
		return err
	}
	if durable := b.Durable(); info.State.LastSeq < durable {
		err := fmt.Errorf("the archive ends at %d after a full disk, and was promised to reach %d", info.State.LastSeq, durable)
		b.fail(err)
		return err
	}
	return nil
}
