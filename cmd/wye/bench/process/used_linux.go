package process

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of the times in /proc/<pid>/stat, the same on every
// architecture that Linux supports for user space.
const tick = time.Second / 100

// Used is the processor time of a process so far, in user and in system mode.
func Used(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold spaces; utime and stime are the 14th and
	// the 15th field, so the 12th and 13th after it.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	return sumTicks(fields[11:13])
}

// UsedByAll is what all processes of the machine have used so far, and what a
// hypervisor took away.
func UsedByAll() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	// cpu user nice system idle iowait irq softirq steal guest guest_nice; the
	// guests' are counted in user and nice too.
	fields := strings.Fields(line)
	if len(fields) < 9 {
		return 0, fmt.Errorf("/proc/stat begins with %q", line)
	}
	return sumTicks(slices.Concat(fields[1:4], fields[6:9]))
}

func sumTicks(fields []string) (time.Duration, error) {
	var ticks int
	for _, field := range fields {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// dieWithParent has the system end a child whose parent was killed.
func dieWithParent(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
