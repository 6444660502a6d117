//go:build unix

package planbench

import (
	"os"
	"runtime"
	"syscall"
)

// peakOf is the most memory that a process took.
func peakOf(ended *os.ProcessState) uint64 {
	used, ok := ended.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return uint64(used.Maxrss)
	}
	return uint64(used.Maxrss) << 10
}
