package rules_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest"
)

// BenchmarkAddOne is one rule added to the 100,000 of a directory until a Matcher
// has it: in a file of its own, and at the end of a file that has thousands.
func BenchmarkAddOne(b *testing.B) {
	for _, file := range []string{"alone", "large"} {
		b.Run("rules=100000/file="+file, func(b *testing.B) {
			dir := b.TempDir()
			files := rulestest.Mixed(loaded).Files()
			for _, f := range files {
				write(b, dir, f.Name, f.Text)
			}
			add := func(text []byte) { write(b, dir, "added.yaml", rulestest.Alone(text)) }
			if file == "large" {
				add = func(text []byte) { write(b, dir, files[0].Name, slices.Concat(files[0].Text, text)) }
			}
			benchAdd(b, dir, add)
		})
	}
}

func write(b *testing.B, dir, name string, text []byte) {
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
		b.Fatal(err)
	}
}

func benchAdd(b *testing.B, dir string, add func(text []byte)) {
	var loader rules.Loader
	if _, m, problems := loader.Load(dir); m == nil {
		b.Fatal(problems[0])
	}
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		text, ev := rulestest.OneMore(n)
		add(text)
		b.StartTimer()
		_, m, _ := loader.Load(dir)
		if m == nil || len(m.Match(ev, nil)) != 1 {
			b.Fatal("the new rule is not in force")
		}
	}
}
