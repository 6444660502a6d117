//go:build !linux

package bus

import "os"

// allocate gives the file n bytes of the disk.
func allocate(f *os.File, n uint64) error { return fill(f, n) }
