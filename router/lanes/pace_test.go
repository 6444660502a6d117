package lanes

import (
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
)

// TestStateOfASlowedTarget: a target that was told to be slowed is shown as free
// again when its time has come, also if it gets nothing meanwhile.
func TestStateOfASlowedTarget(t *testing.T) {
	l := New(&rules.Target{}, 0, Jitter, t0)
	l.pace.tooFast(t0)
	if s := l.State(t0); !s.Slowed || s.Rate != slowest {
		t.Errorf("at once: %+v", s)
	}
	if s := l.State(t0.Add(10 * time.Second)); !s.Slowed || s.Rate <= slowest {
		t.Errorf("after 10 s: %+v", s)
	}
	if s := l.State(t0.Add(2 * time.Minute)); s.Slowed || s.Rate != 0 {
		t.Errorf("after two minutes: %+v", s)
	}
}
