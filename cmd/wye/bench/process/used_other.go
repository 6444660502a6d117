//go:build !linux

package process

import (
	"errors"
	"os/exec"
	"time"
)

// Used is only known while a process runs on Linux.
func Used(int) (time.Duration, error) { return 0, errors.ErrUnsupported }

// UsedByAll is only known on Linux.
func UsedByAll() (time.Duration, error) { return 0, errors.ErrUnsupported }

// MemoryOf is only known on Linux.
func MemoryOf(int) (Memory, error) { return Memory{}, errors.ErrUnsupported }

func dieWithParent(*exec.Cmd) {}
