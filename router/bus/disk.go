package bus

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// DiskState is the file system of the embedded store, as last looked at.
type DiskState struct {
	Dir         string
	Total, Free uint64 // Free is what this process may still write
	// RefuseBelow is the free space below which nothing new is accepted.
	RefuseBelow uint64
	Refusing    time.Time // since when nothing new is accepted; zero while it is
	// Wedged is since when the store itself does not write any more, because it
	// met a full disk; zero while it writes.
	Wedged time.Time
}

// Used is the part of the disk that is in use or not ours, in percent.
func (d DiskState) Used() float64 {
	if d.Total == 0 {
		return 0
	}
	return 100 * (1 - float64(d.Free)/float64(d.Total))
}

// FullError says that nothing new is accepted because the disk is full.
type FullError struct {
	DiskState
	// Unsure is set where the message may be stored all the same.
	Unsure bool
}

func (e *FullError) Error() string {
	return fmt.Sprintf("the disk that holds %s is full: %s of %s are free, and below %s nothing new is accepted; make room there, and events are taken again within seconds",
		e.Dir, bytesText(e.Free), bytesText(e.Total), bytesText(e.RefuseBelow))
}

func bytesText(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// levels are amounts of free space, in bytes, at which something changes.
type levels struct {
	refuse  uint64 // below: nothing new is accepted
	accept  uint64 // from here on it is again
	reserve uint64 // size of the reserve
	release uint64 // below: the reserve is given up
	recover uint64 // from here on a store that met a full disk can write again
}

// Bounds of the levels.
const (
	// DefaultWatermark is the part of the disk, in percent, that may be in use.
	DefaultWatermark = 90
	// mostKept bounds what DefaultWatermark leaves free, on large disks.
	mostKept = 4 << 30
	// leastKept is left free whatever the watermark, on disks of four times that.
	leastKept    = 64 << 20
	mostReserved = 32 << 20
)

// levelsOf gives the levels of a disk for a watermark in percent, 0 for the default.
func levelsOf(total uint64, watermark int) levels {
	l := levels{refuse: total / 100 * uint64(100-watermark)}
	if watermark == 0 {
		l.refuse = min(total/100*(100-DefaultWatermark), mostKept)
	}
	l.refuse = max(l.refuse, min(leastKept, total/4))
	l.accept = l.refuse + min(l.refuse/10, 256<<20) // not to and fro
	l.reserve = min(total/50, mostReserved)
	l.release = min(l.refuse/2, mostReserved/2)
	l.recover = l.reserve / 4
	return l
}

// diskWatch looks after the disk of the embedded store.
type diskWatch struct {
	dir       string
	watermark int
	log       *slog.Logger
	trouble   chan struct{} // has something when the store was wedged just now

	mu    sync.Mutex // held over a change of the state
	state atomic.Pointer[DiskState]

	// The watching goroutine's own.
	unsaid bool // that looking failed has not been said
	fallen fall
	freeAt time.Time
	freed  int // times in a row
}

// diskEvery is how often the disk is looked at.
const diskEvery = 100 * time.Millisecond

// watchDisk looks at the disk for the first time; nil where that cannot be done.
func watchDisk(cfg Config) *diskWatch {
	w := &diskWatch{dir: cfg.Dir, watermark: cfg.DiskWatermark, log: cfg.Log, trouble: make(chan struct{}, 1), unsaid: true}
	w.state.Store(&DiskState{Dir: cfg.Dir})
	if _, _, err := diskSpace(w.dir); err != nil {
		cfg.Log.Warn("the free space of the disk cannot be told; events are not refused before it is full", "data", cfg.Dir, "error", err)
		return nil
	}
	w.look(time.Now())
	return w
}

// look notes how the disk is, and keeps the reserve or gives it up.
func (w *diskWatch) look(now time.Time) {
	total, free, err := diskSpace(w.dir)
	l := levelsOf(total, w.watermark)
	if err == nil {
		free, err = w.balance(l, free, w.fallen.calm(free, now))
		w.change(func(st *DiskState) {
			st.Total, st.Free, st.RefuseBelow = total, free, l.refuse
			switch {
			case free < l.refuse && st.Refusing.IsZero():
				st.Refusing = now
			case free >= l.accept:
				st.Refusing = time.Time{}
			}
		})
	}
	if err != nil && w.unsaid {
		w.log.Warn("looking after the disk", "data", w.dir, "error", err)
	}
	w.unsaid = err == nil
}

// fall tells whether the disk is being filled at this moment, by somebody who
// would take the reserve too.
type fall struct {
	free uint64 // when it began to be calm
	at   time.Time
}

// What is free may shrink by fallMost without that being a fall; after one, it
// is calm again when there was none for calmAfter.
const (
	fallMost  = 1 << 20
	calmAfter = 250 * time.Millisecond
)

func (f *fall) calm(free uint64, now time.Time) bool {
	if free+fallMost < f.free || f.at.IsZero() {
		*f = fall{free, now}
	}
	f.free = max(f.free, free)
	return now.Sub(f.at) >= calmAfter
}

// balance keeps the reserve while there is plenty, and gives it up when hardly
// anything is left and the disk is calm. It tells what is free then.
func (w *diskWatch) balance(l levels, free uint64, calm bool) (uint64, error) {
	r := reserve{path: filepath.Join(w.dir, "reserve"), size: l.reserve}
	if free >= l.accept+l.reserve {
		return free, r.keep()
	}
	if free >= l.release || !calm {
		return free, nil
	}
	given, err := r.release()
	if !given {
		return free, err
	}
	w.log.Error("the disk is nearly full; the reserve is given up, so that deliveries go on", "data", w.dir, "free", bytesText(free))
	_, free, err = diskSpace(w.dir)
	return free, err
}

// change changes the state, and tells of what is new.
func (w *diskWatch) change(change func(*DiskState)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.state.Load()
	st := *before
	change(&st)
	w.state.Store(&st)
	was, is := !before.Refusing.IsZero(), !st.Refusing.IsZero()
	switch {
	case is && !was:
		w.log.Error("the disk is full: new events are refused, deliveries go on", "data", st.Dir, "free", bytesText(st.Free), "needed", bytesText(st.RefuseBelow))
	case was && !is:
		w.log.Info("the disk has room again: events are accepted", "data", st.Dir, "free", bytesText(st.Free))
	}
}

// full is why nothing is accepted, or nil.
func (w *diskWatch) full() error {
	if w == nil {
		return nil
	}
	if st := w.state.Load(); !st.Refusing.IsZero() || !st.Wedged.IsZero() {
		return &FullError{DiskState: *st}
	}
	return nil
}

// Full is a [*FullError] while the disk of the embedded store is too full for
// new events, else nil. It costs next to nothing.
func (b *Bus) Full() error { return b.disk.full() }

// Disk tells of the disk of the embedded store; ok is false where there is none,
// or nothing is known of it.
func (b *Bus) Disk() (st DiskState, ok bool) {
	if b.disk == nil {
		return st, false
	}
	return *b.disk.state.Load(), true
}

// archiveMost is how many bytes the archive keeps where nobody says how many.
const archiveMost = 10 << 30

// archiveShare is how many bytes the archive, which has so many now, may have
// where nobody says how many: no more than are left free beside it, so that it
// never fills the disk.
func (b *Bus) archiveShare(archive uint64) uint64 {
	st, ok := b.Disk()
	if !ok {
		return archiveMost
	}
	return min(archiveMost, (archive+st.Free)/2)
}
