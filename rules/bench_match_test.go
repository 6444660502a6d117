package rules_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest"
	"github.com/wye-events/wye/rules/rulestest/plain"
)

// benchSet is a set of package rulestest that is made when it is asked for.
type benchSet struct {
	name    string
	build   func() *rulestest.Set
	million bool
}

var benchSets = []benchSet{
	mixedSet(1), mixedSet(10), mixedSet(100), mixedSet(1000), mixedSet(10_000), mixedSet(100_000), mixedSet(1_000_000),
	{name: "set=hot/rules=100000", build: func() *rulestest.Set { return rulestest.HotLists(100_000) }},
	{name: "set=unindexable/rules=1100", build: func() *rulestest.Set { return rulestest.MixedAndUnindexable(1000, 100) }},
	{name: "set=attributes/rules=1000", build: func() *rulestest.Set { return rulestest.AttributesOnly(1000) }},
}

func mixedSet(n int) benchSet {
	return benchSet{
		name:    fmt.Sprintf("set=mixed/rules=%d", n),
		build:   func() *rulestest.Set { return rulestest.Mixed(n) },
		million: n >= 1_000_000,
	}
}

// benchMillion names the environment variable without which the set of a million
// rules is left out: it takes minutes and gigabytes.
const benchMillion = "WYE_BENCH_MILLION"

// BenchmarkSets measures, for each set and in one run,
//
//	by=floor  gjson.Valid on the data of the same events: what it takes to find
//	          out that it is JSON, and nothing else
//	by=wye    Matcher.Match
//	by=cel    cel-go alone, in the best way (package plain)
//
// `benchstat -col /by` puts them side by side. x/F is the time of an event divided
// by that of the floor, measured in turns with it.
func BenchmarkSets(b *testing.B) {
	var last lastSet
	for _, s := range benchSets {
		b.Run(s.name+"/by=floor", func(b *testing.B) { benchFloor(b, last.get(b, s)) })
		b.Run(s.name+"/by=wye", func(b *testing.B) { benchWye(b, last.get(b, s), last.matcher(b)) })
		b.Run(s.name+"/by=cel", func(b *testing.B) { benchPlain(b, last.get(b, s)) })
	}
}

// lastSet keeps the set that was measured last, and its matcher, and no other: a
// large one takes seconds to make and a good deal of memory.
type lastSet struct {
	name string
	set  *rulestest.Set
	wye  *rules.Matcher
}

func (l *lastSet) get(b *testing.B, s benchSet) *rulestest.Set {
	if s.million && os.Getenv(benchMillion) == "" {
		b.Skip("set " + benchMillion + "=1 for a million rules")
	}
	if l.name != s.name {
		*l = lastSet{name: s.name}
		l.set = s.build()
	}
	return l.set
}

func (l *lastSet) matcher(b *testing.B) *rules.Matcher {
	if l.wye == nil {
		l.wye = benchLoad(b, l.set)
	}
	return l.wye
}

func benchLoad(b *testing.B, s *rulestest.Set) *rules.Matcher {
	b.Helper()
	_, m, problems := rules.LoadSources(rulestest.Sources[rules.Source](s)...)
	if m == nil {
		b.Fatal(problems[0])
	}
	return m
}

func benchFloor(b *testing.B, s *rulestest.Set) {
	for i := 0; b.Loop(); i++ {
		if !gjson.ValidBytes(s.Events[i%len(s.Events)].Data) {
			b.Fatal("not JSON")
		}
	}
	perSecond(b)
}

func benchWye(b *testing.B, s *rulestest.Set, m *rules.Matcher) {
	var into []rules.Match
	var floor floor
	for begin, i := time.Now(), 0; i < len(s.Events) && time.Since(begin) < time.Second; i++ { // what is made when it is first needed
		into = m.Match(s.Events[i], into[:0])
	}
	matches := 0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		into = m.Match(s.Events[i%len(s.Events)], into[:0])
		matches += len(into)
		floor.between(b, s, i)
	}
	b.ReportMetric(float64(matches)/float64(b.N), "matches/event")
	b.ReportMetric(candidates(s, m), "candidates/event")
	floor.report(b, s)
}

func benchPlain(b *testing.B, s *rulestest.Set) {
	if len(s.Rules) > 100_000 {
		b.Skip("cel-go alone needs about a second for each event")
	}
	m, err := plain.New(s.Rules)
	if err != nil {
		b.Fatal(err)
	}
	var into []int
	var floor floor
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if into, err = m.Match(s.Events[i%len(s.Events)], into[:0]); err != nil {
			b.Fatal(err)
		}
		floor.between(b, s, i)
	}
	floor.report(b, s)
}

func candidates(s *rulestest.Set, m *rules.Matcher) float64 {
	all := 0
	for _, ev := range s.Events {
		all += m.Candidates(ev)
	}
	return float64(all) / float64(len(s.Events))
}

// floor is the floor measured in turns with something else, so that what else
// the machine does hits both.
type floor struct {
	took   time.Duration
	events int
}

// between measures the floor after each pass over the events of the set.
func (f *floor) between(b *testing.B, s *rulestest.Set, i int) {
	if (i+1)%len(s.Events) == 0 {
		b.StopTimer()
		f.measure(s)
		b.StartTimer()
	}
}

func (f *floor) measure(s *rulestest.Set) {
	begin := time.Now()
	for _, ev := range s.Events {
		gjson.ValidBytes(ev.Data)
	}
	f.took += time.Since(begin)
	f.events += len(s.Events)
}

func (f *floor) report(b *testing.B, s *rulestest.Set) {
	f.measure(s)
	one := float64(f.took) / float64(f.events)
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/one, "x/F")
	perSecond(b)
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
