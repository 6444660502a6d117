package rules_test

import (
	"slices"
	"testing"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest"
)

// BenchmarkAddOne is one rule added to 100,000 until a Matcher has it: in a file
// of its own, and at the end of a file that has thousands.
func BenchmarkAddOne(b *testing.B) {
	sources := rulestest.Sources[rules.Source](rulestest.Mixed(loaded))
	for _, where := range []struct {
		name string
		add  func(text []byte) []rules.Source
	}{
		{"alone", func(text []byte) []rules.Source {
			return append(slices.Clone(sources), rules.Source{Name: "added.yaml", Text: rulestest.Alone(text)})
		}},
		{"large", func(text []byte) []rules.Source {
			changed := slices.Clone(sources)
			changed[0].Text = slices.Concat(changed[0].Text, text)
			return changed
		}},
	} {
		b.Run("rules=100000/file="+where.name, func(b *testing.B) { benchAdd(b, sources, where.add) })
	}
}

func benchAdd(b *testing.B, sources []rules.Source, add func(text []byte) []rules.Source) {
	var loader rules.Loader
	if _, m, problems := loader.LoadSources(sources...); m == nil {
		b.Fatal(problems[0])
	}
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		text, ev := rulestest.OneMore(n)
		with := add(text)
		b.StartTimer()
		_, m, _ := loader.LoadSources(with...)
		if m == nil || len(m.Match(ev, nil)) != 1 {
			b.Fatal("the new rule is not in force")
		}
	}
}
