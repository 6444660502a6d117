package load

import (
	"syscall"
	"time"
)

// Nap sleeps to within some 50 µs. time.Sleep rounds up to a millisecond when
// the process has nothing else to do, as much as what is being measured.
func Nap(d time.Duration) {
	if d <= 0 {
		return
	}
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil) // woken early by a signal: the event goes early
}
