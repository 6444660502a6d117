package routertest_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/router/routertest"
)

// TestOutcomesOverKills kills Wye under load and looks into the store as the
// kill left it: for every event below the saved floor, which nobody will read
// again, there is what became of each of its deliveries. A crash takes the
// memory, so what is there was there before the floor was saved.
func TestOutcomesOverKills(t *testing.T) {
	t.Parallel()
	well := routertest.NewReceiver(t, routertest.Well)
	picky := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
		if strings.HasSuffix(a.ID, "7") {
			return routertest.Reply{Status: 400}
		}
		return routertest.Reply{Status: 204}
	})
	data := t.TempDir()
	p := routertest.NewProcess(t, routertest.Build(t), oneRule(to("well", well), to("picky", picky)), data)
	p.Start()
	load := routertest.StartPublishers(p.Publisher, 8)
	defer load.Stop()
	kills := 5
	if routertest.Long() {
		kills = 50
	}
	told := map[string]int{}
	var floor uint64
	for k := range kills {
		<-load.Next()
		<-time.After(300*time.Millisecond + rand.N(300*time.Millisecond))
		p.Kill()
		copied := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(copied, os.DirFS(data)); err != nil {
			t.Fatal(err)
		}
		e := routertest.ReadEnded(t, copied)
		os.RemoveAll(copied)
		if e.Floor <= floor {
			t.Errorf("kill %d: the floor is at %d and was at %d before: this kill shows nothing", k, e.Floor, floor)
		}
		missing := 0
		for seq := floor + 1; seq <= e.Floor; seq++ {
			for _, target := range []string{"well", "picky"} {
				how := e.Outcomes[fmt.Sprintf("%d/all/%s", seq, target)]
				if told[target+" "+how]++; how == "" {
					missing++
				}
			}
		}
		if missing > 0 {
			t.Errorf("kill %d: of the events %d to %d, all below the floor, what became of %d deliveries is not known", k, floor+1, e.Floor, missing)
		}
		floor = e.Floor
		p.Start()
	}
	t.Logf("%d kills, %d events below the floor: %v", kills, floor, told)
	if told["well delivered"] == 0 || told["picky dead_lettered"] == 0 {
		t.Error("this shows nothing")
	}
}
