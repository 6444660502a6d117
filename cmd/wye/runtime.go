package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/wye-events/wye/router/bus"
)

const (
	// collectAt makes the heap grow to four times what is in use before it is
	// collected. Events are short-lived and what stays is small, so this trades a
	// few dozen megabytes for about a tenth of the processor time.
	collectAt = 300
	// headroom bounds that trade: when much is in use (the ids of the last minutes
	// under load), the heap grows by no more than this before it is collected, or
	// by what is allocated in headroomTime, up to headroomMost: who reads the
	// archive at full speed would collect more than read otherwise.
	headroom     = 64 << 20
	headroomTime = 200 * time.Millisecond
	headroomMost = 192 << 20
	// tuneEvery is how often what is in use is looked at.
	tuneEvery = time.Second
)

// tuneRuntime sets the Go runtime for a router, unless the environment says
// how it is to be.
func tuneRuntime(sync bus.Sync) {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(collectAt)
		go keepHeadroom()
	}
	// A thread that waits for the disk may keep its processor until the runtime
	// notices: one more lets the others go on.
	if sync != bus.SyncRelaxed && os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}

// keepHeadroom sets, for as long as the process lives, by how much the heap may
// grow before it is collected.
func keepHeadroom() {
	read := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
	allocated := uint64(0)
	for now := collectAt; ; time.Sleep(tuneEvery) {
		metrics.Read(read)
		live, all := max(read[0].Value.Uint64(), 1), read[1].Value.Uint64()
		room := min(max(headroom, (all-allocated)*uint64(headroomTime)/uint64(tuneEvery)), headroomMost)
		allocated = all
		percent := min(collectAt, max(int(room*100/live), leastPercent))
		if percent*10 < now*9 || percent*9 > now*10 { // it stops the world for a moment
			debug.SetGCPercent(percent)
			now = percent
		}
	}
}

// leastPercent keeps collections from coming one after the other.
const leastPercent = 40
