package faults

import (
	"testing"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// TestGonePauses answers once that the receiver is gone: its target is paused,
// over a restart and a kill, and gets everything when a person resumes it.
func TestGonePauses(t *testing.T) {
	t.Parallel()
	r := routertest.NewReceiver(t, routertest.Always(410))
	p := routertest.NewProcess(t, binary(t), file(target("web", r.URL(), quickly), rule("all", "**", "web")), t.TempDir())
	p.Start()
	paused := func(waiting int) {
		t.Helper()
		p.UntilTarget("web", "is paused", func(s router.TargetStatus) bool { return s.State == "paused" && s.Waiting == waiting })
	}
	p.Send(t, routertest.Event{ID: "first"})
	paused(1)
	ids := p.SendMany(t, "then", 20)
	paused(21)
	r.Answer(routertest.Well)
	p.Floored()
	p.Stop()
	p.Start()
	paused(21)
	p.Kill()
	p.Start()
	ids = append(ids, p.SendMany(t, "after", 20)...)
	paused(41)
	if n := len(r.Arrivals()); n != 1 {
		t.Errorf("%d requests to a target that is gone", n)
	}
	if by := p.Target("web").Paused.By; by != router.ByReceiver {
		t.Errorf("paused by %q", by)
	}
	p.Resume("web")
	r.UntilTaken(41)
	p.Drained()
	r.Once(append(ids, "first")...)
	p.Ended()
	if letters := p.Dead(""); len(letters) > 0 {
		t.Errorf("dead letters: %+v", letters)
	}
}
