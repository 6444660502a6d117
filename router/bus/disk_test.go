package bus

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestLevels holds the levels of disks of all sizes to what they are for.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		total     uint64
		watermark int
		refuse    uint64
	}{
		{48 << 20, 0, 12 << 20},              // a quarter
		{256 << 20, 0, 64 << 20},             // the least that is kept
		{1000 << 20, 0, 100 << 20},           // a tenth
		{10000 << 20, 0, 1000 << 20},         // a tenth
		{1000 << 30, 0, 4 << 30},             // the most that is kept
		{1000 << 30, 90, 100 << 30},          // unless it is asked for
		{1000 << 30, 99, 10 << 30},           //
		{1000 << 20, 99, leastKept},          // never less
		{1000 << 20, 50, 500 << 20},          //
		{100, 90, 25}, {0, 0, 0}, {0, 50, 0}, //
	} {
		l := levelsOf(c.total, c.watermark)
		if diff := int64(l.refuse) - int64(c.refuse); diff > 1<<20 || diff < -1<<20 {
			t.Errorf("%d bytes, watermark %d: refused below %d, want %d", c.total, c.watermark, l.refuse, c.refuse)
		}
		if l.accept < l.refuse || l.release > l.refuse/2 || l.reserve > mostReserved || l.recover > l.reserve || l.accept > c.total {
			t.Errorf("%d bytes, watermark %d: %+v", c.total, c.watermark, l)
		}
	}
}

func TestCalm(t *testing.T) {
	var f fall
	start := time.Now()
	for _, c := range []struct {
		after time.Duration
		free  uint64
		calm  bool
	}{
		{0, 100 << 20, false}, // nothing is known yet
		{100 * time.Millisecond, 100 << 20, false},
		{300 * time.Millisecond, 100 << 20, true},
		{400 * time.Millisecond, 50 << 20, false}, // it falls
		{500 * time.Millisecond, 0, false},
		{600 * time.Millisecond, 0, false},
		{760 * time.Millisecond, 0, true},
		{800 * time.Millisecond, 30 << 20, true},
		{900 * time.Millisecond, 30<<20 - 1<<19, true}, // hardly
		{950 * time.Millisecond, 28 << 20, false},
	} {
		if got := f.calm(c.free, start.Add(c.after)); got != c.calm {
			t.Errorf("after %s with %d free: calm %t", c.after, c.free, got)
		}
	}
}

func TestReserve(t *testing.T) {
	r := reserve{path: filepath.Join(t.TempDir(), "reserve"), size: 3<<20 + 5}
	if given, err := r.release(); given || err != nil {
		t.Errorf("there is none: %t, %v", given, err)
	}
	for range 2 {
		if err := r.keep(); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(r.path); err != nil || uint64(info.Size()) != r.size {
		t.Errorf("%v, %v", info, err)
	}
	if given, err := r.release(); !given || err != nil {
		t.Errorf("there is one: %t, %v", given, err)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "filled"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := fill(f, r.size); err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || uint64(info.Size()) != r.size {
		t.Errorf("%v, %v", info, err)
	}
}

// TestArchiveShare never lets the archive have more than is left beside it.
func TestArchiveShare(t *testing.T) {
	b := &Bus{disk: &diskWatch{}}
	for _, c := range []struct{ archive, free, want uint64 }{
		{0, 100 << 30, archiveMost},
		{0, 8 << 30, 4 << 30},
		{4 << 30, 4 << 30, 4 << 30},
		{6 << 30, 2 << 30, 4 << 30},
		{1 << 30, 0, 1 << 29},
	} {
		b.disk.state.Store(&DiskState{Free: c.free})
		if got := b.archiveShare(c.archive); got != c.want {
			t.Errorf("%d in the archive, %d free: may have %d, want %d", c.archive, c.free, got, c.want)
		}
	}
	if got := (&Bus{}).archiveShare(1); got != archiveMost {
		t.Errorf("of an unknown disk: %d", got)
	}
}
