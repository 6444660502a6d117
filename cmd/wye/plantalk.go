package main

import (
	"fmt"
	"io"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/plan"
)

// planTalk tells how far a plan is, and what it finds first.
type planTalk struct {
	line  *progress
	began time.Time
	told  map[string]bool // rules of which something was said
}

func newPlanTalk(talk io.Writer) *planTalk {
	return &planTalk{line: newProgress(talk), began: time.Now(), told: map[string]bool{}}
}

func (t *planTalk) end() { t.line.clear() }

// progress draws how far it is: "plan: 340,000 of 1,000,000 events, 34 %, 1,204
// differ; 52,000/s, 13s left".
func (t *planTalk) progress(p router.PlanProgress) {
	t.line.show(func() string {
		return planProgressLine(p, time.Since(t.began))
	})
}

func planProgressLine(p router.PlanProgress, took time.Duration) string {
	rate := float64(p.Done) / max(took.Seconds(), 1e-6)
	text := "plan: " + count(int(p.Done), "event")
	if p.Of > 0 {
		text = fmt.Sprintf("plan: %s of %s, %d %%", grouped(int(p.Done)), count(int(p.Of), "event"), p.Done*100/p.Of)
	}
	text += fmt.Sprintf(", %s differ; %s/s", grouped(int(p.Differing)), grouped(int(rate)))
	if p.Of > p.Done && rate >= 1 {
		left := time.Duration(float64(p.Of-p.Done) / rate * float64(time.Second))
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}

// findingsFirst bounds what is said before the report.
const findingsFirst = 5

// findings says of rules at which something differs that it does, the first time,
// while somebody looks.
func (t *planTalk) findings(r *plan.Report) {
	if !t.line.live {
		return
	}
	for i := range r.Rules {
		one := &r.Rules[i]
		if one.Size()+one.OtherTargets == 0 || t.told[one.Name] || len(t.told) >= findingsFirst {
			continue
		}
		t.told[one.Name] = true
		t.line.say(fmt.Sprintf("%s: %s so far", plain(one.Name, 60), ruleWords(one)))
	}
}
