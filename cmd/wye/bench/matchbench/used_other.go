//go:build !unix

package matchbench

import "time"

// clockName tells what used measures.
const clockName = "time"

var start = time.Now()

// used is the time that has passed.
func used() time.Duration { return time.Since(start) }
