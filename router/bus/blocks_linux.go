package bus

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// datasync makes a file's contents durable, and of its metadata what is needed
// to read them.
func datasync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}

func inode(e fs.DirEntry) (uint64, error) {
	info, err := e.Info()
	if err != nil {
		return 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, errors.New("no inode")
	}
	return st.Ino, nil
}
