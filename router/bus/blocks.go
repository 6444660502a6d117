package bus

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// mtimeGrain is how long a directory's modification time may stay the same
// while the directory changes: file systems stamp with a coarse clock. A
// listing younger than that is not trusted to be the last.
const mtimeGrain = 50 * time.Millisecond

// blockFiles are the block files of one stream, as far as they need syncing.
// It is used by one goroutine.
type blockFiles struct {
	dir     string
	dirFile *os.File
	listed  time.Time         // the directory's modification time at the last listing
	again   bool              // the last listing may have missed a change
	known   map[string]uint64 // block file name to inode, as of the last listing
	newest  *os.File          // the block being written; open for as long as it is
	index   int               // of newest
}

// openBlocks takes a stream's blocks as they are. What they hold must have been
// synced before (see syncTree).
func openBlocks(dir string) (*blockFiles, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("the stream's files are not where they are expected: %w", err)
	}
	b := &blockFiles{dir: dir, dirFile: d, known: map[string]uint64{}, index: -1}
	if err := b.sync(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// sync makes everything durable that was written to the stream before the call.
func (b *blockFiles) sync() error {
	changed, err := b.changed()
	if err != nil {
		return err
	}
	if changed {
		return b.syncListed()
	}
	if b.newest == nil {
		return nil
	}
	return datasync(b.newest)
}

// syncRewritten is sync for what changed without an append: the server compacts
// older blocks by itself.
func (b *blockFiles) syncRewritten() error {
	changed, err := b.changed()
	if err != nil || !changed {
		return err
	}
	return b.syncListed()
}

// changed tells whether the directory may have other entries than at the last listing.
func (b *blockFiles) changed() (bool, error) {
	info, err := b.dirFile.Stat()
	if err != nil {
		return false, err
	}
	m := info.ModTime()
	changed := b.again || !m.Equal(b.listed)
	b.listed, b.again = m, time.Since(m) < mtimeGrain
	return changed, nil
}

// syncListed lists the directory and syncs every block that is new or was
// rewritten since the last listing, the one that was newest until now, and the
// directory itself.
func (b *blockFiles) syncListed() error {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return err
	}
	before, fresh := b.newest, false
	seen := make(map[string]uint64, len(entries))
	for _, e := range entries {
		n, ok := blockIndex(e.Name())
		if !ok {
			continue
		}
		ino, err := inode(e)
		if err != nil {
			continue // gone since it was listed
		}
		seen[e.Name()] = ino
		if b.known[e.Name()] == ino {
			continue
		}
		fresh = true
		if err := b.syncBlock(e.Name(), n, before); err != nil {
			return err
		}
	}
	b.known = seen
	if before != nil {
		if err := datasync(before); err != nil {
			return err
		}
		if before != b.newest {
			before.Close()
		}
	}
	if fresh {
		return b.dirFile.Sync()
	}
	return nil
}

// syncBlock syncs one new or rewritten block and keeps it open if it is the newest.
func (b *blockFiles) syncBlock(name string, n int, before *os.File) error {
	f, err := os.Open(filepath.Join(b.dir, name))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if n < b.index {
		return f.Close()
	}
	if b.newest != nil && b.newest != before {
		b.newest.Close()
	}
	b.newest, b.index = f, n
	return nil
}

func (b *blockFiles) close() {
	if b.newest != nil {
		b.newest.Close()
	}
	b.dirFile.Close()
}

func blockIndex(name string) (int, bool) {
	base, ok := strings.CutSuffix(name, ".blk")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(base)
	return n, err == nil
}

// syncTree syncs every file and directory under root, then the directories
// above it up to and including top.
func syncTree(root, top string) error {
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return syncPath(path)
	})
	for dir := filepath.Dir(root); err == nil && len(dir) >= len(top) && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		err = syncPath(dir)
	}
	return err
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
