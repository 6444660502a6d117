package bench

import (
	"fmt"
	"slices"
)

// offered is the load of the latency rows: events a second that every router
// can take on two cores, so that latency is not that of a queue.
const offered = 1600

// row is a line of the report.
type row struct {
	group string // its name for --only
	name  string
	scene scene
}

// The rows that ratios are made of.
const (
	rowAlways  = "JetStream, SyncAlways, %d publishers"
	rowRelaxed = "JetStream, no fsync, %d publishers"
	rowGroup   = "Wye's group commit, %d publishers"

	rowHTTP   = "bare HTTP server"
	rowNull   = "null router"
	rowLoop   = "plain loop, no fsync"
	rowIngest = "Wye, ingest alone"

	rowDeliver        = "Wye, ingest to target"
	rowDeliverRelaxed = "Wye, ingest to target, relaxed"

	rowNullLatency = "null router, 1,600/s offered"
	rowLoopLatency = "plain loop, 1,600/s offered"
	rowWyeLatency  = "Wye, 1,600/s offered"
)

// publisherCounts are the numbers of publishers of the raw publish rates.
var publisherCounts = []int{64, 256}

func allRows() []row {
	null, loop, durable := ours("null"), ours("loop"), wye("durable")
	return append(storeRows(),
		row{"http", rowHTTP, scene{router: ours("accept"), event: matchingType}},
		row{"null", rowNull, scene{router: null, sink: true, event: matchingType}},
		row{"loop", rowLoop, scene{router: loop, sink: true, event: matchingType}},
		row{"ingest", rowIngest, scene{router: durable, event: unmatchedType}},
		row{"deliver", rowDeliver, scene{router: durable, sink: true, event: matchingType}},
		row{"deliver", rowDeliverRelaxed, scene{router: wye("relaxed"), sink: true, event: matchingType}},
		row{"latency", rowNullLatency, scene{router: null, sink: true, event: matchingType, rate: offered}},
		row{"latency", rowLoopLatency, scene{router: loop, sink: true, event: matchingType, rate: offered}},
		row{"latency", rowWyeLatency, scene{router: durable, sink: true, event: matchingType, rate: offered}},
	)
}

// storeRows have no HTTP: a process publishes to a store within itself.
func storeRows() (rows []row) {
	for _, store := range []struct{ name, sync string }{
		{rowAlways, storeAlways}, {rowRelaxed, storeRelaxed}, {rowGroup, groupCommit},
	} {
		for _, n := range publisherCounts {
			publish := ours("publish", "--sync", store.sync, "--connections", fmt.Sprint(n))
			rows = append(rows, row{"jetstream", fmt.Sprintf(store.name, n), scene{router: publish}})
		}
	}
	return rows
}

// Groups are the names that Only may hold, in the order of the report.
func Groups() (names []string) {
	for _, r := range allRows() {
		names = append(names, r.group)
	}
	return slices.Compact(names)
}

func choose(only []string) []row {
	return slices.DeleteFunc(allRows(), func(r row) bool {
		return len(only) > 0 && !slices.Contains(only, r.group)
	})
}
