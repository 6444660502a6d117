package bus

import (
	"os"
	"syscall"
)

// allocate gives the file n bytes of the disk.
func allocate(f *os.File, n uint64) error {
	for {
		err := syscall.Fallocate(int(f.Fd()), 0, 0, int64(n))
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EOPNOTSUPP, syscall.ENOSYS:
			return fill(f, n)
		}
		return os.NewSyscallError("fallocate", err)
	}
}
