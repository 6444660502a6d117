package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// MemoryOf reads it from /proc/<pid>/status.
func MemoryOf(pid int) (m Memory, err error) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	status, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	if m.Now, err = sizeIn(string(status), "VmRSS:"); err == nil {
		m.Peak, err = sizeIn(string(status), "VmHWM:")
	}
	if err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// sizeIn finds a line such as "VmRSS:     123 kB".
func sizeIn(status, name string) (uint64, error) {
	for line := range strings.Lines(status) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == name && fields[2] == "kB" {
			n, err := strconv.ParseUint(fields[1], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("there is no line with %s in kB", name)
}
