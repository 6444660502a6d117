//go:build unix && !aix && !solaris && !illumos

package main

import (
	"os"
	"syscall"
	"unsafe"
)

func terminalColumns(f *os.File) int {
	var size struct{ rows, columns, x, y uint16 }
	if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size))); failed != 0 {
		return 0
	}
	return int(size.columns)
}
