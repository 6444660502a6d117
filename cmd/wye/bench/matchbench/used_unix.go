//go:build unix

package matchbench

import (
	"syscall"
	"time"
)

// clockName tells what used measures.
const clockName = "processor time"

// used is the processor time of this process so far, of all its threads: what is
// measured never waits, so that is its time on a machine that has nothing else
// to do. Time that other programs take away does not count.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("matchbench: the system does not tell the time of its own process: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
