package plan_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wye-events/wye/router/plan"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest"
)

// BenchmarkAdd measures what an event costs that is in memory, where one rule in a
// hundred changed, and where all did.
func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		for _, every := range []int{100, 1} {
			b.Run(fmt.Sprintf("rules=%d/changed=%d", n, (n+every-1)/every), func(b *testing.B) {
				from := rulestest.Mixed(n)
				old := loadFiles(b, from)
				for i := 0; i < len(from.Rules); i += every {
					from.Rules[i].When = "event.data.amount > 100.0 && (" + from.Rules[i].When + ")"
					if from.Rules[i].When == "event.data.amount > 100.0 && ()" {
						from.Rules[i].When = "event.data.amount > 100.0"
					}
				}
				tally := plan.New(old, loadFiles(b, from)).NewTally(3)
				at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					i++
					tally.Add(from.Events[i%len(from.Events)], plan.Seen{Number: uint64(i), At: at.Add(time.Duration(i) * time.Millisecond)})
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			})
		}
	}
}

func loadFiles(t testing.TB, from *rulestest.Set) plan.Set {
	t.Helper()
	set, matcher, problems := rules.LoadSources(rulestest.Sources[rules.Source](from)...)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return plan.Set{Rules: set, Matcher: matcher}
}
