// Package machine tells what figures depend on besides the code.
package machine

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"
)

// Machine is what the figures depend on besides the code.
type Machine struct {
	Cores      int    `json:"cores"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	// Fsync is the median time in milliseconds to append 4 KiB and sync them,
	// where the stores are put: without a disk below, durable means little.
	Fsync float64 `json:"fsync_ms"`
}

// LookAround tells of this machine, and of the disk that dir is on.
func LookAround(dir string) (Machine, error) {
	sync, err := fsyncTime(dir)
	if err != nil {
		return Machine{}, fmt.Errorf("try the disk: %w", err)
	}
	return Machine{
		Cores:      runtime.NumCPU(),
		GOMAXPROCS: runtime.GOMAXPROCS(0),
		Go:         runtime.Version(),
		Platform:   runtime.GOOS + "/" + runtime.GOARCH,
		Fsync:      float64(sync) / float64(time.Millisecond),
	}, nil
}

func fsyncTime(dir string) (time.Duration, error) {
	f, err := os.CreateTemp(dir, "wye-bench-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	page := make([]byte, 4<<10)
	var took []time.Duration
	for range 51 {
		begin := time.Now()
		if _, err := f.Write(page); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
