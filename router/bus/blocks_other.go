//go:build !linux

package bus

import (
	"io/fs"
	"os"
)

func datasync(f *os.File) error { return f.Sync() }

// inode tells a rewritten file from the one before it, here by its time.
func inode(e fs.DirEntry) (uint64, error) {
	info, err := e.Info()
	if err != nil {
		return 0, err
	}
	return uint64(info.ModTime().UnixNano()), nil
}
