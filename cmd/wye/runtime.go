package main

import (
	"os"
	"runtime"
	"runtime/debug"

	"github.com/wye-events/wye/router/bus"
)

// collectAt makes the heap grow to four times what is in use before it is
// collected. Events are short-lived and what stays is small, so this trades a
// few dozen megabytes for about a tenth of the processor time.
const collectAt = 300

// tuneRuntime sets the Go runtime for a router, unless the environment says
// how it is to be.
func tuneRuntime(sync bus.Sync) {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(collectAt)
	}
	// A thread that waits for the disk may keep its processor until the runtime
	// notices: one more lets the others go on.
	if sync != bus.SyncRelaxed && os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
