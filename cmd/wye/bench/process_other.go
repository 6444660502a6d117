//go:build !linux

package bench

import (
	"errors"
	"os/exec"
	"time"
)

// processorTime is only known while a process runs on Linux.
func processorTime(int) (time.Duration, error) { return 0, errors.ErrUnsupported }

func machineTime() (time.Duration, error) { return 0, errors.ErrUnsupported }

func dieWithParent(*exec.Cmd) {}
