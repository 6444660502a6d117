//go:build linux || darwin || freebsd

package bus

import "syscall"

// diskSpace is the size of the file system that holds dir, and what of it this
// process may still write to.
func diskSpace(dir string) (total, free uint64, err error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, 0, err
	}
	size := uint64(st.Bsize)
	// Bavail is signed on some systems, and below zero when only root may write.
	return uint64(st.Blocks) * size, uint64(max(int64(st.Bavail), 0)) * size, nil
}
