package faults

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wye-events/wye/router/routertest"
)

// TestPowerCut cuts the power under the real binary: no acknowledged event may
// be missing from the archive, each must reach a target that was down until
// after the cut, whose deliveries had left the archive's floor for the backlog,
// each that a target refused must be among its dead letters, and the audit balances.
//
// The first cut is a control: with --sync relaxed acknowledged events are lost,
// so the method sees a loss where there is one.
func TestPowerCut(t *testing.T) {
	routertest.NeedDisks(t)
	cuts := 2
	if routertest.Long() {
		cuts = 10
	}
	binary := binary(t)
	t.Run("relaxed, the control", func(t *testing.T) {
		if lost := cutPower(t, binary, "relaxed").lost(t); lost == 0 {
			t.Error("a power cut lost nothing that was never synced: this test could not see a loss")
		}
	})
	for n := range cuts {
		t.Run(fmt.Sprint("durable, cut ", n+1), func(t *testing.T) {
			c := cutPower(t, binary, "durable")
			if lost := c.lost(t); lost > 0 {
				t.Errorf("%d acknowledged events are not in the archive", lost)
			}
			c.recover()
		})
	}
}

// cut is a disk after a power cut, and what had been acknowledged before.
type cut struct {
	t                 *testing.T
	p                 *routertest.Process
	disk              *routertest.Disk
	well, late, picky *routertest.Receiver
	acked             []string
}

// cutPower runs Wye on a disk of its own under load and cuts the power.
func cutPower(t *testing.T, binary, sync string) *cut {
	t.Helper()
	c := &cut{t: t, well: routertest.NewReceiver(t, routertest.Well), late: routertest.NewReceiver(t, routertest.Well),
		picky: routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
			if refused(a.ID) {
				return routertest.Reply{Status: 400}
			}
			return routertest.Reply{}
		})}
	c.late.Down()
	disk := routertest.NewDisk(t)
	data := filepath.Join(disk.Dir, "data")
	c.p = routertest.NewProcess(t, binary, file(
		target("well", c.well.URL())+target("late", c.late.URL(), "retry: {first: 50ms, max: 1s, attempts: 1000}")+target("picky", c.picky.URL()),
		rule("all", "**", "well", "late", "picky")), data, "--sync", sync)
	c.p.Start()
	load := routertest.StartPublishers(c.p.Publisher, publishers)
	defer load.Stop()
	awaitLoad(load)
	<-time.After(time.Second + rand.N(time.Second))
	c.p.Signal(syscall.SIGSTOP)
	c.acked = load.Acked() // an answer that is on its way now belongs to the time after the cut
	c.disk = disk.Cut()
	c.p.Kill()
	load.Stop()
	disk.Unmount()
	c.disk.PowerOn()
	return c
}

// lost counts the acknowledged events that the archive of the cut disk does not hold.
func (c *cut) lost(t *testing.T) (lost int) {
	t.Helper()
	again := c.disk.Cut() // the store is recovered by looking at it: look at another copy
	again.PowerOn()
	defer again.Unmount()
	s := routertest.ReadStored(t, filepath.Join(again.Dir, "data"), "well", "late", "picky")
	for _, id := range c.acked {
		if !s.Archive[id] {
			lost++
		}
	}
	t.Logf("acknowledged %d, in the archive %d, lost %d; %d unsettled, %d in the backlog of the target that is down, %d dead letters",
		len(c.acked), len(s.Archive), lost, s.Head-s.Floor, len(s.Backlog["late"]), len(s.Dead["picky"]))
	return lost
}

// recover starts Wye from the cut disk: the target that was down gets everything.
func (c *cut) recover() {
	c.t.Helper()
	c.late.Up()
	c.p.Move(filepath.Join(c.disk.Dir, "data"))
	began := time.Now()
	c.p.Start()
	ready := time.Since(began)
	c.p.Drained()
	drained := time.Since(began)
	dead := map[string]int{}
	for _, letter := range c.p.Dead("picky") {
		dead[letter.EventID]++
	}
	missing := 0
	for name, have := range map[string]map[string]int{"well": c.well.Taken(), "late": c.late.Taken(), "picky": c.picky.Taken()} {
		for _, id := range c.acked {
			n := have[id]
			if name == "picky" && refused(id) {
				n = dead[id]
			}
			if n == 0 {
				missing++
				if missing < 10 {
					c.t.Errorf("%s was acknowledged before the cut and is missing at %s", id, name)
				}
			}
		}
	}
	c.t.Logf("missing %d of %d; %d dead letters; duplicates %d at the well target, %d at the late one; ready after %s, all delivered after %s",
		missing, len(c.acked), len(dead), c.well.Duplicates(), c.late.Duplicates(), ready.Round(time.Millisecond), drained.Round(time.Millisecond))
	account := c.p.Ended().Deliveries
	if int(account.DeadLettered) != len(dead) {
		c.t.Errorf("the audit counts %d dead letters, and there are %d", account.DeadLettered, len(dead))
	}
	c.p.Stop()
	c.disk.Unmount()
}

// refused tells whether the picky target takes no such event.
func refused(id string) bool { return strings.HasSuffix(id, "7") }
