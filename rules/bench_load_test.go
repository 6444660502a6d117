package rules_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest"
	"github.com/wye-events/wye/rules/rulestest/plain"
)

const loaded = 100_000

// BenchmarkCompile is 100,000 rules from their text to a matcher that is ready
// (by=wye: YAML, parse, check, index), beside parsing and checking the same
// conditions with cel-go alone on the same processors (by=cel), of which x/cel is
// the share.
func BenchmarkCompile(b *testing.B) {
	set := sync.OnceValue(func() *rulestest.Set { return rulestest.Mixed(loaded) })
	b.Run("rules=100000/by=wye", func(b *testing.B) {
		sources := rulestest.Sources[rules.Source](set())
		b.ReportAllocs()
		for b.Loop() {
			if _, m, problems := rules.LoadSources(sources...); m == nil {
				b.Fatal(problems[0])
			}
		}
		took := b.Elapsed() / time.Duration(b.N)
		b.ReportMetric(float64(took)/float64(parseAndCheck(b, set())), "x/cel")
		b.ReportMetric(loaded/took.Seconds(), "rules/s")
	})
	b.Run("rules=100000/by=cel", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			parseAndCheck(b, set())
		}
		b.ReportMetric(loaded*float64(b.N)/b.Elapsed().Seconds(), "rules/s")
	})
}

func parseAndCheck(b *testing.B, s *rulestest.Set) time.Duration {
	b.Helper()
	begin := time.Now()
	if _, err := plain.Check(s.Rules); err != nil {
		b.Fatal(err)
	}
	return time.Since(begin)
}

// BenchmarkMemory reports, instead of a time, what a rule takes in memory: the
// heap with the Matcher less the heap with only the Ruleset and the files.
func BenchmarkMemory(b *testing.B) {
	sources := rulestest.Sources[rules.Source](rulestest.Mixed(loaded))
	for b.Loop() {
		set, m, problems := rules.LoadSources(sources...)
		if m == nil {
			b.Fatal(problems[0])
		}
		b.ReportMetric(float64(m.Index().Bytes)/loaded, "index-B/rule")
		with := heap()
		runtime.KeepAlive(m)
		m = nil
		without := heap()
		runtime.KeepAlive(set)
		b.ReportMetric(float64(with-without)/loaded, "B/rule")
	}
	b.ReportMetric(0, "ns/op")
	runtime.KeepAlive(sources)
}

// heap is what is reachable: two collections, because the first leaves what had
// a finalizer, and pools keep their contents for one.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
