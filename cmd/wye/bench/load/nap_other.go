//go:build !linux

package load

import "time"

// Nap sleeps.
func Nap(d time.Duration) { time.Sleep(d) }
